"""Use cases of statements."""
