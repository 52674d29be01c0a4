"""What a teller does, one use case a module."""
