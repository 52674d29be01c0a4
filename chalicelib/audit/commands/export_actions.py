"""A date of the staff's log with its chain, as lines of JSON that are verified without the tables (NB-4-audit)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from chalicelib.audit import store
from chalicelib.audit.commands.verify_actions import VERSION, heads_held
from chalicelib.audit.links import Link, as_text
from chalicelib.platform import clock
from chalicelib.platform.dynamo import s

# Where rows begin: before every key.
_FIRST_ROW = "\x00"


def export_date(business_date: str, now: dt.datetime) -> Iterator[str]:
    """The lines, a page in memory at a time: what it is, every link in order, every row, and the end."""
    lines, after = export_page(business_date, None, now)
    yield from lines
    while after is not None:
        lines, after = export_page(business_date, after, now)
        yield from lines


def export_page(
    business_date: str, after: Mapping[str, Any] | None, now: dt.datetime
) -> tuple[list[str], Mapping[str, Any] | None]:
    """A page of the lines, and the key of a link or row to go on after; None at the end.

    Links before rows: a row that comes in between is one without link, and young.
    """
    lines = []
    if after is None:
        heads = [{**asdict(head), "chain": head.chain.hex()} for head in heads_held(business_date, now)]
        lines.append(_line("log", business_date, version=VERSION, exported_at=clock.to_text(now), heads=heads))
    if after is None or store.LINK_RANGE in after:
        links, key = next(store.link_pages(business_date, after))
        lines += [_line("link", business_date, place=place, **_facts(link)) for place, link in links]
        rows_begin = {store.STAFF_KEY: s(business_date), store.STAFF_RANGE: s(_FIRST_ROW)}
        return lines, rows_begin if key is None else key
    rows, key = next(store.staff_row_pages(business_date, after))
    lines += [_line("row", business_date, row=row) for row in rows]
    if key is None:
        lines.append(_line("end", business_date))
    return lines, key


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
    line = {"type": kind, "business_date": business_date, **facts}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=as_text)
