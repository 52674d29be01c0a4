"""ParametersTable: one row a parameter that differs from its default."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.platform.dynamo import Item

MAX_PARAMETERS = 500


class ParameterItem(Item):
    class Meta:
        logical_name = "parameters"

    name = UnicodeAttribute(hash_key=True)
    value = NumberAttribute()


def overrides() -> dict[str, int]:
    """All rows; one page, as the table holds at most a few hundred short rows."""
    return {item.name: int(item.value) for item in ParameterItem.scan(limit=MAX_PARAMETERS)}


def put(name: str, value: int) -> None:
    """Write a row."""
    ParameterItem(name, value=value).save()
