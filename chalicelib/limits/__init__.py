"""How much may leave: remaining counters on the account's and the customer's own item."""
