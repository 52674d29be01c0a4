"""What is the same for everybody and changes with a release only: kept by its tag, and not sent to who has it."""

from __future__ import annotations

import hashlib

from chalicelib.platform.headers import is_known
from chalicelib.platform.http import Answer, Call


def tag_of(text: str) -> str:
    """A strong entity tag (RFC 9110 section 8.8.3): the same text, the same tag."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def tagged(call: Call, text: str, tag: str, keep_s: int, headers: dict[str, str] | None = None) -> Answer:
    """The text, which any cache may keep for so many seconds; or that what the client has is the same."""
    found = {"ETag": tag, "Cache-Control": f"public, max-age={keep_s}", **(headers or {})}
    if is_known(call.header("if-none-match"), tag):
        return Answer(None, 304, found, "")
    return Answer(None, 200, found, text)
