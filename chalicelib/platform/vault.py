"""What the bank keeps as a secret and must read again: seeds of tokens, keys of cloud certificates, encrypted by KMS.

KMS binds each to its owner by the encryption context; the key's material rotates inside KMS, which knows by the
ciphertext which one it needs.
"""

from __future__ import annotations

from chalicelib.platform import aws, settings


def encrypt(secret: bytes, **owner: str) -> bytes:
    """The secret as a table keeps it."""
    answer = aws.kms().encrypt(KeyId=settings.get("SEED_KEY_ID"), Plaintext=secret, EncryptionContext=owner)
    return answer["CiphertextBlob"]


def decrypt(ciphertext: bytes, **owner: str) -> bytes:
    """The secret; KMS refuses a ciphertext that belongs to another owner."""
    answer = aws.kms().decrypt(KeyId=settings.get("SEED_KEY_ID"), CiphertextBlob=ciphertext, EncryptionContext=owner)
    return answer["Plaintext"]
