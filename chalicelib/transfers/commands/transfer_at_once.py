"""Transfer in one round trip: between a customer's own accounts no factor is asked for (YQ-4.1.3).

Nothing is read: that the payee is the customer's own, its name, the session and the funds are conditions of
the one write that is instruction, journal entry and posting together. The client states until when it may be
executed; a request that comes later finds what an earlier one has posted, or is refused.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, Rule, s
from chalicelib.platform.errors import AmountOutOfRange, Refusal
from chalicelib.transfers.domain import NO_FACTOR, Instruction, Request
from chalicelib.transfers.errors import (
    FactorRequired,
    SamePayerAndPayee,
    SpeedNotOffered,
    TransferExpired,
    ValidUntilTooFar,
)
from chalicelib.transfers.posting import dated, draft_of, entry_of, whole_item
from chalicelib.transfers.store import entry_id_of


@dataclass(frozen=True, slots=True)
class Transferred:
    """The posted journal item, and whether an earlier request with this key had posted it."""

    image: Image
    hit: bool


def transfer_at_once(
    caller: Caller, idempotency_key: str, request: Request, correlation_id: str, now: dt.datetime
) -> Transferred:
    """Post a transfer between own accounts; a repeat answers what is stored, also after its `valid_until`.

    `request.valid_until` is required. Raises SpeedNotOffered, ValidUntilTooFar, TransferExpired, FactorRequired
    when the payee is somebody else's, IdempotencyKeyReused, and whatever the posting's rules refuse; then nothing has
    moved and the key is free.
    """
    try:
        done = _transfer(caller, idempotency_key, request, correlation_id, now)
    except Refusal:
        # Whose session has ended is told that and nothing else; the way that succeeds pays no read for it.
        customers.require_live_session(caller)
        raise
    if done.hit:
        customers.require_live_session(caller)
    return done


def _transfer(
    caller: Caller, idempotency_key: str, request: Request, correlation_id: str, now: dt.datetime
) -> Transferred:
    if request.amount_fen <= 0:
        raise AmountOutOfRange()
    if request.payee_bank is not None:
        raise FactorRequired()
    if request.payer_account == request.payee_account:
        raise SamePayerAndPayee()
    if request.speed is not None:
        raise SpeedNotOffered()
    if request.valid_until is None:
        raise ValueError("a transfer at once states its valid_until")
    ahead_h = parameters.value(parameters.TRANSFER_VALID_AHEAD_H, now)
    if request.valid_until > clock.to_text(now + dt.timedelta(hours=ahead_h)):
        raise ValidUntilTooFar(max_hours=str(ahead_h))
    entitlements.require(caller.edition, entitlements.TRANSFERS_OWN, factor=NO_FACTOR, account=entitlements.FULL)
    entry_id = entry_id_of(caller.customer_id, idempotency_key)
    instruction = Instruction(
        entry_id=entry_id,
        customer_id=caller.customer_id,
        payer_account=request.payer_account,
        payee_account=request.payee_account,
        payee_name=request.payee_name,
        amount_fen=request.amount_fen,
        fee_fen=0,
        currency=request.currency,
        purpose=request.purpose,
        factor=NO_FACTOR,
        factor_id=NO_FACTOR,
        created_at=clock.to_text(now),
        valid_until=request.valid_until,
    )
    item = whole_item(
        instruction,
        entry_of(instruction),
        outward=False,
        payer_name=request.payee_name,  # one holder on both sides: a condition below
        request_digest=request.digest(),
        correlation_id=correlation_id,
        session_id=caller.session_id,
        **({"device_id": caller.device_id} if caller.device_id is not None else {}),
    )
    try:
        posted = ledger.post(lambda at: _draft(caller, item, at))
    except TransferExpired:
        return Transferred(_posted_before(entry_id, item["request_digest"]), hit=True)
    image = posted.replayed if posted.replayed is not None else {**item, **dated(posted.draft.facts)}
    return Transferred(image, hit=posted.replayed is not None)


def _posted_before(entry_id: str, request_digest: bytes) -> Image:
    """What an earlier request with this key has posted in time; raises TransferExpired, IdempotencyKeyReused."""
    stored = ledger.read_entry(entry_id)
    if stored is None:
        raise TransferExpired()
    if stored["request_digest"] != request_digest:
        raise ledger.IdempotencyKeyReused()
    return stored


def _draft(caller: Caller, item: Image, now: dt.datetime) -> ledger.Draft:
    _refuse_late(item["valid_until"], now)
    draft = draft_of(item, caller, now, proof=None)
    payee = draft.accounts[item["payee_account"]]
    payee.require(own_rule(caller.customer_id), holder_rule(item["payee_name"]))
    return ledger.Draft(
        entry_id=draft.entry_id,
        facts=draft.facts,
        request_digest=draft.request_digest,
        journal=ledger.journal_put({**item, **dated(draft.facts)}),
        accounts=draft.accounts,
        others=draft.others,
    )


def _refuse_late(valid_until: str, now: dt.datetime) -> None:
    """Asked of each attempt's own `now`. A new item has no old image that a condition could compare with."""
    if valid_until <= clock.to_text(now):
        raise TransferExpired()


def own_rule(customer_id: str) -> Rule:
    """The payee is the payer's own account."""
    return Rule(
        "#customer_id = :customer",
        {":customer": s(customer_id)},
        lambda image: bool(image["customer_id"] == customer_id),
        lambda _: FactorRequired(),
    )


def holder_rule(name: str) -> Rule:
    """The payee's name is the account holder's."""
    return Rule(
        "#holder = :holder",
        {":holder": s(name)},
        lambda image: bool(image["holder"] == name),
        lambda _: ledger.PayeeUnavailable(),
    )
