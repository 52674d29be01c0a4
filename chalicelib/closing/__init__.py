"""Trial balance and day close: whether the books agree at a cut-off, and which business dates are shut."""
