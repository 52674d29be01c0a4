"""Sensitive operations that are not transfers are confirmed once more, by a factor, for just what will be done."""
