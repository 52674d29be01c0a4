"""Suspensions for calendars (iCalendar, RFC 5545), and with explained outages for feed readers (Atom, RFC 4287).

The same facts give the same bytes, so that a reader which compares sees a change only where there is one. Every entry
keeps its id through its life; what became of it is told by the entry itself.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from icalendar import Calendar, Event, vText
from lxml import etree
from lxml.builder import ElementMaker

from chalicelib.platform import clock

ATOM = "http://www.w3.org/2005/Atom"
# How often programs that keep to it ask again.
_ASK_AGAIN = dt.timedelta(hours=1)
_PRODUCT = "-//Rural Bank//Suspensions of service//ZH"
# A feed says when it changed last: one that never had an entry changed never.
_NEVER = "2026-01-01T00:00:00Z"


class Item(NamedTuple):
    """What a reader is told of, in one language: `key` is its own for good, `changed_at` when something of it changed
    last (text, UTC), `changes` how often. `starts_at` and `ends_at` are for calendars, `is_off` what will not be.
    """

    key: str
    published_at: str
    changed_at: str
    changes: int
    title: str
    text: str
    starts_at: str = ""
    ends_at: str = ""
    is_off: bool = False


def calendar(items: Sequence[Item], name: str, language: str) -> str:
    """A calendar of the items that have times. It says nothing about whether somebody is free then."""
    calendar_ = Calendar()
    calendar_.add("prodid", _PRODUCT)
    calendar_.add("version", "2.0")
    calendar_.add("method", "PUBLISH")
    calendar_.add("name", vText(name, params={"LANGUAGE": language}))
    calendar_.add("x-wr-calname", name)
    calendar_.add("refresh-interval", _ASK_AGAIN, parameters={"VALUE": "DURATION"})
    for item in items:
        event = Event()
        event.add("uid", f"{item.key}@maintenance")
        event.add("dtstamp", clock.from_text(item.changed_at).replace(microsecond=0))
        event.add("created", clock.from_text(item.published_at).replace(microsecond=0))
        event.add("last-modified", clock.from_text(item.changed_at).replace(microsecond=0))
        event.add("sequence", item.changes)
        event.add("status", "CANCELLED" if item.is_off else "CONFIRMED")
        event.add("dtstart", clock.from_text(item.starts_at).replace(microsecond=0))
        event.add("dtend", clock.from_text(item.ends_at).replace(microsecond=0))
        event.add("transp", "TRANSPARENT")
        event.add("summary", vText(item.title, params={"LANGUAGE": language}))
        event.add("description", vText(item.text, params={"LANGUAGE": language}))
        calendar_.add_component(event)
    written: bytes = calendar_.to_ical()
    return written.decode("utf-8")


def atom(items: Sequence[Item], name: str, author: str, language: str, address: str) -> str:
    """A feed of the items, the one that changed last first. `address` is the feed's own, and its links'."""
    make: Any = ElementMaker(namespace=ATOM, nsmap={None: ATOM})
    latest_first = sorted(items, key=lambda item: (item.changed_at, item.key), reverse=True)
    feed = make.feed(
        {"{http://www.w3.org/XML/1998/namespace}lang": language},
        make.id(_urn("feed")),
        make.title(name),
        make.updated(latest_first[0].changed_at if latest_first else _NEVER),
        make.author(make.name(author)),
        make.link(rel="self", type="application/atom+xml", href=f"{address}/feed.atom?lang={language[:2]}"),
        make.link(rel="alternate", type="text/html", href=f"{address}/status?lang={language[:2]}"),
        *(
            make.entry(
                make.id(_urn(item.key)),
                make.title(item.title),
                make.published(item.published_at),
                make.updated(item.changed_at),
                make.link(rel="alternate", type="text/html", href=f"{address}/status?lang={language[:2]}"),
                make.content(item.text, type="text"),
            )
            for item in latest_first
        ),
    )
    written: bytes = etree.tostring(feed, encoding="UTF-8", xml_declaration=True)
    return written.decode("utf-8")


def _urn(key: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"rural-bank:service:{key}").urn
