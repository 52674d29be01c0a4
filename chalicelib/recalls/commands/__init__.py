"""Use cases of recalls."""
