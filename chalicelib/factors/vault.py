"""What the bank keeps of a customer's factor and must read again: `platform.vault`, bound to customer and factor."""

from __future__ import annotations

from chalicelib.platform import vault


def encrypt(secret: bytes, customer_id: str, factor_id: str) -> bytes:
    """The secret as the table keeps it."""
    return vault.encrypt(secret, customer_id=customer_id, factor_id=factor_id)


def decrypt(ciphertext: bytes, customer_id: str, factor_id: str) -> bytes:
    """The secret; KMS refuses a ciphertext that belongs to another customer or factor."""
    return vault.decrypt(ciphertext, customer_id=customer_id, factor_id=factor_id)
