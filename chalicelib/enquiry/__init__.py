"""What staff look up about customers: who they are, what they hold, what became of an instruction (NB-5.2.5-op)."""
