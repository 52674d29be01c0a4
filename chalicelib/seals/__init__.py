"""The day's seal: a signed Merkle root over all journal entries of a business date and their receipts."""
