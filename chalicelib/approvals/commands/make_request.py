"""Ask for what needs two people: the request is stored with what it would change (NB-5.1.5)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from chalicelib.approvals import domain, service, store
from chalicelib.approvals.domain import REQUESTED, Approval, Event
from chalicelib.approvals.errors import ApprovalChangesNothing
from chalicelib.approvals.kinds import kinds
from chalicelib.audit import service as audit
from chalicelib.ledger.errors import IdempotencyKeyReused
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import MalformedRequest, TryAgain
from chalicelib.platform.validation import validated
from chalicelib.staff import service as staff
from chalicelib.staff.commands.administer import require_manages
from chalicelib.staff.commands.read_functions import require_function


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: the code of a kind, its payload as JSON has it, and why."""

    kind: str
    payload: Mapping[str, Any]
    reason: str


def make_request(actor: StaffCaller, wish: Wish, *, key: str, now: dt.datetime) -> Approval:
    """Store a request with the comparison of before and after; the same `key` again answers what is stored.

    Raises MalformedRequest, StaffPermissionDenied, NotFound (also for what is out of scope), ApprovalChangesNothing,
    IdempotencyKeyReused, and what the kind refuses; TryAgain, OutcomeUnknown.
    """
    kind = kinds().get(wish.kind)
    if kind is None:
        raise MalformedRequest([{"field": "kind", "code": "not_allowed"}])
    require_function(actor, kind.makes, now)
    payload = validated(lambda: kind.payload.model_validate_json(domain.canonical_json(dict(wish.payload))))
    wish = Wish(kind.code, payload.model_dump(mode="json"), service.reason_from(wish.reason))
    approval_id = ids.derived_id("approval", actor.staff_id, key)
    stored = _stored(approval_id, wish)
    if stored is not None:
        return stored
    require_manages(actor.role, actor.branch_id, kind.seats(payload))
    proposal = kind.propose(payload, now)
    staff.require_scope(actor, proposal.branch_id)
    if not domain.changed_facts(proposal.before, proposal.after):
        raise ApprovalChangesNothing()
    approval = _signed(approval_id, wish, proposal, actor, now)
    at = approval.created_at
    event = Event(
        approval_id,
        f"0#{REQUESTED}",
        REQUESTED,
        actor.staff_id,
        at,
        actor.correlation_id,
        reason=approval.reason,
    )
    noted = audit.staff_action(actor, "approval_requested", now, on=approval_id, kind=kind.code)
    try:
        updates.run_together([store.put_of(approval), store.event_put(event), staff.acting(actor), noted])
    except updates.Overtaken:
        # The same request twice at once: the other one was quicker. Or the maker's sessions have just ended.
        stored = _stored(approval_id, wish)
        if stored is None:
            raise TryAgain() from None
        return stored
    return approval


def _stored(approval_id: str, wish: Wish) -> Approval | None:
    """The request that is under the key already; raises IdempotencyKeyReused when it asks for something else."""
    found = store.read(approval_id)
    if found is not None and not found.asks_for(wish.kind, domain.canonical_json(wish.payload), wish.reason):
        raise IdempotencyKeyReused()
    return found


def _signed(approval_id: str, wish: Wish, proposal: domain.Proposal, actor: StaffCaller, now: dt.datetime) -> Approval:
    expires_at = now + dt.timedelta(hours=parameters.value(parameters.APPROVAL_VALID_H, now))
    unsigned = Approval(
        approval_id=approval_id,
        kind=wish.kind,
        branch_id=proposal.branch_id,
        payload=domain.canonical_json(wish.payload),
        before=dict(proposal.before),
        after=dict(proposal.after),
        reason=wish.reason,
        maker=actor.staff_id,
        created_at=clock.to_text(now),
        expires_at=clock.to_text(min(expires_at, proposal.latest or expires_at)),
        digest="",
        correlation_id=actor.correlation_id,
    )
    return dataclasses.replace(unsigned, digest=domain.digest_of(unsigned))
