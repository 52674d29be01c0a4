"""One kind of news each."""
