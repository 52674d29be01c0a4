"""Days' seals as anybody reads them."""

from __future__ import annotations

import datetime as dt

from chalicelib.platform.dynamo import decode_cursor, encode_cursor
from chalicelib.platform.errors import NotFound
from chalicelib.platform.jws import PublicKey
from chalicelib.seals import domain, keys, store
from chalicelib.seals.errors import DayNotSealed
from chalicelib.seals.store import Seal

__all__ = ["Seal", "public_keys", "seal_of", "seal_page"]


def seal_page(limit: int, cursor: str | None) -> tuple[list[Seal], str | None]:
    """At most `limit` seals, newest first, and the cursor of the next page. Raises CursorMalformed."""
    found, last = store.page(limit, decode_cursor(cursor, store.KEY, store.BOOK, store.RANGE))
    return found, encode_cursor(last)


def seal_of(business_date: str) -> Seal:
    """The seal of a business date. Raises NotFound for what is no date, DayNotSealed."""
    if not domain.is_date(business_date):
        raise NotFound()
    seal = store.seal_of(business_date)
    if seal is None:
        raise DayNotSealed(date=business_date)
    return seal


def public_keys(now: dt.datetime) -> list[PublicKey]:
    """The public keys of all seals that there are, and of the next ones."""
    return list(keys.RING.verifying(int(now.timestamp())).values())
