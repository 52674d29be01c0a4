"""What the bank keeps of a factor and must read again: token seeds, cloud certificates' keys, encrypted by KMS.

KMS binds each to its customer and factor by the encryption context; the key's material rotates inside KMS, which
knows by the ciphertext which one it needs.
"""

from __future__ import annotations

from chalicelib.platform import aws, settings


def encrypt(secret: bytes, customer_id: str, factor_id: str) -> bytes:
    """The secret as the table keeps it."""
    answer = aws.kms().encrypt(
        KeyId=settings.get("SEED_KEY_ID"), Plaintext=secret, EncryptionContext=_context(customer_id, factor_id)
    )
    return answer["CiphertextBlob"]


def decrypt(ciphertext: bytes, customer_id: str, factor_id: str) -> bytes:
    """The secret; KMS refuses a ciphertext that belongs to another customer or factor."""
    answer = aws.kms().decrypt(
        KeyId=settings.get("SEED_KEY_ID"),
        CiphertextBlob=ciphertext,
        EncryptionContext=_context(customer_id, factor_id),
    )
    return answer["Plaintext"]


def _context(customer_id: str, factor_id: str) -> dict[str, str]:
    return {"customer_id": customer_id, "factor_id": factor_id}
