"""Create a transfer: check, quote, and store the instruction that a code will confirm."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids
from chalicelib.platform.dynamo import Image, lowest
from chalicelib.platform.errors import AmountOutOfRange, NotFound, Refusal
from chalicelib.platform.http import Caller
from chalicelib.platform.money import decimal_text
from chalicelib.transfers.domain import AWAITING, FIRST_ATTEMPT, SMS, Instruction, Request
from chalicelib.transfers.errors import FactorCeilingExceeded, SamePayerAndPayee
from chalicelib.transfers.posting import draft_of


@dataclass(frozen=True, slots=True)
class Created:
    """The stored journal item, and whether an earlier request with this key had made it."""

    image: Image
    hit: bool


def entry_id_of(customer_id: str, idempotency_key: str) -> str:
    """The instruction's id: the same for the same customer and key, for ever."""
    return ids.derived_id("transfer", customer_id, idempotency_key)


def create_transfer(
    caller: Caller, idempotency_key: str, request: Request, correlation_id: str, now: dt.datetime
) -> Created:
    """Quote fee and payee and store the instruction; nothing moves yet.

    Repeats with the same key answer what was stored. Raises IdempotencyKeyReused for another payload, and
    in the documented order whatever confirming now would be refused for, so that the customer learns early.
    """
    entry_id = entry_id_of(caller.customer_id, idempotency_key)
    stored, accounts = ledger.read(entry_id, _distinct(request))
    customer = customers.require_live_session(caller.customer_id, caller.session_id)
    if stored is not None:
        return _replay(stored, request)
    if request.amount_fen <= 0:
        raise AmountOutOfRange()
    item, payee_is_own = _item(caller, entry_id, request, correlation_id, accounts, now)
    _refuse_early(caller, customer, item, accounts, payee_is_own, now)
    before = ledger.record_instruction(item)
    if before is not None:
        return _replay(before, request)
    return Created(dict(item), hit=False)


def _distinct(request: Request) -> list[str]:
    return list(dict.fromkeys([request.payer_account, request.payee_account]))


def _replay(stored: Image, request: Request) -> Created:
    if stored["request_digest"] != request.digest():
        raise ledger.IdempotencyKeyReused()
    return Created(stored, hit=True)


def _item(
    caller: Caller,
    entry_id: str,
    request: Request,
    correlation_id: str,
    accounts: dict[str, ledger.Account],
    now: dt.datetime,
) -> tuple[Image, bool]:
    payee = accounts.get(request.payee_account)
    payer = accounts.get(request.payer_account)
    payee_is_own = payee is not None and payee.customer_id == caller.customer_id
    valid_for = dt.timedelta(seconds=parameters.value(parameters.SMS_CODE_VALID_S, now))
    instruction = Instruction(
        entry_id=entry_id,
        customer_id=caller.customer_id,
        payer_account=request.payer_account,
        payee_account=request.payee_account,
        payee_name=request.payee_name,
        amount_fen=request.amount_fen,
        fee_fen=0 if payee_is_own else parameters.value(parameters.TRANSFER_FEE_FEN, now),
        currency=request.currency,
        purpose=request.purpose,
        factor=SMS,
        created_at=clock.to_text(now),
        valid_until=clock.to_text(now + valid_for),
    )
    item = {
        **asdict(instruction),
        "kind": "transfer",
        "state": AWAITING,
        "outward": not payee_is_own,
        "payer_name": payer.holder if payer else "",
        "tries": 0,
        "attempt": FIRST_ATTEMPT,
        "digest": instruction.digest(),
        "request_digest": request.digest(),
        "correlation_id": correlation_id,
    }
    return item, payee_is_own


def _refuse_early(
    caller: Caller,
    customer: customers.Customer,
    item: Image,
    accounts: dict[str, ledger.Account],
    payee_is_own: bool,
    now: dt.datetime,
) -> None:
    """Judge by the very rules the posting's write will carry, so that the two can never differ."""
    if item["payer_account"] not in accounts:
        raise NotFound()
    draft = draft_of(item, caller.session_id, now)
    refusals: list[Refusal] = []
    if item["payer_account"] == item["payee_account"]:
        refusals.append(SamePayerAndPayee())
    for update in draft.others:
        refusals += update.breaches(customer.image)
    for account_id, update in draft.accounts.items():
        account = accounts.get(account_id)
        refusals += update.breaches(account.image if account else None)
    payee = accounts.get(item["payee_account"])
    if payee is None or payee.holder != item["payee_name"]:
        refusals.append(ledger.PayeeUnavailable())
    ceiling_fen = parameters.value(parameters.SMS_CEILING_FEN, now)
    if not payee_is_own and item["amount_fen"] > ceiling_fen:
        refusals.append(FactorCeilingExceeded(ceiling=decimal_text(ceiling_fen)))
    refusal = lowest(refusals)
    if refusal is not None:
        raise refusal
