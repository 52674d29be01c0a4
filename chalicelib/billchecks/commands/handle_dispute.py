"""Staff take a dispute, reply to it, and close it. No money moves here: what is wrong in the books is corrected by the
ways that take two people, and the reply says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from chalicelib.audit import service as audit
from chalicelib.billchecks import domain, store
from chalicelib.billchecks.commands.see_desk import check_for_staff
from chalicelib.billchecks.commands.step import Writes, step
from chalicelib.billchecks.domain import BillCheck, Event
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from chalicelib.staff import service as staff


def take(actor: StaffCaller, check_id: str, from_: str, now: dt.datetime) -> BillCheck:
    """The dispute, with the actor; `from_` names who had it, empty where nobody did. One that is theirs stays so.

    Raises NotFound (also out of scope), DisputeStepRefused, DisputeOfAnother, TryAgain, OutcomeUnknown.
    """
    at = clock.to_text(now)
    said = _said(actor, check_id, domain.TAKING, now)
    return _step(actor, said, lambda check: check.taken(actor.staff_id, from_, at), now)


def reply(actor: StaffCaller, check_id: str, text: str, now: dt.datetime) -> BillCheck:
    """The dispute with what the bank answers; the same again is left alone. Raises what `take` raises."""
    at = clock.to_text(now)
    said = _said(actor, check_id, domain.REPLYING, now, text)
    return _step(actor, said, lambda check: check.replied(actor.staff_id, text, at), now)


def close(actor: StaffCaller, check_id: str, outcome: str, now: dt.datetime) -> BillCheck:
    """The dispute, resolved, and its customer to be told. Raises what `take` raises."""
    at = clock.to_text(now)
    said = _said(actor, check_id, domain.CLOSING, now, outcome)
    told = store.due_put(check_id, store.TELL, 0, at)
    return _step(actor, said, lambda check: check.closed(actor.staff_id, outcome, at), now, [told])


def _step(
    actor: StaffCaller, said: Event, move: Callable[[BillCheck], BillCheck], now: dt.datetime, dues: Writes = ()
) -> BillCheck:
    check_for_staff(actor, said.check_id)
    note = audit.staff_action(actor, f"bill_dispute.{said.kind}", now, on=said.check_id)
    return step(said.check_id, move, said, now, lambda _: [*dues, note, staff.acting(actor)])


def _said(actor: StaffCaller, check_id: str, kind: str, now: dt.datetime, text: str = "") -> Event:
    return Event(check_id, 0, kind, "", clock.to_text(now), by=actor.staff_id, session_id=actor.session_id, text=text)
