"""What each edition may do, by which factor, on which kind of account: one table."""
