"""Judge what an order would do by the rules that its execution will carry, so that the customer learns early."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.customers import service as customers
from chalicelib.customers.commands.count_wrong_payee import count_wrong_payee, require_guesses_left
from chalicelib.entitlements import service as entitlements
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.factors import service as factors
from chalicelib.factors.commands import confirm_later
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.orders.domain import Confirmation, Event, Terms
from chalicelib.parameters import service as parameters
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemUpdate, lowest
from chalicelib.platform.errors import AmountOutOfRange, NotFound, Refusal
from chalicelib.stepup import service as stepup
from chalicelib.stepup.errors import StepUpRequired
from chalicelib.transfers.errors import SamePayerAndPayee

UNCONFIRMED = factors.NO_FACTOR


@dataclass(frozen=True, slots=True)
class Judged:
    """Terms that may be ordered, with the fee quoted; `methods` would confirm what goes to somebody else."""

    terms: Terms
    outward: bool
    methods: tuple[str, ...]

    def demand(
        self,
        caller: Caller,
        operation: stepup.Operation,
        facts: Mapping[str, str],
        given: str | None,
        correlation_id: str,
    ) -> stepup.Demand:
        """The step-up that it takes: by one of `methods`, on an account contracted at the counter."""
        return stepup.Demand(caller, operation, facts, given, correlation_id, entitlements.FULL, self.methods)


def judge_terms(caller: Caller, customer: customers.Customer, terms: Terms, now: dt.datetime) -> Judged:
    """Terms as they can be ordered now. Funds and the day's limits are asked when it is paid.

    Raises NotFound for a payer that is not the caller's, AmountOutOfRange, and in the documented order what the payee,
    the payer, its single limit, the switch, edition and factors refuse.
    """
    if terms.amount_fen <= 0:
        raise AmountOutOfRange()
    found = ledger.read_accounts(list(dict.fromkeys([terms.payer_account, terms.payee_account])))
    payer, payee = found.get(terms.payer_account), found.get(terms.payee_account)
    if payer is None:
        raise NotFound()
    outward = payee is None or payee.customer_id != caller.customer_id
    if outward:
        require_guesses_left(customer, now)
    refusals: list[Refusal] = record_update(caller, outward=outward).breaches(customer.image)
    operation = entitlements.TRANSFERS_OUTWARD if outward else entitlements.TRANSFERS_OWN
    if not entitlements.is_allowed(operation, caller.edition, account=entitlements.FULL):
        refusals.append(EditionNotEntitled())
    if terms.payer_account == terms.payee_account:
        refusals.append(SamePayerAndPayee())
    pays = ledger.account_update(terms.payer_account, payee=False)
    ledger.require_payer(pays, caller.customer_id, 0)
    if outward:
        pays.require(limits.single_rule(terms.amount_fen))
    refusals += pays.breaches(payer.image)
    if payee is None or payee.holder != terms.payee_name or not ledger.can_receive(payee):
        refusals.append(ledger.PayeeUnavailable())
    methods: tuple[str, ...] = ()
    if outward:
        try:
            methods = confirm_later.methods_for(customer.image, terms.amount_fen, now)
        except Refusal as none_would_do:
            refusals.append(none_would_do)
    refusal = lowest(refusals)
    if isinstance(refusal, ledger.PayeeUnavailable):
        count_wrong_payee(caller.customer_id, now)
    if refusal is not None:
        raise refusal
    fee_fen = parameters.value(parameters.TRANSFER_FEE_FEN, now) if outward else 0
    return Judged(replace(terms, fee_fen=fee_fen), outward, methods)


def record_update(caller: Caller, *, outward: bool) -> ItemUpdate:
    """The customer's record as a condition of the order's own write: session, device, edition, state, the switch."""
    return customers.payer_update(caller.customer_id, caller.session_id, caller.device_id, outward=outward)


def confirmation_of(customer: customers.Customer, challenge: stepup.Challenge, revision: int) -> Confirmation:
    """What the order rests on from then on. Raises StepUpRequired when the customer no longer has that factor."""
    rested = confirm_later.rested_on(customer.image, challenge.rests_on)
    if rested is None:
        raise StepUpRequired()
    factor, method = rested
    return Confirmation(factor, challenge.rests_on, method, revision, challenge.confirmed_at)


def confirmed_update(caller: Caller, judged: Judged, confirmation: Confirmation, now: dt.datetime) -> ItemUpdate:
    """The customer's record, with what a payment of the amount by that factor would require today."""
    update = record_update(caller, outward=judged.outward)
    confirm_later.require_today(update, confirmation.factor, confirmation.factor_id, judged.terms.amount_fen, now)
    return update


def with_evidence(event: Event, challenge: stepup.Challenge) -> Event:
    """The row of the history with what confirmed it, whole: a challenge itself is not kept."""
    return replace(
        event,
        form=challenge.canonical(),
        proof=challenge.proof,
        session_id=challenge.holder,
        confirmed_at=challenge.confirmed_at,
    )
