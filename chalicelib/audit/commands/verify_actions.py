"""Recompute the chain over what staff did on a date, from the tables or from a file that was exported (NB-4-audit)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chalicelib.audit import store
from chalicelib.audit.commands.link_actions import SETTLE
from chalicelib.audit.links import Head, Link, Verdict, examine, head_in, holders_of, of_head, place_of
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image

VERSION = "rural-bank-staff-log-1"
_LAST_SEQ = 10**12 - 1


class NotAnExport(ValueError):
    """A file that is no whole export of the staff's log: where, and why."""


def verify_date(business_date: str, now: dt.datetime) -> Verdict:
    """What the rows and links of a date in the tables say of each other, and what later dates say of its links.

    Memory grows with one date's links. Rows may be written meanwhile.
    """
    # Links before rows: a row that comes in between is one without link, and young.
    links = [placed for page, _ in store.link_pages(business_date) for placed in page]
    verdict = examine(
        business_date,
        store.staff_rows(business_date),
        links,
        heads_held(business_date, now),
        now=now,
        settled_at=now - SETTLE,
    )
    for head in verdict.heads:
        _judge_head(verdict, head, store.link_at(head.business_date, head.seq))
    return verdict


def heads_held(business_date: str, now: dt.datetime) -> list[Head]:
    """What later dates' chains say of this one's."""
    found = []
    for holder in holders_of(business_date, clock.business_date(now)):
        for _, seq in store.marks(holder, of_head(business_date, 0), of_head(business_date, _LAST_SEQ)):
            link = store.link_at(holder, seq)
            head = head_in(link) if link else None
            if head is not None and head.business_date == business_date:
                found.append(head)
    return found


def _judge_head(verdict: Verdict, head: Head, link: Link | None) -> None:
    if link is None or link.chain != head.chain:
        why = f"link {head.seq} of {head.business_date} is {'gone' if link is None else 'another'}"
        verdict.add("wrong chain", place_of(head.held_at), why)


@dataclass(slots=True)
class _Section:
    """One date of a file."""

    business_date: str
    exported_at: str
    heads: list[Head]
    links: list[tuple[str, Link]] = field(default_factory=list)
    rows: list[Image] = field(default_factory=list)
    is_whole: bool = False


def verify_lines(lines: Iterable[str], now: dt.datetime) -> Iterator[Verdict]:
    """The same of each date in an exported file, on the file alone; raises NotAnExport.

    Heads of dates that are not in the file are not judged.
    """
    sections = _sections(lines)
    chains = {(one.business_date, link.seq): link for one in sections for _, link in one.links}
    dates = {one.business_date for one in sections}
    for one in sections:
        # A file that says it is from the future would have every row's term behind it.
        exported_at = min(clock.from_text(one.exported_at), now)
        verdict = examine(
            one.business_date, one.rows, one.links, one.heads, now=exported_at, settled_at=exported_at - SETTLE
        )
        for head in verdict.heads:
            if head.business_date in dates:
                _judge_head(verdict, head, chains.get((head.business_date, head.seq)))
        yield verdict


def _sections(lines: Iterable[str]) -> list[_Section]:
    sections: list[_Section] = []
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            _read(sections, json.loads(text))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as problem:
            raise NotAnExport(f"line {number}: {type(problem).__name__}") from None
    if not sections or not all(one.is_whole for one in sections):
        raise NotAnExport("it has no end")
    return sections


def _read(sections: list[_Section], line: dict[str, Any]) -> None:
    kind = line["type"]
    if kind == "log":
        if line["version"] != VERSION:
            raise ValueError
        clock.from_text(line["exported_at"])
        clock.start_of_day(line["business_date"])
        heads = [Head(**{**head, "chain": bytes.fromhex(head["chain"])}) for head in line["heads"]]
        sections.append(_Section(line["business_date"], line["exported_at"], heads))
        return
    section = sections[-1]
    if section.is_whole or line["business_date"] != section.business_date:
        raise ValueError
    if kind == "link":
        facts = {name: line[name] for name in ("business_date", "seq", "of", "linked_at", "expires_at")}
        link = Link(**facts, digest=bytes.fromhex(line["digest"]), chain=bytes.fromhex(line["chain"]))
        texts = (line["place"], link.of, link.linked_at)
        if not all(isinstance(text, str) for text in texts) or not isinstance(link.seq + (link.expires_at or 0), int):
            raise TypeError
        section.links.append((line["place"], link))
    elif kind == "row":
        row = line["row"]
        if not isinstance(row["action_key"], str):
            raise TypeError
        section.rows.append(row)
    elif kind == "end":
        section.is_whole = True
    else:
        raise ValueError
