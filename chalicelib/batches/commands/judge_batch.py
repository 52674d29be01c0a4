"""Judge what a batch would do by the rules that its payments will carry, so that the customer learns early."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

from chalicelib.batches.domain import Line, Wanted, repeated
from chalicelib.batches.errors import BatchLineRefused, BatchLinesRepeat, BatchTooLong
from chalicelib.customers import service as customers
from chalicelib.customers.commands.count_wrong_payee import count_wrong_payee, require_guesses_left
from chalicelib.entitlements import service as entitlements
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.factors import service as factors
from chalicelib.factors.commands import confirm_later
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.dynamo import lowest
from chalicelib.platform.errors import AmountOutOfRange, NotFound, Refusal
from chalicelib.platform.http import Caller
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
    refusals: list[Refusal] = []
    methods: tuple[str, ...] = ()
    try:
        methods = confirm_later.methods_for(customer.image, quoted.outward_fen, now)
    except Refusal as none_would_do:
        refusals.append(none_would_do)
    refusals += _refusals_of_all(caller, customer, payer, quoted, methods, now)
    line_refused = _first_refused(quoted, payer, accounts)
    if line_refused is not None:
        refusals.append(line_refused)
    refusal = lowest(refusals)
    if refusal is not None:
        if refusal.facts.get("reason") == ledger.PayeeUnavailable.code:
            count_wrong_payee(caller.customer_id, now)
        raise refusal
    return Judged(quoted, methods)


def proof_of(kinds: Collection[str]) -> limits.Proof:
    """What factors of these kinds prove to the limits, by whichever of them proves most."""
    return limits.Proof.CERTIFICATE if factors.CERTIFICATE in kinds else limits.Proof.FACTOR


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
    caller: Caller,
    customer: customers.Customer,
    payer: ledger.Account,
    quoted: Wanted,
    methods: tuple[str, ...],
    now: dt.datetime,
) -> list[Refusal]:
    """What the payer's record and account refuse to all of it together."""
    refusals: list[Refusal] = []
    if not entitlements.is_allowed(entitlements.TRANSFERS_OUTWARD, caller.edition, account=entitlements.FULL):
        refusals.append(EditionNotEntitled())
    date = clock.business_date(now)
    record = customers.payer_update(
        caller.customer_id, caller.session_id, caller.device_id, outward=bool(quoted.outward)
    )
    # By whichever of them counts least; what was confirmed by another is asked again with the write.
    proof = proof_of({factors.factor_of(method) for method in methods})
    limits.require_customer_room(record, date, quoted.outward, proof)
    pays = ledger.account_update(quoted.payer_account, payee=False)
    ledger.require_payer(pays, caller.customer_id, quoted.total_fen + quoted.fee_fen)
    limits.require_account_room(pays, date, quoted.outward)
    return [*refusals, *record.breaches(customer.image), *pays.breaches(payer.image)]


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
