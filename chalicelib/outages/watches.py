"""What a probe has seen of a scope, and when that opens or ends an outage. Pure; no I/O, no clock.

So many bad looks in a row open one, so many good ones end it: a single slip is none, and a service that comes and goes
is one outage and not ten. Silence is bad: when nothing could be noted for as long as it takes to open one, the service
was out, or nobody knows that it was not.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields, replace

from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image


@dataclass(frozen=True, slots=True)
class Needed:
    """How many looks in a row it takes, how far apart they are, and whether silence is bad."""

    bad: int
    good: int
    every: dt.timedelta
    is_silence_bad: bool = True

    @property
    def silence(self) -> dt.timedelta:
        """No look for longer than this counts as so many bad ones."""
        return (self.bad + 1) * self.every


@dataclass(frozen=True, slots=True)
class Watch:
    """The looks at one scope; times as text. `outage_id` is the outage that they opened and have not ended."""

    scope: str
    checked_at: str
    bad: int = 0
    good: int = 0
    first_bad: str | None = None
    first_good: str | None = None
    outage_id: str | None = None
    revision: int = 1

    @classmethod
    def from_image(cls, image: Image) -> Watch:
        """A watch from its stored row."""
        return cls(**{field.name: image[field.name] for field in fields(cls) if field.name in image})

    def opens_at(self, needed: Needed) -> str | None:
        """Since when the scope is out, where it is and no outage says so."""
        return self.first_bad if self.outage_id is None and self.bad >= needed.bad else None

    def ends_at(self, needed: Needed) -> str | None:
        """Since when the scope is well again, where an outage is open and it is."""
        return self.first_good if self.outage_id is not None and self.good >= needed.good else None


def is_silent(watch: Watch, now: dt.datetime, needed: Needed) -> bool:
    """Whether nothing was noted for too long, and that says something of this scope."""
    return needed.is_silence_bad and now - clock.from_text(watch.checked_at) > needed.silence


def is_same_look(watch: Watch, now: dt.datetime, needed: Needed) -> bool:
    """Whether this is the look that was noted: a schedule that fires twice has looked once."""
    return 2 * (now - clock.from_text(watch.checked_at)) < needed.every


def looked(watch: Watch, now: dt.datetime, needed: Needed, *, is_bad: bool) -> Watch:
    """The watch after one more look."""
    at = clock.to_text(now)
    seen = replace(watch, checked_at=at, revision=watch.revision + 1)
    if is_silent(watch, now, needed):
        bad, first_bad = max(watch.bad, needed.bad), watch.first_bad or watch.checked_at
        seen = replace(seen, bad=bad, first_bad=first_bad, good=0, first_good=None)
    if is_bad:
        return replace(seen, bad=seen.bad + 1, first_bad=seen.first_bad or at, good=0, first_good=None)
    seen = replace(seen, good=seen.good + 1, first_good=seen.first_good or at)
    if seen.outage_id is None and (seen.bad < needed.bad or seen.good >= needed.good):
        # A slip, over before it counted; or an outage that is a person's, and over.
        return replace(seen, bad=0, first_bad=None)
    return seen


def opened(watch: Watch, outage_id: str) -> Watch:
    """The watch once its outage is open."""
    return replace(watch, outage_id=outage_id)


def over(watch: Watch) -> Watch:
    """The watch once its outage has ended, by it or by a person: what comes is counted from nothing."""
    return replace(watch, outage_id=None, bad=0, first_bad=None, good=0, first_good=None)
