"""Approve, reject or withdraw a request. Whoever decides first decides; what was approved is done in the same write."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from chalicelib.approvals import domain, service, store
from chalicelib.approvals.commands.end_request import Ending, end_request
from chalicelib.approvals.domain import (
    APPROVED,
    FAILED,
    REJECTED,
    WITHDRAWN,
    Approval,
    Decision,
    Proposal,
)
from chalicelib.approvals.errors import (
    ApprovalAltered,
    ApprovalFailed,
    ApprovalNotOpen,
    ApprovalOutdated,
    ApprovalRefusal,
)
from chalicelib.approvals.kinds import kind_of
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import Rule
from chalicelib.platform.errors import OutcomeUnknown, Refusal, TryAgain

# Each attempt reads and plans anew; what moves this fast is tried again by the checker.
MAX_PLANS = 5
_PASSING = (TryAgain, OutcomeUnknown)


def approve(checker: str, approval_id: str, digest: str, *, now: dt.datetime, correlation_id: str) -> Approval:
    """Approve what `digest` stands for and do it, in one write; the same checker again is answered what is stored.

    Raises NotFound, StaffNotEntitled, MakerIsChecker, ApprovalNotOpen, ApprovalExpired, ApprovalDigestMismatch,
    ApprovalAltered: the request stays as it is. ApprovalOutdated and ApprovalFailed: it has failed, and nothing else
    was written. TryAgain (nothing was done), OutcomeUnknown (send the same again).
    """
    approval = service.read(checker, approval_id)
    service.require_right(checker, approval.branch_id)
    if _is_done(approval, checker, digest):
        return approval
    if not approval.is_true():
        raise ApprovalAltered()
    rules = (domain.other_person_rule(checker), domain.seen_rule(digest), domain.in_time_rule(clock.to_text(now)))
    try:
        return _execute(approval, Ending(APPROVED, checker, now, correlation_id), rules)
    except ApprovalNotOpen:
        # The same approval twice at once: the other one was quicker, and this one's end is the same.
        found = store.read(approval_id)
        if found is None or not _is_done(found, checker, digest):
            raise
        return found


def _is_done(approval: Approval, checker: str, digest: str) -> bool:
    return (approval.state, approval.decided_by, approval.digest) == (APPROVED, checker, digest)


def _execute(approval: Approval, end: Ending, rules: Sequence[Rule]) -> Approval:
    """Plan and write until the plan fits what is there; note a failure that is for good."""
    decision = Decision(approval.approval_id, approval.maker, end.by, approval.reason, end.correlation_id, end.now)
    for _ in range(MAX_PLANS):
        try:
            proposal = _unchanged(approval, end.now)
            updates.run_together([*end.writes(approval, *rules), *proposal.writes(decision)])
        except updates.Overtaken:
            continue
        except (ApprovalRefusal, *_PASSING):
            raise
        except Refusal as refusal:
            raise _failed(approval, _why(approval, refusal, end.now), end, rules) from None
        return end.ended(approval)
    raise TryAgain()


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


def _failed(approval: Approval, refusal: Refusal, end: Ending, rules: Sequence[Rule]) -> Refusal:
    """Note that the request has failed; the refusal to answer. Raises ApprovalRefusal when it may not be decided on."""
    is_outdated = isinstance(refusal, ApprovalOutdated)
    failure = f"{refusal.code}:{refusal.facts['changed']}" if is_outdated else refusal.code
    end = dataclasses.replace(end, state=FAILED, failure=failure)
    updates.together(end.writes(approval, *rules))
    return refusal if is_outdated else ApprovalFailed(cause=refusal.code)


def reject(checker: str, approval_id: str, *, reason: str, now: dt.datetime, correlation_id: str) -> Approval:
    """Refuse a request for a reason; nothing is done.

    Raises MalformedRequest (no reason, or too long), NotFound, StaffNotEntitled, MakerIsChecker, ApprovalNotOpen,
    ApprovalExpired; TryAgain, OutcomeUnknown.
    """
    reason = service.reason_from(reason)
    approval = service.read(checker, approval_id)
    service.require_right(checker, approval.branch_id)
    rules = (domain.other_person_rule(checker), domain.in_time_rule(clock.to_text(now)))
    return end_request(approval, Ending(REJECTED, checker, now, correlation_id, reason=reason), *rules)


def withdraw(maker: str, approval_id: str, *, now: dt.datetime, correlation_id: str) -> Approval:
    """Take a request back; only who made it may. Raises NotFound, MakerOnly, ApprovalNotOpen, ApprovalExpired."""
    approval = service.read(maker, approval_id)
    rules = (domain.maker_rule(maker), domain.in_time_rule(clock.to_text(now)))
    return end_request(approval, Ending(WITHDRAWN, maker, now, correlation_id), *rules)
