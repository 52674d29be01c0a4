"""Entries that wait for a moment, found by it: a row a waiting entry, written with it, and taken away after its end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from chalicelib.ledger import store
from chalicelib.platform import clock, settings
from chalicelib.platform.dynamo import ItemPut

Due = store.Expiry


def put_of(entry_id: str, at: str) -> ItemPut:
    """The row of an entry that waits until `at` (time as text), as a part of the write that makes it wait."""
    return store.expiry_put(entry_id, at, settings.table("transfer_dues"))


def due_at(now: dt.datetime, most_a_part: int) -> Iterator[Due]:
    """Rows whose time has come at `now`, the oldest of each part first, whether their entries still wait or not."""
    return store.due_expiries(clock.to_text(now), most_a_part, settings.table("transfer_dues"))


def forget(row: Due) -> None:
    """Take a row away; one that is gone stays so."""
    store.drop_expiry(row, settings.table("transfer_dues"))
