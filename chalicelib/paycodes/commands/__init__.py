"""Use cases that pay."""
