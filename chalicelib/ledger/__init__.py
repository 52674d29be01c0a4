"""The ledger: accounts' balances and the journal. Money moves in one conditional write."""
