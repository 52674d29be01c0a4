"""Judge what a batch would do by the rules that its payments will carry, so that the customer learns early."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

from chalicelib.batches.domain import Line, Wanted, repeated
from chalicelib.batches.errors import BatchCeilingExceeded, BatchLineRefused, BatchLinesRepeat, BatchTooLong
from chalicelib.customers import service as customers
from chalicelib.customers.commands.count_wrong_payee import count_wrong_payee, require_guesses_left
from chalicelib.entitlements import service as entitlements
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.factors import errors as factor_errors
from chalicelib.factors import service as factors
from chalicelib.factors.commands import confirm_later
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemUpdate, lowest
from chalicelib.platform.errors import AmountOutOfRange, NotFound, Refusal
from chalicelib.platform.money import decimal_text
from chalicelib.transfers import service as transfers
from chalicelib.transfers.errors import SamePayerAndPayee


@dataclass(frozen=True, slots=True)
class Judged:
    """What may be confirmed, with fees quoted, by one of `methods`."""

    wanted: Wanted
    methods: tuple[str, ...]


def judge_batch(caller: Caller, customer: customers.Customer, wanted: Wanted, now: dt.datetime) -> Judged:
    """The batch as it can be confirmed now. Funds and the day's limits are asked for all of it, and again a line.

    Raises BatchTooLong, AmountOutOfRange, BatchLinesRepeat; NotFound for a payer that is not the caller's;
    WrongPayeesExhausted; and in the documented order what payer, limits, switch, edition and factors refuse, and
    BatchLineRefused for the first payment that could not be made by itself.
    """
    _require_form(wanted, now)
    accounts = ledger.read_accounts(
        list(dict.fromkeys([wanted.payer_account, *(line.payee_account for line in wanted.lines)]))
    )
    payer = accounts.get(wanted.payer_account)
    if payer is None:
        raise NotFound()
    fee_fen = parameters.value(parameters.TRANSFER_FEE_FEN, now)
    quoted = replace(
        wanted, lines=tuple(_quoted(line, accounts.get(line.payee_account), caller, fee_fen) for line in wanted.lines)
    )
    if quoted.outward:
        require_guesses_left(customer, now)
    quoted = replace(quoted, hint=_hint(customer, quoted, now))
    refusals: list[Refusal] = _refusals_of_all(caller, customer, payer, quoted, now)
    methods: tuple[str, ...] = ()
    try:
        methods, none_will_do = _methods(caller, customer, quoted, now)
        refusals += none_will_do
    except factor_errors.FactorCeilingExceeded as above:
        refusals.append(BatchCeilingExceeded(amount=decimal_text(quoted.outward_fen), **above.facts))
    except Refusal as none_would_do:
        refusals.append(none_would_do)
    line_refused = _first_refused(quoted, payer, accounts)
    if line_refused is not None:
        refusals.append(line_refused)
    refusal = lowest(refusals)
    if refusal is not None:
        if refusal.facts.get("reason") == ledger.PayeeUnavailable.code:
            count_wrong_payee(caller.customer_id, now)
        raise refusal
    return Judged(quoted, methods)


def _hint(customer: customers.Customer, quoted: Wanted, now: dt.datetime) -> str:
    """What the payer should think over before confirming (PBoC notice 261)."""
    paid_fen = limits.paid_to_others(customer.image, clock.business_date(now)) + quoted.outward_fen
    is_high = quoted.outward_fen > 0 and paid_fen > parameters.value(parameters.TRANSFER_REMINDER_DAY_FEN, now)
    return transfers.DAY_SUM_HIGH if is_high else ""


def _methods(
    caller: Caller, customer: customers.Customer, quoted: Wanted, now: dt.datetime
) -> tuple[tuple[str, ...], list[Refusal]]:
    """The methods by which all of it would pass the customer's limits; where none would, why not by the strongest.

    Raises what confirm_later.methods_for raises.
    """
    held = confirm_later.methods_for(customer.image, quoted.outward_fen, now)

    def refused(kinds: Collection[str]) -> list[Refusal]:
        record = record_update(caller, quoted)
        require_room(record, quoted, kinds, now)
        return record.breaches(customer.image)

    able = tuple(method for method in held if not refused({factors.factor_of(method)}))
    return (able, []) if able else ((), refused({factors.factor_of(method) for method in held}))


def record_update(caller: Caller, wanted: Wanted) -> ItemUpdate:
    """The customer's record as a condition of the batch's own write: session, device, edition, state, the switch."""
    return customers.payer_update(caller.customer_id, caller.session_id, caller.device_id, outward=bool(wanted.outward))


def require_room(update: ItemUpdate, wanted: Wanted, kinds: Collection[str], now: dt.datetime) -> None:
    """Make it a condition of the customer's record that all of it passes the day's limits, by factors of `kinds`."""
    limits.require_customer_room(
        update,
        clock.business_date(now),
        wanted.outward,
        limits.Proof.CERTIFICATE if factors.CERTIFICATE in kinds else limits.Proof.FACTOR,
        no_certificate_day_fen=factors.terms_at(now).policy.no_certificate_day_fen,
    )


def _require_form(wanted: Wanted, now: dt.datetime) -> None:
    most = parameters.value(parameters.BATCH_LINES, now)
    if len(wanted.lines) > most:
        raise BatchTooLong(most=str(most))
    if any(line.amount_fen <= 0 for line in wanted.lines):
        raise AmountOutOfRange()
    twice = repeated(wanted.lines)
    if twice is not None:
        raise BatchLinesRepeat(line=str(twice[0]), earlier=str(twice[1]))


def _quoted(line: Line, payee: ledger.Account | None, caller: Caller, fee_fen: int) -> Line:
    outward = payee is None or payee.customer_id != caller.customer_id
    return replace(line, outward=outward, fee_fen=fee_fen if outward else 0)


def _refusals_of_all(
    caller: Caller, customer: customers.Customer, payer: ledger.Account, quoted: Wanted, now: dt.datetime
) -> list[Refusal]:
    """What edition, record and account refuse to all of it together, whatever confirms it."""
    refusals: list[Refusal] = record_update(caller, quoted).breaches(customer.image)
    if not entitlements.is_allowed(entitlements.TRANSFERS_OUTWARD, caller.edition, account=entitlements.FULL):
        refusals.append(EditionNotEntitled())
    pays = ledger.account_update(quoted.payer_account, payee=False)
    ledger.require_payer(pays, caller.customer_id, quoted.total_fen + quoted.fee_fen)
    limits.require_account_room(pays, clock.business_date(now), quoted.outward)
    return [*refusals, *pays.breaches(payer.image)]


def _first_refused(
    wanted: Wanted, payer: ledger.Account, accounts: dict[str, ledger.Account]
) -> BatchLineRefused | None:
    """Of the first payment that could not be made by itself. The others are not looked at: each is told in its turn,
    so that one request tells of one name that does not fit.
    """
    for line in wanted.lines:
        refusal: Refusal | None = None
        if line.payee_account == wanted.payer_account:
            refusal = SamePayerAndPayee()
        elif not ledger.is_payee(accounts.get(line.payee_account), line.payee_name):
            refusal = ledger.PayeeUnavailable()
        elif line.outward:
            rule = limits.single_rule(line.amount_fen)
            refusal = None if rule.holds(payer.image) or rule.refuse is None else rule.refuse(payer.image)
        if refusal is not None:
            return BatchLineRefused(refusal, line=str(line.number), reason=refusal.code)
    return None
