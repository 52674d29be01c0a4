"""Courts freeze an account, or an amount of it; renew, and lift by document (司法冻结、续冻、解冻、轮候).

Each use case reads, and answers a plan: what would change, and the writes that carry what was read as conditions. A
plan is carried out by the approval of a second person (`approvals.kinds.court_order`), or at a date's end by a worker.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.counter import court, court_store, service, vouchers
from chalicelib.counter.commands.take_deposit import account_at_counter
from chalicelib.counter.court import EXPIRED, IN_FORCE, LIFTED, WAITING, Document, Order
from chalicelib.counter.domain import People, Plan, Write
from chalicelib.counter.errors import AccountNotFreezable, CourtOrderEnded, CourtTermInvalid, TooManyCourtOrders
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import legal_freeze
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemUpdate, s
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import MAX_FEN, decimal_text


@dataclass(frozen=True, slots=True)
class Freeze:
    """What the document orders: the whole account where `amount_fen` is None; `until` is the last date."""

    account_id: str
    document: Document
    until: str
    amount_fen: int | None = None


def plan_freeze(wanted: Freeze, now: dt.datetime) -> Plan:
    """Put the order in force, or in its turn where the whole account is frozen by another one.

    Raises CourtDocumentMalformed, AmountOutOfRange, CourtTermInvalid, NotFound, AccountNotFreezable (closed),
    TooManyCourtOrders.
    """
    wanted.document.check()
    if wanted.amount_fen is not None and not 0 < wanted.amount_fen <= MAX_FEN:
        raise AmountOutOfRange()
    today = clock.business_date(now)
    term_d = _term(today, wanted.until, now)
    account = account_at_counter(wanted.account_id)
    if account.state == "closed":
        raise AccountNotFreezable()
    orders = court_store.orders_of(account.account_id)
    if sum(order.state in court.LIVE for order in orders) >= court.MAX_LIVE or len(orders) >= court_store.MAX_ORDERS:
        raise TooManyCourtOrders(most=str(court.MAX_LIVE))
    waits = court.freezing(orders) is not None
    known = facts_of(account, wanted.document, wanted.amount_fen)
    after = {**known, "state": WAITING if waits else IN_FORCE, "until": wanted.until}

    def writes(by: People) -> Sequence[Write]:
        order = Order(
            account_id=account.account_id,
            place=account.court_count + 1,
            state=WAITING if waits else IN_FORCE,
            document_number=wanted.document.number,
            authority=wanted.document.authority,
            officers=list(wanted.document.officers),
            placed_at=clock.to_text(by.now),
            term_d=term_d,
            maker_id=by.maker_id,
            checker_id=by.checker_id,
            amount_fen=wanted.amount_fen,
            until=None if waits else wanted.until,
            found=account.state if wanted.amount_fen is None and not waits else None,
        )
        update = legal_freeze.count_one(legal_freeze.order_update(account), account)
        rows: list[Write] = [court_store.order_put(order)]
        if waits:
            update.require(legal_freeze.court_rule(_place_of(court.freezing(orders))))
        else:
            rows.append(court_store.due_put(order, wanted.until))
            if order.is_whole:
                legal_freeze.freeze(update, account, order.place)
            else:
                legal_freeze.hold_amount(update, order.amount_fen or 0, _posting(by.now))
        slip = service.slip(account.branch_id, vouchers.COURT_FROZEN, after, by, customer_id=account.customer_id)
        return [update, *rows, slip]

    return Plan(account.branch_id, {"state": "none"}, after, writes)


def plan_renewal(account_id: str, place: int, until: str, document: Document, now: dt.datetime) -> Plan:
    """Keep an order in force for longer; it must not be over. Its turn before those that wait stays.

    Raises CourtDocumentMalformed, NotFound, CourtOrderEnded, CourtTermInvalid.
    """
    document.check()
    account, order = order_of(account_id, place)
    today = clock.business_date(now)
    if order.state != IN_FORCE or order.until is None or order.until < today:
        raise CourtOrderEnded(state=order.state)
    if until <= order.until:
        raise CourtTermInvalid()
    _term(today, until, now)
    known = facts_of(account, document, order.amount_fen)
    after = {**known, "until": until, "state": IN_FORCE}

    def writes(by: People) -> Sequence[Write]:
        update = court_store.order_update(order).require(court.order_rule(IN_FORCE, order.until))
        update.set("#until = :until", until=s(until))
        slip = service.slip(account.branch_id, vouchers.COURT_RENEWED, after, by, customer_id=account.customer_id)
        return [update, court_store.due_put(order, until), slip]

    return Plan(account.branch_id, {**known, "until": order.until, "state": IN_FORCE}, after, writes)


def plan_lifting(account_id: str, place: int, document: Document) -> Plan:
    """End an order by document, in force or waiting. What waited for it comes into force in the same write.

    Raises CourtDocumentMalformed, NotFound, CourtOrderEnded.
    """
    document.check()
    account, order = order_of(account_id, place)
    if order.state not in court.LIVE:
        raise CourtOrderEnded(state=order.state)
    known = facts_of(account, document, order.amount_fen)

    def writes(by: People) -> Sequence[Write]:
        after = {**known, "state": LIFTED}
        slip = service.slip(account.branch_id, vouchers.COURT_LIFTED, after, by, customer_id=account.customer_id)
        return [*_ending(account, order, LIFTED, document.number, by.now), slip]

    return Plan(account.branch_id, {**known, "state": order.state}, {**known, "state": LIFTED}, writes)


def expiry_of(account_id: str, place: int, now: dt.datetime) -> Sequence[Write]:
    """The writes that end an order whose last date is over; none where it was renewed, or has ended."""
    account, order = order_of(account_id, place)
    if order.state != IN_FORCE or order.until is None or order.until >= clock.business_date(now):
        return []
    return _ending(account, order, EXPIRED, "clock", now)


def _ending(account: ledger.Account, order: Order, state: str, by: str, now: dt.datetime) -> list[Write]:
    update = legal_freeze.order_update(account)
    # What was taken for the court meanwhile is no longer there to be freed.
    mine = court_store.order_update(order).require(
        court.order_rule(order.state, order.until), court.taken_rule(order.taken_fen)
    )
    mine.set("#state = :ended, #ended_at = :at, #ended_by = :by", ended=s(state), at=s(clock.to_text(now)), by=s(by))
    if order.state == WAITING:
        return [mine, update]
    if order.amount_fen is not None:
        legal_freeze.free_amount(update, order.amount_fen)
        return [mine, update]
    return [mine, *_next_in_turn(account, order, update, now)]


def _next_in_turn(account: ledger.Account, ended: Order, update: ItemUpdate, now: dt.datetime) -> list[Write]:
    """The account's update once it is freed of an order for the whole, and the orders that come into force by it."""
    writes: list[Write] = [update]
    turn = court.following(court_store.orders_of(account.account_id))
    amount_fen = sum(order.amount_fen or 0 for order in turn)
    for order in turn:
        until = court.last_date(clock.business_date(now), order.term_d)
        row = court_store.order_update(order).require(court.order_rule(WAITING, None))
        row.set("#state = :in_force, #until = :until", in_force=s(IN_FORCE), until=s(until))
        if order.is_whole and ended.found is not None:
            row.set("#found = :found", found=s(ended.found))
        writes += [row, court_store.due_put(order, until)]
    if amount_fen:
        legal_freeze.hold_amount(update, amount_fen, _posting(now))
    if turn and turn[-1].is_whole:
        legal_freeze.hand_over(update, ended.place, turn[-1].place)
    else:
        legal_freeze.thaw(update, ended.place, ended.found or ledger.OPEN)
    return writes


