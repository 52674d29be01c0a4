"""The payee book (收款人名册): whom a customer pays, with the name verified where this bank holds the account."""
