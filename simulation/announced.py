"""The books of what customers are told of suspensions: each version and occasion once."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from simulation.engine import Changed
from simulation.images import text

if TYPE_CHECKING:
    from simulation.suspended import Version

NOTICE = "notice"
PUBLISHED, DAY_BEFORE, STARTED, ENDED, WITHDRAWN = "published", "day_before", "started", "ended", "withdrawn"
# How each occasion reads.
_WORDS: Mapping[str, str] = {
    PUBLISHED: r"(?:Notice|Changed notice): {}\.",
    DAY_BEFORE: r"Reminder: {} begins",
    STARTED: r"{} has begun",
    ENDED: r"{} ended .* service is restored\.",
    WITHDRAWN: r"{}, announced .* has been cancelled\.",
}
DAY = dt.timedelta(days=1)
# At rest the schedule comes once an hour: what lasts longer than that is told. `PATIENCE` is what telling may take.
LONG, PATIENCE = dt.timedelta(hours=2), dt.timedelta(hours=3)

Told = tuple[str, str, str]
Span = tuple[dt.datetime, dt.datetime]


class Announced:
    """Who was told of which notice on which occasion. `began` is when who acts now began."""

    def __init__(
        self,
        broken: Callable[[str], None],
        now: Callable[[], dt.datetime],
        began: Callable[[], dt.datetime],
        versions: Mapping[str, Version],
    ) -> None:
        self._broken, self._now, self._began, self._versions = broken, now, began, versions
        self._since = now()
        self._customers: dict[str, dt.datetime] = {}
        self.told: set[Told] = set()
        self.counts: Counter[str] = Counter()

    def customer(self, change: Changed) -> None:
        """Who is a customer from this write on."""
        if change.old is None and change.new is not None:
            self._customers[text(change.new, "customer_id")] = self._now()

    def row(self, change: Changed) -> None:
        """A row of an inbox that is about a notice."""
        new = change.new or {}
        if change.old is not None or text(new, "kind") != NOTICE:
            return
        customer_id = text(new, "customer_id")
        found = [
            (version, occasion)
            for version in self._versions.values()
            for occasion, words in _WORDS.items()
            if re.match(words.format(re.escape(version.title)), text(new, "text_en"))
        ]
        if len(found) != 1:
            self._broken(f"{customer_id} was told {text(new, 'text_en')!r}, which is of {found}")
            return
        version, occasion = found[0]
        told = customer_id, version.notice_id, occasion
        if told in self.told:
            self._broken(f"{told} was told again")
        self.told.add(told)
        self.counts[f"told_{occasion}"] += 1
        span = self._span(version, occasion)
        if span is None or not (span[0] <= self._now() and self._began() < span[1]):
            self._broken(f"{told} was told at {self._now()}, by who began at {self._began()}; it is news in {span}")
        is_off = version.off_since is not None and version.off_since < self._began()
        if is_off and occasion != WITHDRAWN:
            self._broken(f"{told} was told after {version.off_since}, when it came to nothing")

    @staticmethod
    def _span(version: Version, occasion: str) -> Span | None:
        """From when until when an occasion is news; None where it does not come."""
        if occasion == WITHDRAWN:
            return (version.withdrawn_at, version.withdrawn_at + DAY) if version.withdrawn_at is not None else None
        at, until = {
            PUBLISHED: (version.published_at, None),
            DAY_BEFORE: (version.starts_at - DAY, version.starts_at),
            STARTED: (version.starts_at, version.ends),
            ENDED: (version.ends, None),
        }[occasion]
        comes = occasion == PUBLISHED or at > version.published_at
        return (at, min(until or at + DAY, at + DAY)) if comes else None

    def _due(self) -> Iterator[tuple[str, str, Span]]:
        """What every customer is to be told however the workers fare, by notice and occasion, and when that is."""
        for version in self._versions.values():
            for occasion in (WITHDRAWN,) if version.off_at is not None else (PUBLISHED, DAY_BEFORE, STARTED, ENDED):
                span = self._span(version, occasion)
                if span is not None and span[0] >= self._since and span[1] - span[0] >= LONG:
                    yield version.notice_id, occasion, span

    def _untold(self, notice_id: str, occasion: str, at: dt.datetime) -> list[str]:
        """Who was a customer by then, and has not been told."""
        return [
            customer_id
            for customer_id, since in self._customers.items()
            if since <= at and (customer_id, notice_id, occasion) not in self.told
        ]

    def next_due(self) -> dt.datetime | None:
        """When something is told next; what ought to have been told is waited for a while. None where nothing is."""
        now = self._now()
        found = []
        for notice_id, occasion, (at, until) in self._due():
            if now < min(until, at + PATIENCE) and (at > now or self._untold(notice_id, occasion, at)):
                found.append(at)
        return min(found, default=None)

    def left_over(self) -> Iterator[str]:
        """What must not be at rest."""
        for notice_id, occasion, (at, _) in self._due():
            untold = self._untold(notice_id, occasion, at) if at <= self._now() else []
            if untold:
                yield f"{untold} were not told of {notice_id}, {occasion}, since {at}"
