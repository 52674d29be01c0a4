"""What a customer did or what was done to a customer's access: the log that the customer can read."""