def order_of(account_id: str, place: int) -> tuple[ledger.Account, Order]:
    """An account and one of its orders; raises NotFound."""
    account = account_at_counter(account_id)
    order = next((one for one in court_store.orders_of(account_id) if one.place == place), None)
    if order is None:
        raise NotFound()
    return account, order


def _term(today: str, until: str, now: dt.datetime) -> int:
    """Days from today to the last date; raises CourtTermInvalid for one that is no date, past, or too far."""
    try:
        term_d = court.days_until(today, until)
    except ValueError:
        raise CourtTermInvalid() from None
    if len(until) != len(today) or not 0 <= term_d <= parameters.value(parameters.COURT_FREEZE_D, now):
        raise CourtTermInvalid()
    return term_d


def _place_of(order: Order | None) -> int:
    return order.place if order is not None else 0


def _posting(now: dt.datetime) -> ledger.PostingFacts:
    return ledger.PostingFacts(clock.business_date(now), clock.to_text(now), "court")


def facts_of(account: ledger.Account, document: Document, amount_fen: int | None) -> dict[str, str]:
    """What a voucher says of an order and the paper before the teller, masked as the bank's forms do."""
    return {
        "account": mask_account(account.account_id),
        "holder": mask_name(account.holder),
        "authority": document.authority,
        "document": document.number,
        "officers": "、".join(document.officers),
        "amount": "whole" if amount_fen is None else decimal_text(amount_fen),
    }
