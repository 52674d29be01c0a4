"""Note which entries a business date has, as the journal's stream tells them: its seal finds them in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from chalicelib.platform.dynamo import Image
from chalicelib.seals import store


def list_entries(images: Iterable[Image], now: dt.datetime) -> None:
    """Note posted journal items under their business dates; one that is noted stays so."""
    for image in images:
        store.list_entry(image["business_date"], image["entry_id"], now)
