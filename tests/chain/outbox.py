"""What the local provider sent to a phone."""

from __future__ import annotations

from chalicelib.notifications import providers


def texts_to(phone: str, channel: str = "sms") -> list[str]:
    """The texts, oldest first: by their ids, those of one moment would be in any order."""
    items = [item for item in providers.LocalMessageItem.query(phone) if item.channel == channel]
    return [item.text for item in sorted(items, key=lambda item: item.sent_ns)]
