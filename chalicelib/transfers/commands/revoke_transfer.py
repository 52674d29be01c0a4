"""Revoke a transfer that has not arrived yet (PBoC notice 261): the money, the fee and the limits come back, once."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.ledger import service as ledger
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image
from chalicelib.transfers import later, service
from chalicelib.transfers.errors import TransferNotPending
from chalicelib.transfers.states import REVOKE


@dataclass(frozen=True, slots=True)
class Revoked:
    """The journal item as it is then, and whether an earlier request had revoked it."""

    image: Image
    hit: bool


def revoke_transfer(caller: Caller, entry_id: str) -> Revoked:
    """Until it is executed, at the due moment too; of the two, one comes about.

    No factor is asked for: nothing leaves the account, and who hesitates has no time to lose. Raises NotFound (also
    for another customer's), TransferNotPending, TryAgain, OutcomeUnknown (send the same again).
    """
    image = service.transfer_of(caller.customer_id, entry_id)
    if image["state"] == REVOKE.after:
        return Revoked(image, hit=True)
    try:
        posted = ledger.post(lambda now: later.revocation_draft(entry_id, now))
    except TransferNotPending as refusal:
        if refusal.facts["state"] != REVOKE.after:
            raise
        return Revoked(service.transfer_of(caller.customer_id, entry_id), hit=True)
    if posted.replayed is not None:
        return Revoked(posted.replayed, hit=True)
    return Revoked({**image, "state": REVOKE.after, "ended_at": posted.draft.facts.posted_at}, hit=False)
