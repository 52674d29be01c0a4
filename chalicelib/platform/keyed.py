"""Keyed hashes: what must be compared later, but neither stored nor guessed from what is stored."""

from __future__ import annotations

import functools
import hmac

from chalicelib.platform import aws, clock, settings

MAX_STALENESS_S = 30


@functools.lru_cache(maxsize=1)
def _secret(arn: str, window: int) -> bytes:  # noqa: ARG001  # a new window reads anew
    return aws.secretsmanager().get_secret_value(SecretId=arn)["SecretString"].encode()


def key_for(purpose: str) -> bytes:
    """A key of its own for each purpose, from the code secret: one use says nothing about another.

    At most 30 s old, so that all instances agree soon after the secret was changed.
    """
    secret = _secret(settings.get("CODE_SECRET_ARN"), int(clock.now().timestamp()) // MAX_STALENESS_S)
    return hmac.digest(secret, f"rural-bank keyed hash for {purpose}".encode(), "sha256")


def keyed_hash(purpose: str, *parts: str) -> bytes:
    """HMAC-SHA256 over the parts; their lengths go in, so that ("ab", "c") and ("a", "bc") differ."""
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.digest(key_for(purpose), joined.encode(), "sha256")
