"""Suspensions of service: notices, published by two people, planned ones at least three days ahead."""
