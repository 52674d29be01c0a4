"""What people do with the bank, a module a kind of thing, with all that they do wrong."""
