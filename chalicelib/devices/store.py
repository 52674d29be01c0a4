"""DevicesTable: one row a device that was ever bound; which are bound now is on the customer's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, UpdateError

from chalicelib.devices.domain import BOUND
from chalicelib.platform import settings
from chalicelib.platform.dynamo import Item, ItemPut, ItemUpdate, is_refused, s, to_raw
from chalicelib.platform.errors import NotFound

KEY = "device_id"


class DeviceItem(Item):
    class Meta:
        logical_name = "devices"

    device_id = UnicodeAttribute(hash_key=True)
    customer_id = UnicodeAttribute()
    name = UnicodeAttribute()
    platform = UnicodeAttribute()
    public_key = UnicodeAttribute()
    state = UnicodeAttribute()
    bound_at = UnicodeAttribute()
    signed_at = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)


def put_of(row: Mapping[str, Any]) -> ItemPut:
    """A new device as a part of a write; a key that was ever bound is never bound again."""
    return ItemPut(settings.table("devices"), KEY, to_raw(row))


def update_of(device_id: str) -> ItemUpdate:
    """A conditional update of one device, to be given its rules."""
    return ItemUpdate(settings.table("devices"), {KEY: s(device_id)}, missing=NotFound)


def read(device_id: str) -> DeviceItem | None:
    """The device as it is now, or None."""
    try:
        return DeviceItem.get(device_id, consistent_read=True)
    except DoesNotExist:
        return None


def take_proof(device_id: str, signed_at: str) -> bool:
    """Note the time of a device's signature; False unless it is later than the last one: a replay is refused."""
    try:
        DeviceItem(device_id).update(
            actions=[DeviceItem.signed_at.set(signed_at)],
            condition=(DeviceItem.state == BOUND) & (DeviceItem.signed_at < signed_at),
        )
    except UpdateError as error:
        if is_refused(error):
            return False
        raise
    return True
