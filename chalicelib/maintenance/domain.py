"""A notice: what it says, when it may still be published, and what state it is in. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.maintenance.errors import NoticeClosed, NoticeMalformed, NoticeTooLate
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Rule, s

PLANNED, URGENT = "planned", "urgent"
# In which state a reader finds a notice.
COMING, RUNNING, OVER, WITHDRAWN, REPLACED = "planned", "running", "over", "withdrawn", "replaced"


@dataclass(frozen=True, slots=True)
class Words:
    """The same in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be announced; `kind` is planned or, for a special case, urgent.

    `scope` is what is suspended, a row of `scopes`; `affects` says the same in words. `reason` and `alternatives` are
    for customers.
    """

    kind: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    affects: str
    title: Words
    text: Words
    scope: str = "nothing"
    reason: Words | None = None
    alternatives: Words | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A published notice: times as text (UTC), what it affects, and the words for customers.

    Its id is that of the approval that published it. A change is a notice of its own that `replaces` the one before.
    One that was ended early says when that was published (`shortened_at`) and until when it was to last.
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
    scope: str = "nothing"
    reason: Words | None = None
    alternatives: Words | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    shortened_at: str | None = None
    planned_ends_at: str | None = None
    told: frozenset[str] = frozenset()

    def wish(self) -> Wish:
        """What was announced."""
        starts_at, ends_at = clock.from_text(self.starts_at), clock.from_text(self.ends_at)
        return Wish(
            self.kind,
            starts_at,
            ends_at,
            self.affects,
            self.title,
            self.text,
            self.scope,
            self.reason,
            self.alternatives,
        )

    def state_at(self, now_text: str) -> str:
        """What a reader is told of it now."""
        if self.withdrawn_at is not None:
            return WITHDRAWN
        if self.replaced_by is not None:
            return REPLACED
        if now_text < self.starts_at:
            return COMING
        return RUNNING if now_text < self.ends_at else OVER


# What times as text tell apart.
_TICK = dt.timedelta(milliseconds=1)
# What lies further away than that, either way, is a slip of the pen.
FURTHEST = dt.timedelta(days=366)


def publish_before(wish: Wish, lead_h: int) -> dt.datetime:
    """Until when it may be published: a planned suspension at the latest `lead_h` hours ahead, to the millisecond, an
    urgent one while it lies ahead or goes on (NB-5.1.8-5).
    """
    return wish.starts_at - dt.timedelta(hours=lead_h) + _TICK if wish.kind == PLANNED else wish.ends_at


def require_publishable(wish: Wish, lead_h: int, now: dt.datetime) -> None:
    """Raise NoticeMalformed, NoticeTooLate for what cannot be published at `now`."""
    is_near = now - FURTHEST <= wish.starts_at and wish.ends_at <= now + FURTHEST
    if not is_near or wish.ends_at <= wish.starts_at or wish.ends_at <= now:
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


def not_replaced_rule() -> Rule:
    """No later version has taken its place."""
    return Rule(
        "attribute_not_exists(#replaced_by)",
        {},
        lambda image: "replaced_by" not in image,
        lambda _: NoticeClosed(),
    )


def not_shortened_rule() -> Rule:
    """Nobody has ended it early: its end as announced then is what every instance knows."""
    return Rule(
        "attribute_not_exists(#shortened_at)",
        {},
        lambda image: "shortened_at" not in image,
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


# On which occasions customers are told of a notice.
PUBLISHED, DAY_BEFORE, STARTED, ENDED, TAKEN_BACK = "published", "day_before", "started", "ended", "withdrawn"
OCCASIONS = (PUBLISHED, DAY_BEFORE, STARTED, ENDED, TAKEN_BACK)
# What was to be told longer ago is no news: the schedule stood still, or the notice is from before there was one.
TOLD_WITHIN = dt.timedelta(days=1)
_DAY_BEFORE = dt.timedelta(days=1)


def occasion_at(notice: Notice, occasion: str) -> str | None:
    """When customers are told of that occasion; None where it does not come for this notice.

    What was withdrawn or replaced is told of no more, but for the withdrawal itself. What was published within a day of
    the start, or after it, says so by itself.
    """
    if notice.withdrawn_at is not None:
        return notice.withdrawn_at if occasion == TAKEN_BACK else None
    if notice.replaced_by is not None or occasion == TAKEN_BACK:
        return None
    day_before = clock.to_text(clock.from_text(notice.starts_at) - _DAY_BEFORE)
    at = {
        PUBLISHED: notice.published_at,
        DAY_BEFORE: day_before,
        STARTED: notice.starts_at,
        ENDED: notice.ends_at,
    }[occasion]
    return at if occasion == PUBLISHED or at > notice.published_at else None


def is_news(notice: Notice, occasion: str, now: dt.datetime) -> bool:
    """Whether customers are to be told of the occasion now: it has come, not long ago, and nothing later has come that
    says more.
    """
    at = occasion_at(notice, occasion)
    now_text = clock.to_text(now)
    if at is None or not clock.to_text(now - TOLD_WITHIN) < at <= now_text:
        return False
    until = {DAY_BEFORE: notice.starts_at, STARTED: notice.ends_at}.get(occasion)
    return until is None or now_text < until


def news_of(notice: Notice, now: dt.datetime) -> list[str]:
    """The occasions of which customers are to be told and nobody has begun to."""
    return [one for one in OCCASIONS if one not in notice.told and is_news(notice, one, now)]
