"""One kind of news each."""

"""Use cases of this context."""
