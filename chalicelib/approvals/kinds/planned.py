"""What the counter plans, as a request's proposal; and the voucher beside what another context plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chalicelib.approvals.domain import Decision, Proposal, Write
from chalicelib.counter import service as counter
from chalicelib.counter.service import People, Plan


def proposal_of(plan: Plan) -> Proposal:
    """The proposal; its writes are the plan's, by who asked and who approves."""

    def writes(by: Decision) -> list[Write]:
        return list(plan.writes(People(by.maker, by.checker, by.now)))

    return Proposal(branch_id=plan.branch_id, before=plan.before, after=plan.after, writes=writes, latest=plan.latest)


def with_voucher(
    branch_id: str,
    kind: counter.VoucherKind,
    facts: Mapping[str, str],
    customer_id: str,
    writes: Callable[[Decision], Sequence[Write]],
) -> Callable[[Decision], list[Write]]:
    """The same writes, and their voucher of the customer's branch."""

    def both(by: Decision) -> list[Write]:
        people = People(by.maker, by.checker, by.now)
        return [*writes(by), counter.slip(branch_id, kind, facts, people, customer_id=customer_id)]

    return both
