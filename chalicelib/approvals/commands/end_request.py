"""End a request, one way: whoever ends it first does. Knows no kind: who ends the overdue has no use for one."""

from __future__ import annotations

import dataclasses
import datetime as dt

from chalicelib.approvals import domain, store
from chalicelib.approvals.domain import CLOCK, EXPIRED, Approval, Event, Write
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import Rule, s


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """How a request ends: in which state, by whom, when and why."""

    state: str
    by: str
    now: dt.datetime
    correlation_id: str
    reason: str | None = None
    failure: str | None = None

    def writes(self, approval: Approval, *rules: Rule) -> list[Write]:
        """The request's own writes: its new state, if it still is open, and the row of its history."""
        at = clock.to_text(self.now)
        update = store.update_of(approval.approval_id).require(domain.open_rule(), *rules)
        update.set(
            "#state = :ended, #branch_state = :listed, #decided_by = :by, #decided_at = :at",
            ended=s(self.state),
            listed=s(store.branch_state(approval.branch_id, self.state)),
            by=s(self.by),
            at=s(at),
        )
        if self.reason is not None:
            update.set("#decision_reason = :reason", reason=s(self.reason))
        if self.failure is not None:
            update.set("#failure = :failure", failure=s(self.failure))
        event = Event(
            approval.approval_id,
            f"1#{self.state}",
            self.state,
            self.by,
            at,
            self.correlation_id,
            reason=self.reason,
            failure=self.failure,
        )
        return [update, store.event_put(event)]

    def ended(self, approval: Approval) -> Approval:
        """The request as it is then."""
        return dataclasses.replace(
            approval,
            state=self.state,
            decided_by=self.by,
            decided_at=clock.to_text(self.now),
            decision_reason=self.reason,
            failure=self.failure,
        )


def expire(approval: Approval, *, now: dt.datetime, correlation_id: str) -> Approval:
    """Note that nobody decided in time. Raises ApprovalNotOpen, ApprovalNotExpired; TryAgain, OutcomeUnknown."""
    end = Ending(EXPIRED, CLOCK, now, correlation_id)
    updates.together(end.writes(approval, domain.over_rule(clock.to_text(now))))
    return end.ended(approval)
