"""Transactions as staff see them: lists by day, branch and state, what is stuck, and statistics (NB-5.2.5)."""
