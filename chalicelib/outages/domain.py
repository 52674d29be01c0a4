"""An outage: its life, when it must be reported and by when, and what staff are warned of. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from chalicelib.outages import hours
from chalicelib.outages.errors import (
    ExplanationOwn,
    OutageReportMissing,
    OutageStepRefused,
    OutageTimesDisordered,
)
from chalicelib.outages.hours import KindOfDay, Split
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image

# What of the service is out: all of it, or a part.
SCOPES = {
    "all": ("全部网上服务", "all online services"),
    "log_in": ("登录", "log-in"),
    "queries": ("查询", "enquiries"),
    "transfers": ("转账汇款", "transfers"),
    "other_banks": ("跨行转账", "transfers to other banks"),
    "notifications": ("短信与通知", "SMS and notifications"),
}
# Those without which a customer can do nothing.
WHOLE_SERVICE = frozenset({"all", "log_in"})
RUNNING, ENDED, HANDLED, REPORTED, CLOSED, ANNULLED = "running", "ended", "handled", "reported", "closed", "annulled"
FIRST, FINAL = "first", "final"
# How times inside and outside are set against their bounds: each sum by itself, or the whole against the one outside.
APART, WHOLE = "apart", "whole"
OPENED_AT, ENDED_AT, HANDLED_AT = "opened_at", "ended_at", "handled_at"
# What began longer before it was noted is a slip of the pen: its sums go through day by day.
MAX_BACK = dt.timedelta(days=366)
# Who opens and ends what no person has noted.
PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules an outage is judged by for good: those in force when it was noted."""

    working_hours: str
    inside_min: int
    outside_min: int
    report_h: int
    final_h: int
    reading: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """How long before each moment staff are warned, by the parameters of now."""

    threshold: dt.timedelta
    report: dt.timedelta
    final: dt.timedelta


@dataclass(frozen=True, slots=True)
class Words:
    """The same in Chinese and English, for customers."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A row of the register. Times as text (UTC); `revision` counts what was written to it.

    `impact`, `remedy` and `handling` are what the clause asks the final report for, besides the cause. `draft` is an
    explanation that nobody published yet, `words` the one that customers read. `told` has a mark for each warning
    that was given.
    """

    outage_id: str
    scope: str
    cause: str
    noted_by: str
    noted_at: str
    opened_at: str
    terms: Terms
    revision: int = 1
    impact: str = ""
    remedy: str = ""
    handling: str = ""
    ended_at: str | None = None
    handled_at: str | None = None
    reported_at: str | None = None
    report_reference: str | None = None
    final_reported_at: str | None = None
    final_reference: str | None = None
    draft: Words | None = None
    words: Words | None = None
    drafted_by: str | None = None
    published_at: str | None = None
    published_by: str | None = None
    annulled_at: str | None = None
    closed_at: str | None = None
    told: tuple[str, ...] = ()

    @classmethod
    def from_image(cls, image: Image) -> Outage:
        """An outage from its stored row."""
        known = {field.name: image[field.name] for field in fields(cls) if field.name in image}
        known["terms"] = Terms(**known["terms"])
        known["told"] = tuple(known["told"])
        for name in known.keys() & {"draft", "words"}:
            known[name] = Words(**known[name])
        return cls(**known)

    @property
    def state(self) -> str:
        """Where it stands."""
        if self.annulled_at is not None:
            return ANNULLED
        if self.closed_at is not None:
            return CLOSED
        if self.ended_at is None:
            return RUNNING
        if self.handled_at is None:
            return ENDED
        return HANDLED if self.final_reported_at is None else REPORTED

    def split_until(self, now: dt.datetime, kind_of: KindOfDay) -> Split:
        """Its time so far, told apart by working hours."""
        start = clock.from_text(self.opened_at)
        end = clock.from_text(self.ended_at) if self.ended_at is not None else max(now, start)
        return hours.split(start, end, self.terms.working_hours, kind_of)

    @property
    def report_due(self) -> dt.datetime:
        """By when the regulator has the first report, where one is due: counted from the suspension itself."""
        return clock.from_text(self.opened_at) + dt.timedelta(hours=self.terms.report_h)

    @property
    def final_due(self) -> dt.datetime | None:
        """By when the regulator has the final report; None while handling goes on."""
        if self.handled_at is None:
            return None
        return clock.from_text(self.handled_at) + dt.timedelta(hours=self.terms.final_h)


