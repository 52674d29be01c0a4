"""The bank's own apps: which of their versions it still serves."""
