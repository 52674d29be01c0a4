"""Transfers to other banks: sent once to the clearing network, then settled or returned (NB-5.1.8-5)."""
