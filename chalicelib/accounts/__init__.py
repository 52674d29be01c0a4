"""Accounts as customers see them: overview, balances, movements (statement lines)."""
