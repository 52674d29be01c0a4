"""Post a transfer that its payer has confirmed before, while nobody is logged in (YQ-4.2.2-sched).

Instruction, journal entry and posting are one write, as in a transfer at once; who asks for it says in that same write
what else must hold and what else is done, so that it is done once however often it is asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate
from chalicelib.platform.money import CURRENCY
from chalicelib.transfers.commands.transfer_at_once import holder_rule, own_rule
from chalicelib.transfers.domain import Instruction
from chalicelib.transfers.posting import dated, entry_of, facts_at, moving, whole_item


@dataclass(frozen=True, slots=True)
class Unattended:
    """What to pay. `factor` and `factor_id` confirmed it before; between own accounts (not `outward`) they are `none`.

    `entry_id` is the same for the same payment, and `request_digest` of what it is for: a repeat finds what was posted.
    `origin` is what the entry keeps of what it is a payment of, and by which that, and what confirmed it, is found.
    """

    entry_id: str
    request_digest: bytes
    correlation_id: str
    customer_id: str
    payer_account: str
    payee_account: str
    payee_name: str
    amount_fen: int
    fee_fen: int
    purpose: str
    factor: str
    factor_id: str
    outward: bool
    origin: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Along:
    """What is written together with a payment."""

    updates: tuple[ItemUpdate, ...]
    rows: tuple[ItemPut, ...]


def transfer_unattended(wanted: Unattended, along: Callable[[dt.datetime], Along]) -> ledger.Posted:
    """Post it; `replayed` has what an earlier request posted.

    Raises PayeeUnavailable, what the payer's account and record refuse (funds, limits, the switch), what `along`
    refuses, TryAgain, OutcomeUnknown. Whether the factor's ceiling and the customer's session allow it was asked when
    it was confirmed.
    """
    found = ledger.read_accounts([wanted.payer_account, wanted.payee_account])
    payer, payee = found.get(wanted.payer_account), found.get(wanted.payee_account)
    # A deferred payee is no part of the write, so it is judged here; of any other the write asks the same.
    if payer is None or payee is None or payee.holder != wanted.payee_name or not ledger.can_receive(payee):
        raise ledger.PayeeUnavailable()
    return ledger.post(lambda now: _draft(wanted, payer, payee, along(now), now))


def _draft(
    wanted: Unattended, payer: ledger.Account, payee: ledger.Account, along: Along, now: dt.datetime
) -> ledger.Draft:
    instruction = Instruction(
        **{name: getattr(wanted, name) for name in _STATED},
        currency=CURRENCY,
        created_at=clock.to_text(now),
        # The day of the posting: an execution never reaches into the next.
        valid_until=clock.to_text(clock.start_of_day(clock.business_date(now)) + dt.timedelta(days=1)),
    )
    entry = entry_of(instruction, payee_is_deferred=payee.is_credit_deferred)
    item = _item(wanted, instruction, entry, payer, payee)
    facts = facts_at(now, item)
    customer = customers.absent_payer_update(wanted.customer_id, outward=wanted.outward)
    policy = factors.terms_at(now).policy if wanted.outward else None
    accounts = moving(instruction, entry, facts, customer, policy, outward=wanted.outward)
    if wanted.payee_account in accounts:
        accounts[wanted.payee_account].require(holder_rule(wanted.payee_name))
        if not wanted.outward:
            accounts[wanted.payee_account].require(own_rule(wanted.customer_id))
    return ledger.Draft(
        entry_id=entry.entry_id,
        facts=facts,
        request_digest=wanted.request_digest,
        journal=ledger.journal_put({**item, **dated(facts)}),
        accounts=accounts,
        others=(customer, *along.updates),
        rows=along.rows,
    )


def _item(
    wanted: Unattended,
    instruction: Instruction,
    entry: ledger.Entry,
    payer: ledger.Account,
    payee: ledger.Account,
) -> Image:
    deferred = {"payee_credit": ledger.CREDIT_DEFERRED} if payee.is_credit_deferred else {}
    return whole_item(
        instruction,
        entry,
        outward=wanted.outward,
        payer_name=payer.holder,
        request_digest=wanted.request_digest,
        correlation_id=wanted.correlation_id,
        **wanted.origin,
        **deferred,
    )


_STATED = (
    "entry_id",
    "customer_id",
    "payer_account",
    "payee_account",
    "payee_name",
    "amount_fen",
    "fee_fen",
    "purpose",
    "factor",
    "factor_id",
)
