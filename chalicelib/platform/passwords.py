"""Static passwords as argon2id hashes (argon2-cffi), with the memory and passes OWASP asks for at least."""

from __future__ import annotations

import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_STRONG = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_hasher = _STRONG


@functools.cache
def _nobodys() -> str:
    """Verified when there is no such customer, so that an unknown name takes as long as a wrong password.

    Made at the first question, whosever it is: most functions never ask one, and each would pay at its start.
    """
    return _STRONG.hash("nobody has this password")


def hash_password(password: str) -> str:
    """An argon2id hash with its own salt and parameters in it."""
    return _hasher.hash(password)


def matches(stored_hash: str | None, password: str) -> bool:
    """Whether `password` is the one; takes the same time when there is no hash at all."""
    nobodys = _nobodys()
    try:
        return _hasher.verify(stored_hash or nobodys, password) and stored_hash is not None
    except (VerificationError, InvalidHashError):
        return False
