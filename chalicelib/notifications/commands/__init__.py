"""Use cases of this context."""
