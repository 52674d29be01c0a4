"""Create a transfer: check, quote, and store the instruction that a code will confirm."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.clearing import service as clearing
from chalicelib.customers import service as customers
from chalicelib.customers.commands.count_wrong_payee import count_wrong_payee, require_guesses_left
from chalicelib.entitlements import service as entitlements
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.parameters import service as parameters
from chalicelib.paycodes import service as paycodes
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, lowest
from chalicelib.platform.errors import AmountOutOfRange, NotFound, Refusal
from chalicelib.routing import service as routing
from chalicelib.transfers.domain import (
    DAY_SUM_HIGH,
    FIRST_ATTEMPT,
    REALTIME,
    Instruction,
    Request,
    arrival,
    facts_of,
    sealed_form,
)
from chalicelib.transfers.errors import SamePayerAndPayee, SpeedNotOffered
from chalicelib.transfers.posting import draft_of
from chalicelib.transfers.states import CREATE
from chalicelib.transfers.store import entry_id_of


@dataclass(frozen=True, slots=True)
class Created:
    """The stored journal item, whether an earlier request with this key had made it, and what to warn of."""

    image: Image
    hit: bool
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Returns:
    """What a transfer gives back: the recall that asked for it, and the entry it asked about."""

    recall_id: str
    entry_id: str


def create_transfer(
    caller: Caller,
    idempotency_key: str,
    request: Request,
    correlation_id: str,
    now: dt.datetime,
    *,
    returns: Returns | None = None,
    paycode: paycodes.PayCode | None = None,
) -> Created:
    """Quote fee and payee and store the instruction; nothing moves yet.

    One that `returns` what a recall asked back costs nothing, and says so where it is stored; so does one whose payee
    showed a receive code (`paycode`), which raises why that cannot be paid.

    Repeats with the same key answer what was stored. Raises IdempotencyKeyReused for another payload, and
    in the documented order whatever confirming now would be refused for, so that the customer learns early.
    """
    entry_id = entry_id_of(caller.customer_id, idempotency_key)
    stored, accounts = ledger.read(entry_id, _distinct(request))
    customer = customers.require_live_session(caller)
    if stored is not None:
        created = _replay(stored, request, _hints(customer, stored, now))
        entitlements.require(caller.edition, entitlements.TRANSFERS_OUTWARD)
        return created
    if request.amount_fen <= 0:
        raise AmountOutOfRange()
    if paycode is not None:
        paycode.require_payable(caller.customer_id, clock.to_text(now))
    chosen = factors.choose(caller, customer.image, request.factor, request.factor_id, now)
    item = _item(caller, entry_id, request, chosen, accounts, now, returns=returns)
    if paycode is not None:
        item |= {"paycode": paycode.code_id, "paycode_kind": paycode.kind}
    item["correlation_id"] = correlation_id
    # Whom a return or a scanned code pays the bank itself has named; of who is paid elsewhere it knows nothing.
    is_guess = item["outward"] and returns is None and paycode is None and request.payee_bank is None
    if is_guess:
        require_guesses_left(customer, now)
    with factors.naming_what_is_usable(caller, now):
        try:
            route = _refuse_early(caller, customer, item, chosen, accounts, now)
        except ledger.PayeeUnavailable:
            if is_guess:
                count_wrong_payee(caller.customer_id, now)
            raise
    factors.count_coded(chosen.factor, customer.image, now)
    if route is not None:
        item |= {"channel": route.channel, "expected_at": clock.to_text(route.arrives_at)}
    item["seal"] = factors.seal_of(sealed_form(item))
    before = ledger.record_instruction(item)
    if before is not None:
        return _replay(before, request, _hints(customer, before, now))
    return Created(dict(item), hit=False, hints=_hints(customer, item, now))


def _distinct(request: Request) -> list[str]:
    if request.payee_bank is not None:
        return [request.payer_account]  # the same number may be somebody's account here: that is not the payee
    return list(dict.fromkeys([request.payer_account, request.payee_account]))


def _replay(stored: Image, request: Request, hints: tuple[str, ...]) -> Created:
    if stored["request_digest"] != request.digest():
        raise ledger.IdempotencyKeyReused()
    return Created(stored, hit=True, hints=hints)


def _item(
    caller: Caller,
    entry_id: str,
    request: Request,
    chosen: factors.Chosen,
    accounts: dict[str, ledger.Account],
    now: dt.datetime,
    *,
    returns: Returns | None,
) -> Image:
    payee = accounts.get(request.payee_account) if request.payee_bank is None else None
    payer = accounts.get(request.payer_account)
    payee_is_own = payee is not None and payee.customer_id == caller.customer_id
    valid_until = now + dt.timedelta(seconds=parameters.value(parameters.SMS_CODE_VALID_S, now))
    if chosen.valid_until is not None:
        # What the factor confirms ends with it: the write asks for nothing more.
        valid_until = min(valid_until, chosen.valid_until)
    fee = parameters.TRANSFER_FEE_FEN if request.payee_bank is None else parameters.OTHER_BANK_FEE_FEN
    instruction = Instruction(
        entry_id=entry_id,
        customer_id=caller.customer_id,
        payer_account=request.payer_account,
        payee_account=request.payee_account,
        payee_name=request.payee_name,
        amount_fen=request.amount_fen,
        fee_fen=0 if payee_is_own or returns is not None else parameters.value(fee, now),
        currency=request.currency,
        purpose=request.purpose,
        factor=chosen.factor,
        factor_id=chosen.factor_id,
        created_at=clock.to_text(now),
        valid_until=clock.to_text(valid_until),
        speed=request.speed,
        arrives_at=_arrives_at(request.speed, valid_until, now),
        payee_bank=request.payee_bank,
    )
    item = {
        **facts_of(instruction),
        "kind": "transfer",
        "state": CREATE.after,
        "outward": not payee_is_own,
        "payer_name": payer.holder if payer else "",
        "tries": 0,
        "attempt": FIRST_ATTEMPT,
        "digest": instruction.digest(),
        "request_digest": request.digest(),
        **chosen.kept,
    }
    if payee is not None and payee.is_credit_deferred:
        item["payee_credit"] = ledger.CREDIT_DEFERRED
    if returns is not None:
        item |= {"returns": returns.recall_id, "returns_entry": returns.entry_id}
    return item


def _arrives_at(speed: str | None, valid_until: dt.datetime, now: dt.datetime) -> str | None:
    """The moment that is quoted, and kept to; None at once."""
    if speed is None:
        return None
    normal_min = parameters.value(parameters.TRANSFER_NORMAL_MIN, now)
    next_day_at_min = parameters.value(parameters.TRANSFER_NEXT_DAY_AT_MIN, now)
    return clock.to_text(arrival(speed, valid_until, normal_min=normal_min, next_day_at_min=next_day_at_min))


def _hints(customer: customers.Customer, item: Image, now: dt.datetime) -> tuple[str, ...]:
    """What the payer should think over before confirming (PBoC notice 261), as things are now."""
    if not item["outward"] or item["state"] != CREATE.after:
        return ()
    paid_fen = limits.paid_to_others(customer.image, clock.business_date(now)) + item["amount_fen"]
    return (DAY_SUM_HIGH,) if paid_fen > parameters.value(parameters.TRANSFER_REMINDER_DAY_FEN, now) else ()


def _refuse_early(
    caller: Caller,
    customer: customers.Customer,
    item: Image,
    chosen: factors.Chosen,
    accounts: dict[str, ledger.Account],
    now: dt.datetime,
) -> routing.Route | None:
    """Judge by the very rules the posting's write will carry, so that the two can never differ.

    The channel for what goes to another bank.
    """
    if item["payer_account"] not in accounts:
        raise NotFound()
    draft = draft_of(item, caller, now, factors.expected(now))
    refusals: list[Refusal] = factors.device_refusals(chosen.method, caller.device_id)
    operation = entitlements.TRANSFERS_OUTWARD if item["outward"] else entitlements.TRANSFERS_OWN
    # Where the customer holds no such factor, that is told by the factor's own rule.
    method = None if chosen.method == factors.NO_FACTOR else chosen.method
    if not entitlements.is_allowed(operation, caller.edition, method, entitlements.FULL):
        refusals.append(EditionNotEntitled())
    is_here = item["payee_bank"] is None
    if is_here and item["payer_account"] == item["payee_account"]:
        refusals.append(SamePayerAndPayee())
    if item["arrives_at"] is not None and not item["outward"]:
        refusals.append(SpeedNotOffered())
    for update in draft.others:
        refusals += update.breaches(customer.image)
    for account_id, update in draft.accounts.items():
        account = accounts.get(account_id)
        refusals += update.breaches(account.image if account else None)
    # A deferred payee is no part of the write, so its state is judged here.
    if is_here and not ledger.is_payee(accounts.get(item["payee_account"]), item["payee_name"]):
        refusals.append(ledger.PayeeUnavailable())
    route = None
    if not is_here:
        try:
            route = _route(item, now)
        except Refusal as none_goes:
            refusals.append(none_goes)
    refusal = lowest(refusals)
    if refusal is not None:
        raise refusal
    return route


def _route(item: Image, now: dt.datetime) -> routing.Route:
    """By which channel it goes to another bank, when its time has come. Raises BankUnknown, what `routing` refuses."""
    if clearing.bank_of(item["payee_bank"]) is None:
        raise clearing.BankUnknown()
    goes_at = now if item["arrives_at"] is None else clock.from_text(item["arrives_at"])
    return routing.route(item["amount_fen"], goes_at, item["speed"] or REALTIME)
