"""Money of an account that a court's order holds is taken for the court (司法扣划), by document and two people.

It goes to a house account of the branch, from which it is paid on; entry, account, order and voucher are one write.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.counter import court, court_store, service, vouchers
from chalicelib.counter.commands.court_orders import facts_of, order_of
from chalicelib.counter.court import EXECUTED, IN_FORCE, Document, Order
from chalicelib.counter.domain import People, Plan, Write
from chalicelib.counter.errors import CourtAmountExceeded, CourtOrderEnded
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import legal_freeze
from chalicelib.platform import clock, ids
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, n, s
from chalicelib.platform.errors import AmountOutOfRange
from chalicelib.platform.money import MAX_FEN, decimal_text

TRANSFER = "court_transfer"


@dataclass(frozen=True, slots=True)
class CourtTransfer:
    """How much of what an order holds is to be taken, in fen; `document` is the paper that orders just that."""

    account_id: str
    place: int
    document: Document
    amount_fen: int


def plan_transfer(wanted: CourtTransfer, now: dt.datetime) -> Plan:
    """Take money by an order that is in force. What it holds shrinks with it; an order for the whole stays in force.

    Raises CourtDocumentMalformed, AmountOutOfRange, NotFound, CourtOrderEnded (waiting too), CourtAmountExceeded. Its
    write refuses InsufficientFunds for more than is there beside what earlier orders and payments hold; orders that
    came later do not stand in the way.
    """
    wanted.document.check()
    if not 0 < wanted.amount_fen <= MAX_FEN:
        raise AmountOutOfRange()
    account, order = order_of(wanted.account_id, wanted.place)
    if order.state != IN_FORCE or order.until is None or order.until < clock.business_date(now):
        raise CourtOrderEnded(state=order.state)
    if order.amount_fen is not None and wanted.amount_fen > order.amount_fen:
        raise CourtAmountExceeded(held=decimal_text(order.amount_fen))
    rest_fen = None if order.amount_fen is None else order.amount_fen - wanted.amount_fen
    known = {**facts_of(account, wanted.document, wanted.amount_fen), "order": order.document_number}
    before = {**known, "held": _held(order.amount_fen), "taken": decimal_text(order.taken_fen), "state": IN_FORCE}
    after = {
        **known,
        "held": _held(rest_fen),
        "taken": decimal_text(order.taken_fen + wanted.amount_fen),
        "state": EXECUTED if rest_fen == 0 else IN_FORCE,
    }

    def writes(by: People) -> Sequence[Write]:
        entry = _entry(account, order, wanted.amount_fen)
        facts = ledger.PostingFacts(clock.business_date(by.now), clock.to_text(by.now), entry.entry_id)
        later = _later(order)
        slip = service.slip(
            account.branch_id,
            vouchers.COURT_TRANSFERRED,
            after,
            by,
            customer_id=account.customer_id,
            amount_fen=wanted.amount_fen,
            entry_id=entry.entry_id,
        )
        return [
            _journal(entry, facts, wanted, by),
            _account(account, order, later, entry, facts, wanted.amount_fen),
            _order(order, wanted, rest_fen, by.now),
            *(_unchanged(one) for one in later),
            slip,
        ]

    return Plan(account.branch_id, before, after, writes)


def _held(amount_fen: int | None) -> str:
    return "whole" if amount_fen is None else decimal_text(amount_fen)


def _entry(account: ledger.Account, order: Order, amount_fen: int) -> ledger.Entry:
    # Each taking by an order follows on what was taken before, so none has another's id.
    return ledger.Entry(
        ids.derived_id("court-transfer", account.account_id, str(order.place), str(order.taken_fen)),
        (
            ledger.Leg(account.account_id, -amount_fen, "court"),
            ledger.Leg(ledger.court_account(account.branch_id), amount_fen, "court"),
        ),
    )


def _later(order: Order) -> list[Order]:
    """Orders in force for amounts that came after this one: theirs is what is left."""
    return [
        one
        for one in court_store.orders_of(order.account_id)
        if one.state == IN_FORCE and one.place > order.place and one.amount_fen is not None
    ]


def _account(
    account: ledger.Account,
    order: Order,
    later: Sequence[Order],
    entry: ledger.Entry,
    facts: ledger.PostingFacts,
    amount_fen: int,
) -> ItemUpdate:
    held_fen = (order.amount_fen or 0) + sum(one.amount_fen or 0 for one in later)
    update = legal_freeze.order_update(account).require(legal_freeze.court_funds_rule(amount_fen - held_fen))
    if order.is_whole:
        update.require(legal_freeze.court_rule(order.place))
    return legal_freeze.take(update, entry, facts, account, 0 if order.is_whole else amount_fen)


def _order(order: Order, wanted: CourtTransfer, rest_fen: int | None, now: dt.datetime) -> ItemUpdate:
    update = _unchanged(order)
    update.set("#taken_fen = :taken_after", taken_after=n(order.taken_fen + wanted.amount_fen))
    if rest_fen is not None:
        update.set("#amount_fen = :rest", rest=n(rest_fen))
    if rest_fen == 0:
        update.set(
            "#state = :ended, #ended_at = :at, #ended_by = :by",
            ended=s(EXECUTED),
            at=s(clock.to_text(now)),
            by=s(wanted.document.number),
        )
    return update


def _unchanged(order: Order) -> ItemUpdate:
    """The order as it was read, with what it holds."""
    return court_store.order_update(order).require(
        court.order_rule(order.state, order.until), court.taken_rule(order.taken_fen)
    )


def _journal(entry: ledger.Entry, facts: ledger.PostingFacts, wanted: CourtTransfer, by: People) -> ItemPut:
    return ledger.journal_put(
        {
            "entry_id": entry.entry_id,
            "kind": TRANSFER,
            "state": ledger.POSTED,
            "request_digest": entry.entry_id.encode(),
            "amount_fen": wanted.amount_fen,
            "currency": "CNY",
            "purpose": "司法扣划",
            "document": wanted.document.number,
            "ordered_by": by.maker_id,
            "approved_by": by.checker_id,
            "created_at": facts.posted_at,
            "posted_at": facts.posted_at,
            "business_date": facts.business_date,
            "correlation_id": facts.correlation_id,
            "postings": ledger.postings_of(entry),
        }
    )
