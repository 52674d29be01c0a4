"""The audit department looks again, afterwards: samples of a date's transactions, and marks on them (NB-4-audit)."""
