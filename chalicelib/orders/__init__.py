"""Scheduled and standing orders: what a customer has confirmed to be paid later, once or again and again."""
