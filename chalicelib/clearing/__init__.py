"""Transfers to other banks: sent once to the clearing network, then settled or returned (YQ-4.2.2-xfer)."""
