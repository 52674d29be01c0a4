"""Break-glass: take a named function for a while, which opens a case that another person must review."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, log, metrics, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.staff import domain, emergency_store, store
from chalicelib.staff.commands.read_functions import switches
from chalicelib.staff.emergency_store import Case
from chalicelib.staff.errors import EmergencyFunctionRefused, EmergencyOwn
from chalicelib.staff.service import acting
from chalicelib.staff.store import Member

_ID_BYTES = 8


def open_emergency(caller: StaffCaller, function: str, reason: str, now: dt.datetime) -> Case:
    """Give the caller a function that the matrix marks for emergencies, for as long as the parameter says.

    Everything done under it is on record with the case; administrators are told by an alarm. Raises
    EmergencyFunctionRefused, EmergencyUnreviewed; TryAgain when the caller's appointment changed meanwhile.
    """
    row = domain.TABLE.get(function)
    held = domain.is_allowed(function, caller.role, caller.posts, caller.level, switches(now))
    if row is None or not row.emergency or held:
        raise EmergencyFunctionRefused()
    until = now + dt.timedelta(seconds=parameters.value(parameters.STAFF_EMERGENCY_S, now))
    month = clock.month_of(clock.business_date(now))
    case = Case(
        month=month,
        case_id=f"{month}-{ids.random_id(_ID_BYTES)}",
        staff_id=caller.staff_id,
        function=function,
        reason=reason,
        opened_at=clock.to_text(now),
        until=clock.to_text(until),
        state=emergency_store.OPEN,
    )
    noted = audit.staff_action(caller, "emergency.opened", now, on=case.case_id, function=function)
    updates.together([emergency_store.with_emergency(acting(caller), case), emergency_store.case_put(case), noted])
    log.logger.warning("emergency opened", extra={"case_id": case.case_id, "staff_id": caller.staff_id})
    metrics.count(metrics.EMERGENCIES_OPENED)
    return case


def case_under_which(member: Member, function: str, now: dt.datetime) -> str | None:
    """The case by which a member holds a function now, or None."""
    mark = member.image.get("emergency")
    if mark is None or mark["function"] != function or mark["until"] <= clock.to_text(now):
        return None
    return str(mark["case_id"])


def review_emergency(caller: StaffCaller, case_id: str, finding: str, now: dt.datetime) -> Case:
    """Another person says what they found; the case is closed, and the right ends if it has not yet.

    Raises NotFound, EmergencyOwn, EmergencyReviewed; TryAgain.
    """
    case = emergency_store.read_case(case_id[:7], case_id)
    if case is None:
        raise NotFound()
    if case.staff_id == caller.staff_id:
        raise EmergencyOwn()  # the write has the same condition, but holds for two rows of two people
    closed = emergency_store.reviewed(case, caller.staff_id, finding, clock.to_text(now))
    marked = store.update_of(case.staff_id).require(emergency_store.case_rule(case.case_id)).remove("emergency")
    noted = audit.staff_action(caller, "emergency.reviewed", now, on=case.case_id)
    updates.together([closed, marked, acting(caller), noted])
    return emergency_store.read_case(case.month, case_id) or case


cases_of = emergency_store.cases_of
