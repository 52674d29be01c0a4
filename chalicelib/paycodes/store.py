"""PayCodesTable: one item a receive code, by the hash of what its picture says; and each account's static one."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

from chalicelib.paycodes.domain import STATIC, PayCode
from chalicelib.platform import ids, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, n, s, to_raw
from chalicelib.platform.errors import NotFound

KEY = "code_id"
# A code for one payment is kept after its end, so that a payment that is sent again finds what it had paid by.
KEPT = dt.timedelta(days=30)


def id_of(code: str) -> str:
    """The id of a code: 128 bits of the hash of 160 random ones, so whoever reads the table can show no code."""
    return ids.derived_id("receive code", code)


def place_of(account_id: str) -> str:
    """Where an account's static code is named; nothing that a code hashes to."""
    return f"static#{account_id}"


def put_of(code: PayCode, valid_until: dt.datetime | None) -> ItemPut:
    """The put of a new code."""
    row = {name: value for name, value in asdict(code).items() if value is not None}
    if valid_until is not None:
        row["expires_at"] = int((valid_until + KEPT).timestamp())
    return ItemPut(settings.table("pay_codes"), KEY, to_raw(row))


def update_of(code_id: str) -> ItemUpdate:
    """A conditional update of one code."""
    return ItemUpdate(settings.table("pay_codes"), {KEY: s(code_id)}, missing=NotFound)


def place_put(account_id: str, code_id: str) -> ItemPut:
    """The first static code of an account."""
    row = {KEY: place_of(account_id), "kind": f"{STATIC}_place", "names": code_id, "changes": 0}
    return ItemPut(settings.table("pay_codes"), KEY, to_raw(row))


def place_update(account_id: str, code_id: str) -> ItemUpdate:
    """Another static code in the place of an account's first."""
    update = update_of(place_of(account_id))
    return update.set("#names = :names, #changes = #changes + :one", names=s(code_id), one=n(1))


def read(code_id: str) -> Image | None:
    """An item as it is now (consistent), or None."""
    return reading.item(settings.table("pay_codes"), {KEY: s(code_id)})
