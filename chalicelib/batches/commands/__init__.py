"""What is done with batches, a module a verb."""
