"""What is done to the check of a bill."""
