"""A notice: what it says, when it may still be published, and what state it is in. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.maintenance.errors import NoticeClosed, NoticeMalformed, NoticeTooLate
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Rule, s

PLANNED, URGENT = "planned", "urgent"
# In which state a reader finds a notice.
COMING, RUNNING, OVER, WITHDRAWN = "planned", "running", "over", "withdrawn"


@dataclass(frozen=True, slots=True)
class Words:
    """The same in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be announced; `kind` is planned or, for a special case, urgent."""

    kind: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    affects: str
    title: Words
    text: Words


@dataclass(frozen=True, slots=True)
class Notice:
    """A published notice: times as text (UTC), what it affects, and the words for customers.

    Its id is that of the approval that published it.
    """

    notice_id: str
    kind: str
    published_at: str
    starts_at: str
    ends_at: str
    affects: str
    title: Words
    text: Words
    withdrawn_at: str | None = None

    def wish(self) -> Wish:
        """What was announced."""
        starts_at, ends_at = clock.from_text(self.starts_at), clock.from_text(self.ends_at)
        return Wish(self.kind, starts_at, ends_at, self.affects, self.title, self.text)

    def state_at(self, now_text: str) -> str:
        """What a reader is told of it now."""
        if self.withdrawn_at is not None:
            return WITHDRAWN
        if now_text < self.starts_at:
            return COMING
        return RUNNING if now_text < self.ends_at else OVER


# What times as text tell apart.
_TICK = dt.timedelta(milliseconds=1)


def publish_before(wish: Wish, lead_h: int) -> dt.datetime:
    """Until when it may be published: a planned suspension at the latest `lead_h` hours ahead, to the millisecond, an
    urgent one while it lies ahead or goes on (NB-5.1.8-5).
    """
    return wish.starts_at - dt.timedelta(hours=lead_h) + _TICK if wish.kind == PLANNED else wish.ends_at


def require_publishable(wish: Wish, lead_h: int, now: dt.datetime) -> None:
    """Raise NoticeMalformed, NoticeTooLate for what cannot be published at `now`."""
    if wish.ends_at <= wish.starts_at or wish.ends_at <= now:
        raise NoticeMalformed()
    if now >= publish_before(wish, lead_h):
        raise NoticeTooLate(lead_h=str(lead_h))


def not_withdrawn_rule() -> Rule:
    """Nobody has taken it back."""
    return Rule(
        "attribute_not_exists(#withdrawn_at)",
        {},
        lambda image: "withdrawn_at" not in image,
        lambda _: NoticeClosed(),
    )


def not_over_rule(now_text: str) -> Rule:
    """What it announces is not over."""
    return Rule(
        "#ends_at > :now",
        {":now": s(now_text)},
        lambda image: "ends_at" in image and bool(image["ends_at"] > now_text),
        lambda _: NoticeClosed(),
    )
