"""Approve, reject or withdraw a request. Whoever decides first decides; what was approved is done in the same write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from chalicelib.approvals import domain, service, store
from chalicelib.approvals.commands.end_request import Ending
from chalicelib.approvals.domain import (
    APPROVED,
    FAILED,
    REJECTED,
    WITHDRAWN,
    Approval,
    Decision,
    Proposal,
    Write,
)
from chalicelib.approvals.errors import (
    ApprovalAltered,
    ApprovalFailed,
    ApprovalNotOpen,
    ApprovalOutdated,
    ApprovalRefusal,
)
from chalicelib.approvals.kinds import kind_of
from chalicelib.audit import service as audit
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.dynamo import ItemUpdate, Rule
from chalicelib.platform.errors import OutcomeUnknown, Refusal, TryAgain
from chalicelib.staff import service as staff

# Each attempt reads and plans anew; what moves this fast is tried again by the checker.
MAX_PLANS = 5
_PASSING = (TryAgain, OutcomeUnknown)


def approve(actor: StaffCaller, approval_id: str, digest: str, *, now: dt.datetime) -> Approval:
    """Approve what `digest` stands for and do it, in one write; the same checker again is answered what is stored.

    Raises NotFound, StaffPermissionDenied, MakerIsChecker, ApprovalNotOpen, ApprovalExpired, ApprovalDigestMismatch,
    ApprovalAltered: the request stays as it is. ApprovalOutdated and ApprovalFailed: it has failed, and nothing else
    was written. TryAgain (nothing was done), OutcomeUnknown (send the same again).
    """
    approval = service.checked(actor, approval_id, now)
    if _is_done(approval, actor, digest):
        return approval
    if not approval.is_true():
        raise ApprovalAltered()
    now_text = clock.to_text(now)
    rules = (domain.other_person_rule(actor.staff_id), domain.seen_rule(digest), domain.in_time_rule(now_text))
    try:
        return _execute(approval, actor, now, rules)
    except ApprovalNotOpen:
        # The same approval twice at once: the other one was quicker, and this one's end is the same.
        found = store.read(approval_id)
        if found is None or not _is_done(found, actor, digest):
            raise
        return found


def _is_done(approval: Approval, actor: StaffCaller, digest: str) -> bool:
    return (approval.state, approval.decided_by, approval.digest) == (APPROVED, actor.staff_id, digest)


def _execute(approval: Approval, actor: StaffCaller, now: dt.datetime, rules: Sequence[Rule]) -> Approval:
    """Plan and write until the plan fits what is there; note a failure that is for good."""
    end = _ending(APPROVED, actor, now)
    decision = Decision(
        approval.approval_id, approval.maker, actor.staff_id, approval.reason, actor.correlation_id, now
    )
    for _ in range(MAX_PLANS):
        try:
            proposal = _unchanged(approval, now)
            own = [*end.writes(approval, *rules), *_standing(actor, end, approval)]
            updates.run_together(_with_maker(approval.maker, [*own, *proposal.writes(decision)]))
        except updates.Overtaken:
            continue
        except (ApprovalRefusal, *_PASSING):
            raise
        except Refusal as refusal:
            raise _failed(approval, _why(approval, refusal, now), actor, now, rules) from None
        return end.ended(approval)
    raise TryAgain()


def _ending(state: str, actor: StaffCaller, now: dt.datetime, **more: str) -> Ending:
    """How a member of staff ends a request."""
    return Ending(state, actor.staff_id, now, actor.correlation_id, **more)


def _standing(actor: StaffCaller, end: Ending, approval: Approval) -> list[Write]:
    """That the actor's appointment still stands at the write, and the row of what they did."""
    action = f"approval_{end.state}"
    return [
        staff.acting(actor),
        audit.staff_action(actor, action, end.now, on=approval.approval_id, kind=approval.kind),
    ]


def _with_maker(maker: str, writes: Sequence[Write]) -> list[Write]:
    """The writes, refused once the maker is no longer at work: nobody's request outlives their appointment.

    One write names a row once: kinds that are about staff ask it of the maker themselves, and who approves their own
    request is refused for that.
    """
    asked = staff.at_work(maker, lambda: ApprovalOutdated(changed="maker"))
    named = [write for write in writes if isinstance(write, ItemUpdate)]
    is_named = any((write.table, write.key) == (asked.table, asked.key) for write in named)
    return [*writes] if is_named else [*writes, asked]


def _unchanged(approval: Approval, now: dt.datetime) -> Proposal:
    """What the request would do, if things are as they were when it was made; raises ApprovalOutdated."""
    kind = kind_of(approval.kind)
    proposal = kind.propose(kind.payload.model_validate_json(approval.payload), now)
    changed = {
        *domain.changed_facts(approval.before, proposal.before),
        *domain.changed_facts(approval.after, proposal.after),
    }
    if changed or approval.branch_id != proposal.branch_id:
        raise ApprovalOutdated(changed=",".join(sorted(changed)) or "branch")
    return proposal


def _why(approval: Approval, refusal: Refusal, now: dt.datetime) -> Refusal:
    """What the write was refused for: that things have changed, where they have, comes before what follows of it."""
    try:
        _unchanged(approval, now)
    except ApprovalOutdated as outdated:
        return outdated
    except Refusal:
        return refusal
    return refusal


def _failed(
    approval: Approval, refusal: Refusal, actor: StaffCaller, now: dt.datetime, rules: Sequence[Rule]
) -> Refusal:
    """Note that the request has failed; the refusal to answer. Raises ApprovalRefusal when it may not be decided on."""
    is_outdated = isinstance(refusal, ApprovalOutdated)
    failure = f"{refusal.code}:{refusal.facts['changed']}" if is_outdated else refusal.code
    end = _ending(FAILED, actor, now, failure=failure)
    updates.together([*end.writes(approval, *rules), *_standing(actor, end, approval)])
    return refusal if is_outdated else ApprovalFailed(cause=refusal.code)


def reject(actor: StaffCaller, approval_id: str, *, reason: str, now: dt.datetime) -> Approval:
    """Refuse a request for a reason; nothing is done.

    Raises MalformedRequest (no reason, or too long), NotFound, StaffPermissionDenied, MakerIsChecker, ApprovalNotOpen,
    ApprovalExpired; TryAgain, OutcomeUnknown.
    """
    reason = service.reason_from(reason)
    approval = service.checked(actor, approval_id, now)
    rules = (domain.other_person_rule(actor.staff_id), domain.in_time_rule(clock.to_text(now)))
    return _end(approval, actor, _ending(REJECTED, actor, now, reason=reason), *rules)


def withdraw(actor: StaffCaller, approval_id: str, *, now: dt.datetime) -> Approval:
    """Take a request back; only who made it may. Raises NotFound, MakerOnly, ApprovalNotOpen, ApprovalExpired."""
    approval = service.read(actor, approval_id)
    rules = (domain.maker_rule(actor.staff_id), domain.in_time_rule(clock.to_text(now)))
    return _end(approval, actor, _ending(WITHDRAWN, actor, now), *rules)


def _end(approval: Approval, actor: StaffCaller, end: Ending, *rules: Rule) -> Approval:
    updates.together([*end.writes(approval, *rules), *_standing(actor, end, approval)])
    return end.ended(approval)
