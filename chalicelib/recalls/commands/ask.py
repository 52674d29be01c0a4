"""Ask for a mistaken transfer back, once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image
from chalicelib.recalls import store
from chalicelib.recalls.domain import Recall
from chalicelib.recalls.errors import RecallKnown, RecallNotPossible, RecallTooLate
from chalicelib.transfers import service as transfers


@dataclass(frozen=True, slots=True)
class Asked:
    """The recall, and whether it had been asked for before."""

    recall: Recall
    hit: bool


def ask(caller: Caller, transfer_id: str, reason: str, correlation_id: str, now: dt.datetime) -> Asked:
    """Ask the payee of one of the caller's posted transfers to return it; the recall's stream tells the payee.

    The same again answers the recall as it is now. Raises NotFound (also for another's transfer), RecallKnown for
    another reason, RecallNotPossible, RecallTooLate; TryAgain, OutcomeUnknown.
    """
    image = transfers.transfer_of(caller.customer_id, transfer_id)
    before = store.read(store.id_of(transfer_id))
    if before is None:
        recall = _recall(image, reason, correlation_id, now)
        before = updates.put(store.put_of(recall))
        if before is None:
            return Asked(recall, hit=False)
    found = Recall.from_image(before)
    if found.reason != reason:
        raise RecallKnown()
    return Asked(found, hit=True)


def _recall(image: Image, reason: str, correlation_id: str, now: dt.datetime) -> Recall:
    # What is at another bank, nobody here can return.
    is_over = any(name in image for name in ("reversed_by", "returns", "payee_bank"))
    if image["state"] != ledger.POSTED or not image["outward"] or is_over:
        raise RecallNotPossible()
    within = parameters.value(parameters.RECALL_WITHIN_D, now)
    if clock.from_text(image["posted_at"]) + dt.timedelta(days=within) <= now:
        raise RecallTooLate(days=str(within))
    payee = ledger.read_accounts([image["payee_account"]]).get(image["payee_account"])
    if payee is None or not ledger.can_receive(payee):
        raise RecallNotPossible()  # a closed account has nobody who could return anything from it
    at, open_for = clock.to_text(now), dt.timedelta(days=parameters.value(parameters.RECALL_OPEN_D, now))
    return Recall(
        recall_id=store.id_of(image["entry_id"]),
        transfer_id=image["entry_id"],
        payer_customer=image["customer_id"],
        payee_customer=payee.customer_id,
        payer_account=image["payer_account"],
        payee_account=image["payee_account"],
        payer_name=image["payer_name"],
        payee_name=image["payee_name"],
        amount_fen=image["amount_fen"],
        currency=image["currency"],
        transferred_at=image["posted_at"],
        reason=reason,
        asked_at=at,
        changed_at=at,
        expires_at=clock.to_text(now + open_for),
        correlation_id=correlation_id,
    )
