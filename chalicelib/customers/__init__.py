"""Customers: who they are, which accounts they signed up for, and what a payment's condition needs of them."""
