"""Draw samples of a date's transactions and mark what was found (NB-4-audit)."""

from __future__ import annotations

import datetime as dt
import re

from chalicelib.audit import service as audit
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.rechecks import domain, store
from chalicelib.rechecks.domain import Mark, Sample
from chalicelib.rechecks.errors import EntryNotSampled, SampleDateNotOver
from chalicelib.reports import service as reports
from chalicelib.staff import service as staff

__all__ = ["Mark", "Sample", "draw", "mark", "marks_on", "sample_of", "samples_of"]

_DATE = re.compile(r"[0-9]{8}")
_SAMPLE_ID = re.compile(r"[a-z2-7]{26}")

marks_on = store.marks_on
samples_of = store.samples_of


def draw(actor: StaffCaller, business_date: str, size: int, seed: str | None, now: dt.datetime) -> tuple[Sample, bool]:
    """A sample of the entries booked on a date, and whether it had been drawn before.

    The same date, size and seed is the same sample; without a seed one is drawn. Raises SampleDateNotOver, TryAgain,
    OutcomeUnknown.
    """
    if business_date >= clock.business_date(now):
        raise SampleDateNotOver()
    seed = seed or ids.random_id()
    sample_id = ids.derived_id("sample", business_date, str(size), seed)
    before = store.sample(business_date, sample_id)
    if before is not None:
        return before, True
    population = reports.entries_booked(business_date)
    entries = domain.drawn(seed, population, size)
    sample = Sample(business_date, sample_id, seed, size, len(population), entries, actor.staff_id, clock.to_text(now))
    note = audit.staff_action(actor, "sample.drawn", now, on=sample_id, date=business_date, size=str(size), seed=seed)
    updates.together([store.sample_put(sample), note, staff.acting(actor)])
    return sample, False


def sample_of(business_date: str, sample_id: str) -> Sample:
    """A sample of a business date; raises NotFound."""
    # What cannot be one is not looked up.
    is_one = _DATE.fullmatch(business_date) and _SAMPLE_ID.fullmatch(sample_id)
    found = store.sample(business_date, sample_id) if is_one else None
    if found is None:
        raise NotFound()
    return found


def mark(actor: StaffCaller, sample: Sample, entry_id: str, result: str, remark: str, now: dt.datetime) -> None:
    """Note what was found of an entry of a sample; sent twice it is one mark.

    Raises EntryNotSampled, TryAgain, OutcomeUnknown.
    """
    if entry_id not in sample.entries:
        raise EntryNotSampled()
    found = Mark(sample.sample_id, entry_id, result, remark, actor.staff_id, clock.to_text(now))
    if any((one.entry_id, one.result, one.remark, one.by) == _said(found) for one in store.marks_on(sample.sample_id)):
        return
    note = audit.staff_action(actor, "sample.marked", now, on=entry_id, sample=sample.sample_id, result=result)
    updates.together([store.mark_put(found), note, staff.acting(actor)])


def _said(one: Mark) -> tuple[str, str, str, str]:
    return one.entry_id, one.result, one.remark, one.by
