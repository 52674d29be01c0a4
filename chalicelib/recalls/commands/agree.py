"""Agree to a recall: a return transfer of the same amount, which the payee confirms like any other.

The instruction is made first and the recall is noted as agreed then: who cannot pay has agreed to nothing. Only one
return can ever be executed, as another is made no sooner than the one before can no longer be.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, lowest, n, s
from chalicelib.recalls import domain, service, store
from chalicelib.recalls.domain import AGREED, RETURNED, Recall
from chalicelib.recalls.errors import RecallNotOpen, RecallNotPossible, ReturnUnderWay
from chalicelib.transfers.commands.create_transfer import Returns, create_transfer
from chalicelib.transfers.service import Request, entry_id_of

# What a return says of itself on the statements of both.
PURPOSE = "退回转账"
# Return transfers for one recall that were never confirmed; whoever needs more goes to a branch.
MAX_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Agreed:
    """The recall, the journal item of its return transfer, and whether an earlier request had made that."""

    recall: Recall
    image: Image
    hit: bool


def agree(
    caller: Caller, recall_id: str, *, factor: str, factor_id: str, correlation_id: str, now: dt.datetime
) -> Agreed:
    """Make the return transfer that the payee's factor then confirms (`POST /v1/transfers/{id}/confirmation`).

    Raises NotFound (also for the payer and for others), RecallNotOpen, RecallNotPossible where the transfer was
    reversed meanwhile, ReturnUnderWay, and whatever creating a transfer is refused for: then nothing was agreed to.
    """
    recall = service.recall_of(caller.customer_id, recall_id)
    update = store.update_of(recall_id).require(
        domain.payee_rule(caller.customer_id), domain.step_rule(domain.AGREE), domain.in_time_rule(clock.to_text(now))
    )
    refusal = lowest(update.breaches(asdict(recall)))
    if refusal is not None:
        raise refusal
    original, accounts = ledger.read(recall.transfer_id, [recall.payer_account])
    if original is None or "reversed_by" in original:
        raise RecallNotPossible()
    payer = accounts.get(recall.payer_account)
    if payer is None:
        raise ledger.PayeeUnavailable()
    attempt = _attempt(caller, recall, now)
    request = Request(
        payer_account=recall.payee_account,
        payee_account=recall.payer_account,
        payee_name=payer.holder,
        amount_fen=recall.amount_fen,
        currency=recall.currency,
        purpose=PURPOSE,
        factor=factor,
        factor_id=factor_id,
    )
    try:
        created = create_transfer(
            caller,
            _key(recall_id, attempt),
            request,
            correlation_id,
            now,
            returns=Returns(recall.recall_id, recall.transfer_id),
        )
    except ledger.IdempotencyKeyReused:
        raise ReturnUnderWay() from None  # by another factor
    entry_id = created.image["entry_id"]
    if (recall.state, recall.return_id) == (AGREED, entry_id):
        return Agreed(recall, created.image, created.hit)
    update.set("#state = :agreed, #attempts = :attempts", agreed=s(AGREED), attempts=n(attempt))
    update.set("#return_id = :return_id", return_id=s(entry_id))
    if recall.state != AGREED:
        update.set("#changed_at = :at", at=s(clock.to_text(now)))
    return Agreed(Recall.from_image(updates.insist(update)), created.image, created.hit)


def _attempt(caller: Caller, recall: Recall, now: dt.datetime) -> int:
    """Which return this is: the one under way, or the next after one that can no longer be executed."""
    for attempt in range(max(recall.attempts, 1), MAX_ATTEMPTS + 1):
        entry = ledger.read_entry(entry_id_of(caller.customer_id, _key(recall.recall_id, attempt)))
        if entry is None:
            return attempt
        if entry["state"] == ledger.POSTED:
            service.note_returned(entry)
            raise RecallNotOpen(state=RETURNED)
        valid_until = clock.from_text(entry["valid_until"])
        if now < valid_until:
            return attempt
        if now < valid_until + domain.LANDS_WITHIN:
            raise ReturnUnderWay()
    raise RecallNotPossible()


def _key(recall_id: str, attempt: int) -> str:
    # No client can send this as a key of its own: it has a character that the header does not take.
    return f"recall#{recall_id}#{attempt}"
