"""Use cases of clearing."""