def is_reached(split: Split, terms: Terms) -> bool:
    """Whether an outage of that time must be reported (NB-5.1.8-7): over the bound, not at it.

    What is not known to be inside or outside counts as whichever makes a report due.
    """
    inside, outside = dt.timedelta(minutes=terms.inside_min), dt.timedelta(minutes=terms.outside_min)
    against_outside = split.whole if terms.reading == WHOLE else split.outside + split.unknown
    return split.inside + split.unknown > inside or against_outside > outside


def is_assumed(split: Split, terms: Terms) -> bool:
    """Whether it is reached only because the kind of some day is not known."""
    if not is_reached(split, terms):
        return False
    working = Split(split.inside + split.unknown, split.outside)
    off = Split(split.inside, split.outside + split.unknown)
    return not (is_reached(working, terms) and is_reached(off, terms))


# ---- its life: each step from an outage to the next, or a refusal -------------------------------------------------
def require_order(outage: Outage, now: dt.datetime) -> Outage:
    """The outage; raises OutageTimesDisordered unless its times follow each other, from a year ago until now."""
    oldest = clock.to_text(clock.from_text(outage.noted_at) - MAX_BACK)
    times = [oldest, outage.opened_at, outage.ended_at, outage.handled_at, clock.to_text(now)]
    known = [time for time in times if time is not None]
    if known != sorted(known):
        raise OutageTimesDisordered()
    return outage


def _require(outage: Outage, *states: str) -> None:
    if outage.state not in states:
        raise OutageStepRefused(state=outage.state)


def ended(outage: Outage, at: dt.datetime, now: dt.datetime) -> Outage:
    """Service is back since `at`. Raises OutageStepRefused, OutageTimesDisordered."""
    _require(outage, RUNNING)
    return require_order(replace(outage, ended_at=clock.to_text(at)), now)


def handled(outage: Outage, at: dt.datetime, now: dt.datetime) -> Outage:
    """Handling is basically finished since `at`. Raises OutageStepRefused, OutageTimesDisordered."""
    _require(outage, ENDED)
    return require_order(replace(outage, handled_at=clock.to_text(at)), now)


def corrected(outage: Outage, what: str, at: dt.datetime, now: dt.datetime) -> Outage:
    """A time that was noted wrongly; one that was not noted yet is none to correct.

    Raises OutageStepRefused, OutageTimesDisordered.
    """
    _require(outage, RUNNING, ENDED, HANDLED, REPORTED)
    times = {OPENED_AT: outage.opened_at, ENDED_AT: outage.ended_at, HANDLED_AT: outage.handled_at}
    if times[what] is None:
        raise OutageStepRefused(state=outage.state)
    text = clock.to_text(at)
    if what == OPENED_AT:
        return require_order(replace(outage, opened_at=text), now)
    change = replace(outage, ended_at=text) if what == ENDED_AT else replace(outage, handled_at=text)
    return require_order(change, now)


def described(outage: Outage, told: dict[str, str]) -> Outage:
    """What is known by now of `cause`, `impact`, `remedy`, `handling`. Raises OutageStepRefused."""
    _require(outage, RUNNING, ENDED, HANDLED, REPORTED)
    return replace(
        outage,
        cause=told.get("cause", outage.cause),
        impact=told.get("impact", outage.impact),
        remedy=told.get("remedy", outage.remedy),
        handling=told.get("handling", outage.handling),
    )


