"""What a request's headers say whatever it asks: the language of the answer, the id that leads to the log, and
the key by which it may be sent again.
"""

from __future__ import annotations

import re
import uuid

from chalice.app import Request

from chalicelib.platform.errors import IdempotencyKeyMissing

# At most a UUID's length: it is stored with the instruction, whose item stays under 1 KB.
CORRELATION_ID = "[A-Za-z0-9-]{8,36}"
_CORRELATION_ID = re.compile(CORRELATION_ID)

IDEMPOTENCY_KEY = "[A-Za-z0-9_-]{8,64}"
_IDEMPOTENCY_KEY = re.compile(IDEMPOTENCY_KEY)


def correlation_id_of(request: Request) -> str:
    """The caller's `X-Correlation-Id` when it is well-formed, else the gateway's request id, else a new one."""
    for candidate in (request.headers.get("x-correlation-id"), request.context.get("requestId")):
        if isinstance(candidate, str) and _CORRELATION_ID.fullmatch(candidate):
            return candidate
    return str(uuid.uuid4())


def preferred_language(accept_language: str | None) -> str:
    """`en` when the header ranks English above Chinese, else `zh`: the bank's customers read Chinese."""
    weights = {"zh": 0, "en": 0}  # in thousandths, as RFC 9110 gives at most three decimals
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.split("-")[0].lower()
        match = re.fullmatch(r"\s*q=([01])(?:\.([0-9]{0,3}))?\s*", parameter)
        weight = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0")) if match else 1000
        if language in weights:
            weights[language] = max(weights[language], weight)
    return "en" if weights["en"] > weights["zh"] else "zh"


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether a caller has what carries this entity tag already (RFC 9110, 13.1.2: a weak comparison)."""
    known = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag.removeprefix("W/") in known or known == ["*"]


def idempotency_key_of(text: str | None) -> str:
    """A key as a caller gave it; raises IdempotencyKeyMissing for what cannot be one."""
    if text is None or not _IDEMPOTENCY_KEY.fullmatch(text):
        raise IdempotencyKeyMissing()
    return text
