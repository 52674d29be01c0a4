"""What the counter plans, as a request's proposal: one way for all of its kinds."""

from __future__ import annotations

from chalicelib.approvals.domain import Decision, Proposal, Write
from chalicelib.counter.service import People, Plan


def proposal_of(plan: Plan) -> Proposal:
    """The proposal; its writes are the plan's, by who asked and who approves."""

    def writes(by: Decision) -> list[Write]:
        return list(plan.writes(People(by.maker, by.checker, by.now)))

    return Proposal(branch_id=plan.branch_id, before=plan.before, after=plan.after, writes=writes, latest=plan.latest)
