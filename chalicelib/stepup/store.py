"""ChallengesTable: one row a challenge, and one a customer and day that counts them; both go by time-to-live."""

from __future__ import annotations

import re

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.platform import reading, settings, updates
from chalicelib.platform.dynamo import Image, Item, ItemPut, ItemUpdate, is_refused, s, to_raw
from chalicelib.platform.errors import NotFound

KEY = "challenge_id"
# What cannot be an id is not looked up.
_ID = re.compile(r"[a-z2-7]{20}")


class DayItem(Item):
    """How many challenges a customer opened on a business date."""

    class Meta:
        logical_name = "challenges"

    challenge_id = UnicodeAttribute(hash_key=True)
    opened = NumberAttribute()
    expires_at = NumberAttribute()


def count_one(customer_id: str, business_date: str, most: int, expires_at: int) -> bool:
    """Count one more challenge of that day; False when there are `most` already."""
    try:
        DayItem(f"day#{customer_id}#{business_date}").update(
            actions=[DayItem.opened.add(1), DayItem.expires_at.set(expires_at)],
            condition=DayItem.opened.does_not_exist() | (DayItem.opened < most),
        )
    except UpdateError as error:
        if is_refused(error):
            return False
        raise
    return True


def put(image: Image) -> None:
    """Write a new challenge. A put that was not answered is sent again, and may find its own.

    Raises TryAgain (nothing was done), OutcomeUnknown.
    """
    updates.put(ItemPut(settings.table("challenges"), KEY, to_raw(image)))


def update_of(challenge_id: str) -> ItemUpdate:
    """A conditional update of one challenge, to be given its rules; raises NotFound for what cannot be an id."""
    if not _ID.fullmatch(challenge_id):
        raise NotFound()
    return ItemUpdate(settings.table("challenges"), {KEY: s(challenge_id)}, missing=NotFound)


def read(challenge_id: str) -> Image | None:
    """The challenge as it is now (consistent), or None, also for what cannot be an id."""
    if not _ID.fullmatch(challenge_id):
        return None
    return reading.item(settings.table("challenges"), {KEY: s(challenge_id)})
