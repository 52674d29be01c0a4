"""A date of the staff's log with its chain, as lines of JSON that are verified without the tables (NB-4-audit)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from chalicelib.audit import store
from chalicelib.audit.commands.verify_actions import VERSION, heads_held
from chalicelib.audit.links import Link
from chalicelib.platform import clock


def export_date(business_date: str, now: dt.datetime) -> Iterator[str]:
    """The lines, a page in memory at a time: what it is, every link in order, every row, and the end.

    Links before rows: a row that comes in between is one without link, and young.
    """
    yield _line(
        "log",
        business_date,
        version=VERSION,
        exported_at=clock.to_text(now),
        heads=[{**asdict(head), "chain": head.chain.hex()} for head in heads_held(business_date, now)],
    )
    for place, link in store.links(business_date):
        yield _line("link", business_date, place=place, **_facts(link))
    for row in store.staff_rows(business_date):
        yield _line("row", business_date, row=row)
    yield _line("end", business_date)


def _facts(link: Link) -> dict[str, Any]:
    return {
        "seq": link.seq,
        "of": link.of,
        "digest": link.digest.hex(),
        "linked_at": link.linked_at,
        "expires_at": link.expires_at,
        "chain": link.chain.hex(),
    }


def _line(kind: str, business_date: str, **facts: Any) -> str:
    return json.dumps(
        {"type": kind, "business_date": business_date, **facts}, ensure_ascii=False, separators=(",", ":")
    )
