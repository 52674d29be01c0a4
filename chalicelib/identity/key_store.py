"""TokenKeysTable: which KMS keys sign access tokens, and from when; empty until the template's key is replaced."""

from __future__ import annotations

from dataclasses import dataclass

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.platform.dynamo import Item

# One row a rotation: a century of quarters.
MAX_KEYS = 400


class TokenKeyItem(Item):
    class Meta:
        logical_name = "token_keys"

    key_id = UnicodeAttribute(hash_key=True)
    signs_from = NumberAttribute()
    is_withdrawn = BooleanAttribute(default=False)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A KMS key's id, and the epoch second from which it signs; never trusted again once withdrawn."""

    key_id: str
    signs_from: int
    is_withdrawn: bool = False


def all_rows() -> list[KeyRow]:
    """Every row, as it is now."""
    rows = TokenKeyItem.scan(limit=MAX_KEYS, consistent_read=True)
    return [KeyRow(row.key_id, int(row.signs_from), bool(row.is_withdrawn)) for row in rows]


def put(row: KeyRow) -> None:
    """Write a row; a rotation is one such write."""
    TokenKeyItem(row.key_id, signs_from=row.signs_from, is_withdrawn=row.is_withdrawn).save()
