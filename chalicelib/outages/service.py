"""Read both registers, and judge an outage by its own terms (NB-5.1.8-7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.outages import domain, drafts, store
from chalicelib.outages.cases import Case
from chalicelib.outages.domain import SCOPES, Ahead, Outage, Terms
from chalicelib.outages.hours import Split
from chalicelib.outages.store import Step
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.reports import service as reports
from chalicelib.routing import service as routing
from chalicelib.routing.errors import CalendarUnknown
from chalicelib.staff import service as staff

__all__ = [
    "SCOPES",
    "Case",
    "Outage",
    "Split",
    "Standing",
    "Step",
    "ahead",
    "case_of",
    "cases_of",
    "draft",
    "kind_of_day",
    "outage_of",
    "outages",
    "published",
    "shown",
    "spans",
    "standing",
    "steps_of",
    "terms",
]

outages = store.outages
steps_of = store.steps
# Business figures in a report are of so many Shanghai days at most, from the outage's first one.
MAX_FIGURES = 7
_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Standing:
    """An outage as it stands at a moment: its time told apart, whether it must be reported, and by when.

    `is_assumed` where that hangs on a day whose kind is not known. Deadlines are None where none runs.
    """

    outage: Outage
    split: Split
    is_reportable: bool
    is_assumed: bool
    report_due: dt.datetime | None
    final_due: dt.datetime | None


def kind_of_day(day: dt.date) -> bool | None:
    """Whether a day is a working day in China; None where its year's holidays are not known yet."""
    try:
        return routing.is_working_day(day)
    except CalendarUnknown:
        return None


def terms(now: dt.datetime) -> Terms:
    """The rules that an outage noted now is judged by."""
    return Terms(
        parameters.value(parameters.WORKING_HOURS, now),
        parameters.value(parameters.OUTAGE_INSIDE_MIN, now),
        parameters.value(parameters.OUTAGE_OUTSIDE_MIN, now),
        parameters.value(parameters.OUTAGE_REPORT_H, now),
        parameters.value(parameters.OUTAGE_FINAL_H, now),
        parameters.value(parameters.OUTAGE_READING, now),
    )


def ahead(now: dt.datetime) -> Ahead:
    """How long before each moment staff are warned."""
    return Ahead(
        dt.timedelta(minutes=parameters.value(parameters.OUTAGE_NEAR_MIN, now)),
        dt.timedelta(hours=parameters.value(parameters.OUTAGE_REPORT_AHEAD_H, now)),
        dt.timedelta(hours=parameters.value(parameters.OUTAGE_FINAL_AHEAD_H, now)),
    )


def standing(outage: Outage, now: dt.datetime) -> Standing:
    """An outage as it stands now."""
    split = outage.split_until(now, kind_of_day)
    is_reportable = outage.state != domain.ANNULLED and domain.is_reached(split, outage.terms)
    return Standing(
        outage,
        split,
        is_reportable,
        is_reportable and domain.is_assumed(split, outage.terms),
        outage.report_due if is_reportable else None,
        outage.final_due if is_reportable else None,
    )


def outage_of(outage_id: str) -> Outage:
    """One outage. Raises NotFound."""
    found = store.outage(outage_id)
    if found is None:
        raise NotFound()
    return found


def published(now: dt.datetime) -> list[Outage]:
    """Outages that customers read of: explained, no mistake, and over for less than the parameter's days."""
    return [one for one in shown(now) if one.published_at is not None]


def shown(now: dt.datetime) -> list[Outage]:
    """Outages that the public knows of: all that go on, and of the past ones those that are `published`, the latest
    first. Of one without an explanation nothing is told but that it goes on, since when, and what is out.
    """
    oldest = clock.to_text(now - dt.timedelta(days=parameters.value(parameters.OUTAGE_LISTED_D, now)))
    return [
        one
        for one in store.outages()
        if one.annulled_at is None
        and (one.ended_at is None or (one.published_at is not None and one.ended_at > oldest))
    ]


def spans(since: dt.datetime, now: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    """When nobody could be served since then, by the register: from when until when, what goes on until `now`."""
    found = [
        (clock.from_text(one.opened_at), clock.from_text(one.ended_at) if one.ended_at is not None else now)
        for one in store.outages()
        if one.annulled_at is None and one.scope in domain.WHOLE_SERVICE
    ]
    return [(start, end) for start, end in found if since < end]


def draft(outage: Outage, which: str, now: dt.datetime) -> tuple[str, str]:
    """The draft of the first or the final report in Chinese and English, filled from what the bank knows."""
    stands = standing(outage, now)
    start, end = clock.from_text(outage.opened_at), clock.from_text(outage.ended_at or clock.to_text(now))
    days = [start + dt.timedelta(days=number) for number in range(MAX_FIGURES)]
    touched = [clock.business_date(day) for day in days if clock.business_date(day) <= clock.business_date(end)]
    figures = [(day, reports.entries_counted(day), reports.entries_counted(_week_before(day))) for day in touched]
    facts = drafts.Facts(outage, which, stands.split, stands.is_reportable, stands.is_assumed, tuple(figures), now)
    return drafts.in_chinese(facts), drafts.in_english(facts)


def _week_before(day: str) -> str:
    return clock.business_date(clock.start_of_day(day) - _WEEK)


def case_of(actor: StaffCaller, case_id: str) -> Case:
    """One case in the actor's scope. Raises NotFound."""
    found = store.case(case_id) if clock.is_month(store.case_month(case_id)) else None
    if found is None:
        raise NotFound()
    staff.require_scope(actor, found.branch_id)
    return found


def cases_of(actor: StaffCaller, month: str) -> list[Case]:
    """The cases of a month that the actor's organisation and those below it noted, newest first."""
    return [case for case in store.cases(month) if reports.is_in_scope(actor, case.branch_id)]