def reported(outage: Outage, which: str, reference: str, at: dt.datetime, now: dt.datetime) -> Outage:
    """The regulator has the first, or the final, report since `at`; each once, the final one after handling.

    Raises OutageStepRefused, OutageTimesDisordered.
    """
    text = clock.to_text(at)
    since = outage.opened_at if which == FIRST else outage.handled_at
    done = outage.reported_at if which == FIRST else outage.final_reported_at
    if since is None or done is not None or outage.state in (CLOSED, ANNULLED):
        raise OutageStepRefused(state=outage.state)
    if not since <= text <= clock.to_text(now):
        raise OutageTimesDisordered()
    if which == FIRST:
        return replace(outage, reported_at=text, report_reference=reference)
    return replace(outage, final_reported_at=text, final_reference=reference)


def explained(outage: Outage, words: Words, by: str) -> Outage:
    """Words for customers, to be looked at by another person; what is published stays until then.

    Raises OutageStepRefused.
    """
    _require(outage, RUNNING, ENDED, HANDLED, REPORTED, CLOSED)
    return replace(outage, draft=words, drafted_by=by)


def published(outage: Outage, by: str, now: dt.datetime) -> Outage:
    """Customers read the words from now on. Raises OutageStepRefused, ExplanationOwn."""
    _require(outage, RUNNING, ENDED, HANDLED, REPORTED, CLOSED)
    if outage.draft is None:
        raise OutageStepRefused(state=outage.state)
    if outage.drafted_by == by:
        raise ExplanationOwn()
    return replace(outage, words=outage.draft, draft=None, published_at=clock.to_text(now), published_by=by)


def annulled(outage: Outage, now: dt.datetime) -> Outage:
    """It was none: a probe's mistake, or noted twice. It stays in the register. Raises OutageStepRefused."""
    _require(outage, RUNNING, ENDED, HANDLED)
    return replace(outage, annulled_at=clock.to_text(now))


def closed(outage: Outage, now: dt.datetime, kind_of: KindOfDay) -> Outage:
    """Nothing is left to do. Raises OutageStepRefused; OutageReportMissing while a report is owed."""
    _require(outage, HANDLED, REPORTED)
    is_owed = is_reached(outage.split_until(now, kind_of), outage.terms)
    if is_owed and None in (outage.reported_at, outage.final_reported_at):
        raise OutageReportMissing()
    return replace(outage, closed_at=clock.to_text(now))


# ---- what staff are warned of --------------------------------------------------------------------------------------
NOTED, NEAR, REACHED = "noted", "threshold_near", "threshold_reached"
REPORT_SOON, REPORT_LATE, FINAL_SOON, FINAL_LATE = "report_soon", "report_late", "final_soon", "final_late"


@dataclass(frozen=True, slots=True)
class StageWarning:
    """One thing that staff are told once; with a moment that moves it is another one."""

    stage: str
    at: str

    @property
    def mark(self) -> str:
        """What the row keeps of it."""
        return f"{self.stage}@{self.at}"


def warnings_due(outage: Outage, ahead: Ahead, now: dt.datetime, kind_of: KindOfDay) -> list[StageWarning]:
    """What staff are to be told now and were not told yet, in order of the stages."""
    return [one for one in _warnings(outage, ahead, now, kind_of) if one.mark not in outage.told]


def _warnings(outage: Outage, ahead: Ahead, now: dt.datetime, kind_of: KindOfDay) -> Iterator[StageWarning]:
    if outage.state in (CLOSED, ANNULLED):
        return
    yield StageWarning(NOTED, outage.noted_at)
    report_due, final_due = outage.report_due, outage.final_due
    if not is_reached(outage.split_until(now, kind_of), outage.terms):
        soon = outage.split_until(now + ahead.threshold, kind_of)
        if is_reached(soon, outage.terms):
            yield StageWarning(NEAR, outage.opened_at)
        return
    if outage.reported_at is None:
        yield StageWarning(REACHED, clock.to_text(report_due))
        if now >= report_due - ahead.report:
            yield StageWarning(REPORT_SOON, clock.to_text(report_due))
        if now > report_due:
            yield StageWarning(REPORT_LATE, clock.to_text(report_due))
    if final_due is not None and outage.final_reported_at is None:
        if now >= final_due - ahead.final:
            yield StageWarning(FINAL_SOON, clock.to_text(final_due))
        if now > final_due:
            yield StageWarning(FINAL_LATE, clock.to_text(final_due))
