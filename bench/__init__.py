"""`make bench`: what a transfer costs, measured against the budgets the bank promised (docs/bench.md)."""
