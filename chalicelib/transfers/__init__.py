"""Transfers: create, confirm, list. An instruction is the journal entry it becomes."""
