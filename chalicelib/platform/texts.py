"""What a text of a person may hold."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text; raises ValueError for a character that cannot be shown."""
    # Control and format characters could hide or reorder what a person reads before confirming.
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in text):
        raise ValueError("a character that cannot be shown")
    return text
