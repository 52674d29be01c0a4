"""Note an outage and every step of its life, each with who did it and why; published by a second person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from chalicelib.audit import service as audit
from chalicelib.outages import domain, service, store
from chalicelib.outages.domain import Outage, Words
from chalicelib.outages.errors import RegisterChanged
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.dynamo import ItemPut
from chalicelib.staff import service as staff

OPENED = "open"
END, HANDLE, CORRECT, DESCRIBE, REPORT, EXPLAIN = "end", "handle", "correct", "describe", "report", "explain"
PUBLISH, ANNUL, CLOSE = "publish", "annul", "close"


@dataclass(frozen=True, slots=True)
class Wish:
    """A step that is asked for: `at` a moment that it states, `what` a time to correct or which report, `told` texts
    by name, `reference` the regulator's, `words` for customers.
    """

    action: str
    reason: str
    at: dt.datetime | None = None
    what: str | None = None
    reference: str = ""
    told: dict[str, str] = field(default_factory=dict)
    words: Words | None = None


def open_outage(
    actor: StaffCaller, key: str, scope: str, cause: str, opened_at: dt.datetime, now: dt.datetime
) -> tuple[Outage, bool]:
    """Note an outage that began at `opened_at`, and whether this key had done so before; it is not noted twice.

    Raises OutageRunning, OutageTimesDisordered, TryAgain, OutcomeUnknown.
    """
    outage_id = ids.derived_id("outage", actor.staff_id, key)
    found = store.outage(outage_id)
    if found is not None:
        return found, True
    at = clock.to_text(now)
    outage = Outage(outage_id, scope, cause, actor.staff_id, at, clock.to_text(opened_at), service.terms(now))
    domain.require_order(outage, now)
    noted = audit.staff_action(actor, "outage.open", now, on=outage_id, scope=scope)
    updates.together([*opening(outage), noted, staff.acting(actor)])
    return outage, False


def opening(outage: Outage) -> list[ItemPut]:
    """What notes a new outage: its row, its scope's mark, its first step."""
    step = store.step_put(None, outage, action=OPENED, by=outage.noted_by, at=outage.noted_at, reason=outage.cause)
    return [store.new_put(outage), store.scope_taken(outage), step]


def stepping(
    before: Outage, after: Outage, action: str, by: str, reason: str, now: dt.datetime
) -> tuple[Outage, list[ItemPut]]:
    """The next revision, and what writes it: the row, the step, and the scope's mark where service is back."""
    after = replace(after, revision=before.revision + 1)
    not_by = by if action == PUBLISH else None
    writes = [
        store.next_put(before, after, not_by=not_by),
        store.step_put(before, after, action=action, by=by, at=clock.to_text(now), reason=reason),
    ]
    if before.state == domain.RUNNING and after.state != domain.RUNNING:
        writes.append(store.scope_freed(before))
    return after, writes


def note_step(actor: StaffCaller, outage_id: str, revision: int, wish: Wish, now: dt.datetime) -> Outage:
    """Note a step of an outage whose `revision` the actor has seen; the outage after it.

    Raises NotFound, RegisterChanged, the refusals of the step, TryAgain, OutcomeUnknown.
    """
    before = service.outage_of(outage_id)
    if before.revision != revision:
        raise RegisterChanged()
    planned = _planner(wish, actor.staff_id, now)(before)
    after, writes = stepping(before, planned, wish.action, actor.staff_id, wish.reason, now)
    noted = audit.staff_action(actor, f"outage.{wish.action}", now, on=outage_id)
    updates.together([*writes, noted, staff.acting(actor)])
    return after


def _planner(wish: Wish, by: str, now: dt.datetime) -> Callable[[Outage], Outage]:
    at = wish.at or now
    words = wish.words or Words("", "")
    steps: dict[str, Callable[[Outage], Outage]] = {
        END: lambda outage: domain.ended(outage, at, now),
        HANDLE: lambda outage: domain.handled(outage, at, now),
        CORRECT: lambda outage: domain.corrected(outage, str(wish.what), at, now),
        DESCRIBE: lambda outage: domain.described(outage, wish.told),
        REPORT: lambda outage: domain.reported(outage, str(wish.what), wish.reference, at, now),
        EXPLAIN: lambda outage: domain.explained(outage, words, by),
        PUBLISH: lambda outage: domain.published(outage, by, now),
        ANNUL: lambda outage: domain.annulled(outage, now),
        CLOSE: lambda outage: domain.closed(outage, now, service.kind_of_day),
    }
    return steps[wish.action]
