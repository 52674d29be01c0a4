"""Planned maintenance: notices, published at least three days ahead."""
