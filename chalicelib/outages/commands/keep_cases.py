"""Note customers' emergencies, who saw to them and how they ended (NB-5.1.8-2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from chalicelib.audit import service as audit
from chalicelib.outages import cases, service, store
from chalicelib.outages.cases import Case
from chalicelib.outages.errors import RegisterChanged
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff
from chalicelib.staff.commands.read_functions import holds

OPENED, CONTACT, HAND_OVER, HANDLE, CLOSE = "open", "contact", "hand_over", "handle", "close"


@dataclass(frozen=True, slots=True)
class CaseWish:
    """What a customer, or who called for them, told; `received_at` is when."""

    kind: str
    channel: str
    received_at: dt.datetime
    caller: str
    what: str
    customer_id: str | None = None
    entry_id: str | None = None


def open_case(actor: StaffCaller, key: str, wish: CaseWish, now: dt.datetime) -> tuple[Case, bool]:
    """Note a case, which is the actor's until it is handed over, and whether this key had done so before.

    Raises TryAgain, OutcomeUnknown.
    """
    # By the month in which it was noted, which may be over when the same is sent again.
    number = ids.derived_id("case", actor.staff_id, key)
    case_id, before = (
        f"{month}-{number}" for month in (clock.month_of(clock.business_date(now)), clock.month_before(now))
    )
    found = store.case(case_id) or store.case(before)
    if found is not None:
        return found, True
    case = Case(
        case_id,
        actor.branch_id,
        wish.kind,
        wish.channel,
        clock.to_text(min(wish.received_at, now)),
        wish.caller,
        wish.what,
        owner=actor.staff_id,
        noted_by=actor.staff_id,
        noted_at=clock.to_text(now),
        customer_id=wish.customer_id,
        entry_id=wish.entry_id,
    )
    step = store.step_put(None, case, action=OPENED, by=actor.staff_id, at=case.noted_at, reason="")
    noted = audit.staff_action(actor, "case.open", now, on=wish.customer_id or "", case=case_id)
    updates.together([store.new_put(case), step, noted, staff.acting(actor)])
    return case, False


def note_case_step(
    actor: StaffCaller, case_id: str, revision: int, action: str, *, text: str, owner: str | None, now: dt.datetime
) -> Case:
    """Note a step of a case whose `revision` the actor has seen: spoken to, handed over, handled, closed.

    Raises NotFound, also for an `owner` who is nobody at work, or may not see to cases; RegisterChanged,
    CaseStepRefused, TryAgain, OutcomeUnknown.
    """
    before = service.case_of(actor, case_id)
    if before.revision != revision:
        raise RegisterChanged()
    writes = []
    if action == CONTACT:
        after = cases.contacted(before, now)
    elif action == HAND_OVER:
        after = cases.handed_over(before, str(owner))
        _require_sees_to(str(owner), before, now)
        if owner != actor.staff_id:
            writes.append(staff.at_work(str(owner), NotFound))
    elif action == HANDLE:
        after = cases.handled(before, text, now)
    else:
        after = cases.closed(before, now)
    after = replace(after, revision=before.revision + 1)
    step = store.step_put(before, after, action=action, by=actor.staff_id, at=clock.to_text(now), reason=text)
    noted = audit.staff_action(actor, f"case.{action}", now, on=before.customer_id or "", case=case_id)
    updates.together([store.next_put(before, after), step, noted, staff.acting(actor), *writes])
    return after


def _require_sees_to(staff_id: str, case: Case, now: dt.datetime) -> None:
    """Raise NotFound unless there is such a member of staff, in whose scope the case is and who may see to one."""
    member = staff.member_of(staff_id)
    if (
        member is None
        or not staff.branch_of(case.branch_id).lies_in(member.branch_id)
        or not holds(member, staff.CASES_RECORD, now)
    ):
        raise NotFound()
