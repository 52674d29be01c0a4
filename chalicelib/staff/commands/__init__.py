"""What staff do about their own access, and administrators about others'."""
