"""Remind customers who have not answered, note what stays unanswered, and have resolved disputes told."""

from __future__ import annotations

import datetime as dt

from chalicelib.billchecks import domain, store
from chalicelib.billchecks.commands.step import step
from chalicelib.billchecks.domain import BillCheck, Event
from chalicelib.billchecks.store import CheckDue
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, queues, updates
from chalicelib.platform.queues import Message


def follow_up(now: dt.datetime, correlation_id: str) -> dict[str, int]:
    """Do what is due at `now`; how many of each kind were done.

    A row goes only after what it is for was done, so a crash in between does it again: a message says the same and is
    told once, and a step that was made is left alone. Raises Retryable when the queue fails, TryAgain, OutcomeUnknown.
    """
    done = dict.fromkeys((store.REMIND, store.LAPSE, store.TELL), 0)
    for rows in store.due_pages(clock.to_text(now)):
        messages: list[Message] = []
        for row in rows:
            check = store.read(row.check_id)
            if check is not None and _is_due(check, row, now):
                messages += _carried_out(check, row, now, correlation_id)
                done[row.kind] += 1
        queues.send("alerts", messages)
        for row in rows:
            store.drop(row)
    return done


def _is_due(check: BillCheck, row: CheckDue, now: dt.datetime) -> bool:
    if row.kind == store.TELL:
        return check.state == domain.RESOLVED
    return check.state == domain.WAITING and (row.kind == store.LAPSE or check.answer_by > clock.to_text(now))


def _carried_out(check: BillCheck, row: CheckDue, now: dt.datetime, correlation_id: str) -> list[Message]:
    """What is to be sent of the row, once the rest of it was done."""
    if row.kind == store.LAPSE:
        at = clock.to_text(now)
        step(check.check_id, lambda found: found.lapsed(at), Event(check.check_id, 0, domain.UNANSWERED, "", at), now)
        return []
    if row.kind == store.REMIND:
        _wait_for_the_next(check, row, now)
    data = {"kind": row.kind, "number": str(row.number), "due_at": row.at}
    event_id = f"{check.check_id}#{row.kind}#{row.number}"
    return [Message(event_id, "bill_check.due", check.check_id, correlation_id, data)]


def _wait_for_the_next(check: BillCheck, row: CheckDue, now: dt.datetime) -> None:
    """Write the row of the next reminder, unless that was the last one or it would come after the last moment.

    It lies ahead: days that passed while the schedule stood still are not made up for in one morning.
    """
    every, was_due = dt.timedelta(days=parameters.value(parameters.BILL_CHECK_REMINDER_D, now)), clock.from_text(row.at)
    at = clock.to_text(was_due + ((now - was_due) // every + 1) * every)
    if row.number < parameters.value(parameters.BILL_CHECK_REMINDERS, now) and at < check.answer_by:
        updates.put(store.due_put(check.check_id, store.REMIND, row.number + 1, at))
