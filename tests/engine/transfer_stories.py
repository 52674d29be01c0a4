"""Payments that test_expressions.py plays: at once, later, held, ordered, asked back; limits and the book of payees."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.accounts.commands.clean_buckets import clean_buckets
from chalicelib.customers import store as customers_store
from chalicelib.customers.commands.switch_transfers import switch_transfers
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.change_state import change_state, end_deferred_credit
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.limits.commands.change_limits import change_account_limits, change_customer_limits
from chalicelib.limits.domain import CUSTOMER_LIMITS
from chalicelib.orders import service as orders
from chalicelib.orders import store as orders_store
from chalicelib.orders.commands import stop_order
from chalicelib.orders.commands.change_order import Change, change_order
from chalicelib.orders.commands.execute_order import execute_order
from chalicelib.parameters import service as parameters
from chalicelib.payees import service as payees
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.recalls import service as recalls
from chalicelib.recalls.commands.agree import agree
from chalicelib.recalls.commands.ask import ask
from chalicelib.transfers.commands.execute_due import execute_due
from chalicelib.transfers.commands.expire_holds import expire_holds
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from chalicelib.transfers.commands.revoke_transfer import revoke_transfer
from chalicelib.transfers.commands.send_code_again import send_code_again
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once
from chalicelib.transfers.domain import Request
from tests.engine.test_big_race import four_accounts
from tests.engine.test_deferred_races import merchant
from tests.engine.test_hold_races import hold
from tests.engine.test_order_races import executed, order
from tests.engine.test_order_races import read as order_of
from tests.engine.test_small_amount_races import paid_small
from tests.engine.test_speed_races import pending
from tests.engine.test_transfer_races import Customer, confirmed, created, customer

FAR = "20991231"  # when every bucket has expired


def payments(payer: Customer, payee: Customer, shop: Customer) -> None:
    """Claim and posting with a fee, a deferred payee, own accounts in one write, a reversal, the stream's legs."""
    parameters.set_value("fee.transfer.own_bank_fen", 1_00)
    try:
        entries = [created(payer, one, 100_00) for one in (payee, shop)]
        assert [confirmed(payer, entry_id) for entry_id in entries] == ["posted", "posted"]
    finally:
        parameters.set_value("fee.transfer.own_bank_fen", 0)
    assert not post_deferred_legs(entries)
    one, other, *_ = four_accounts("孙立")
    valid_until = clock.to_text(clock.now() + dt.timedelta(minutes=1))
    request = Request(one.account, other.account, one.name, 1_00, "CNY", "", valid_until=valid_until)
    assert not transfer_at_once(one.caller, uuid.uuid4().hex, request, "test", clock.now()).hit
    last = created(payer, payee, 50_00)
    send_code_again(payer.caller, last, clock.now() + dt.timedelta(seconds=60))
    assert confirmed(payer, last) == "posted"
    reverse_transfer(last, reason="冲正", by="T0001", correlation_id="test")
    since = clock.now() - dt.timedelta(days=1)
    found = ledger.entries_posted(payer.account, clock.to_text(since), clock.to_text(clock.now()), 1000)
    assert {image["entry_id"] for image in found} >= {*entries, last}
    assert [line.entry_id for line in ledger.deferred_lines_from(shop.account, "00000000")] == [entries[1]]
    assert sum(len(page) for page in ledger.account_pages()) >= 3


def arriving_later(payer: Customer, payee: Customer, shop: Customer) -> None:
    """What is set aside to each of its ends: executed, to a deferred payee too, revoked, returned."""
    entries = [pending(payer, one, 10_00) for one in (payee, shop)]
    ahead = clock.now() + dt.timedelta(hours=3)
    revoked = pending(payer, payee, 10_00)
    assert not revoke_transfer(payer.caller, revoked).hit
    assert execute_due(ahead)["executed"] >= 2
    other = customer("周杰", 10_00)
    returned = pending(other, payee, 10_00)
    switch_transfers(other.caller, on=False, given=None, correlation_id="test", now=clock.now())
    assert execute_due(clock.now() + dt.timedelta(hours=3))["returned"] >= 1
    ends = [read_state(entry_id) for entry_id in (*entries, revoked, returned)]
    assert ends == ["posted", "posted", "cancelled", "returned"]


def holds_and_limits(payer: Customer, payee: Customer) -> None:
    """Holds to each of their ends, limits both ways, expired buckets, and an account's states."""
    partly, released, expired = (hold(payer, 100_00) for _ in range(3))
    holds.capture(partly, payee_account=payee.account, amount_fen=60_00)
    holds.release(released)
    later = clock.now() + dt.timedelta(hours=1)
    assert expire_holds(later) >= 1
    assert read_state(expired) == "expired"
    assert not [row for row in holds.due_expiries(later, 100) if row.hold_id in (partly, released, expired)]
    owner = payer.caller.customer_id
    for value in (9_000_00, 8_000_00, 9_500_00):
        wanted = {"limit_day": value, "limit_count": value, "limit_single": value}
        assert change_account_limits(owner, payer.account, wanted, may_raise=True)["limit_day"] == value
        changed = change_customer_limits(owner, dict.fromkeys(CUSTOMER_LIMITS, value), may_raise=True)
        assert changed["limit_outward"] == value
    assert paid_small(payer, payee, 1_00) == "posted"
    clean_buckets(None, ledger.read_accounts([payer.account])[payer.account].image, FAR)
    left = {*ledger.read_accounts([payer.account])[payer.account].image, *read_customer(owner)}
    words = ("day_", "count_", "month_", "outward_", "nocert_", "nofactor_", "uncertified_")
    assert not [name for name in left if name.startswith(words)]
    empty = customer("李四", 0).account
    for before, after in itertools.pairwise(("open", "frozen", "open", "closed")):
        assert change_state(empty, before=before, after=after)["state"] == after
    shop = merchant().account
    until = end_deferred_credit(shop, clock.now())["deferred_until"]
    assert change_state(shop, before="open", after="closed", closed_through=until)["state"] == "closed"


def standing_orders() -> None:
    """One set up, executed, refused, changed to a count and to a date, paused, resumed, cancelled; lists and dues."""
    payer, payee = customer("韩八", 50_00), customer("钱红", 0)
    made = order(payer, payee, 40_00)
    assert executed(made) == "executed"
    after = order_of(made)
    with pytest.raises(Refusal):
        orders.order_of(payee.caller.customer_id, made.order_id)
    # the next date, refused: two dates on, as it falls due in a month
    later = clock.from_text(after.due_at) + dt.timedelta(days=1)
    assert execute_order(made.order_id, after.next_due, "test", later) in ("retrying", "failed")
    for change in (Change(count=5), Change(until=later.date() + dt.timedelta(days=30)), Change(amount_fen=1_00)):
        changed = change_order(payer.caller, made.order_id, change, None, "test", clock.now())
    assert (changed.terms.schedule.count, changed.terms.amount_fen) == (None, 1_00)
    stops = (stop_order.pause_order, stop_order.resume_order, stop_order.cancel_order)
    assert [stop(payer.caller, made.order_id, "test", clock.now()).state for stop in stops] == [
        "paused",
        "active",
        "cancelled",
    ]
    assert [event.kind for event in orders.history_of(order_of(made))][:2] == ["cancelled", "resumed"]
    second = order(payer, payee, 1_00)
    assert orders_store.event_at(second.order_id, 1) is not None
    owner = payer.caller.customer_id
    for state in (None, "cancelled"):
        page, cursor = orders.order_page(owner, state, 1, None)
        rest, _ = orders.order_page(owner, state, 9, cursor)
        assert made.order_id in {one.order_id for one in [*page, *rest]}
    due_at = order_of(second).due_at
    rows = [row for page_ in orders_store.due_pages(due_at, 1, 100) for row in page_]
    assert second.order_id in {row.order_id for row in rows}
    assert executed(second) == "executed"


def read_state(entry_id: str) -> str:
    image = ledger.read_entry(entry_id)
    assert image is not None
    return str(image["state"])


def read_customer(customer_id: str) -> dict[str, Any]:
    image = customers_store.read_customer(customer_id)
    assert image is not None
    return image


def payee_book(payer: Customer, payee: Customer) -> None:
    """A payee looked up, added, renamed, used and removed."""
    now, wanted = clock.now(), payees.Wanted(payees.THIS_BANK, payee.account, payee.name)
    assert payees.look_up(payer.caller, payee.account, payee.name, now)
    added = [payees.add(payer.caller, wanted, now) for _ in range(2)]
    assert [one.hit for one in added] == [False, True]
    payee_id, owner = added[0].payee.payee_id, payer.caller.customer_id
    payees.change(payer.caller, payee_id, alias="甲", group="乙", now=now)
    for posted_at in ("2026-11-02", "2026-11-01"):
        payees.note_used({"customer_id": owner, "payee_account": payee.account, "posted_at": posted_at})
    (kept,), _ = payees.page(owner, words="甲", group="乙", limit=10, after=None)
    assert kept == replace(added[0].payee, alias="甲", group="乙", last_used_at="2026-11-02")
    payees.remove(payer.caller, payee_id, now)
    assert payees.groups(owner) == []


def asked_back(payer: Customer, payee: Customer) -> None:
    """Recalls to each of their ends."""
    now, ends = clock.now(), []
    for _ in range(3):
        transfer_id = created(payer, payee, 1_00)
        assert confirmed(payer, transfer_id) == "posted"
        ends.append(ask(payer.caller, transfer_id, "other", "test", now).recall.recall_id)
    assert recalls.refuse(payee.caller, ends[0], "owed", now).state == "refused"
    assert recalls.withdraw(payer.caller, ends[1], now).state == "withdrawn"
    agreed = agree(payee.caller, ends[2], factor="sms", factor_id="", correlation_id="test", now=now)
    assert confirmed(payee, agreed.image["entry_id"]) == "posted"
    assert recalls.recall_of(payer.caller.customer_id, ends[2]).state == "returned"
    for index, owner in ((recalls.OF_PAYER, payer), (recalls.OF_PAYEE, payee)):
        first, cursor = recalls.page(index, owner.caller.customer_id, 2, None)
        rest, _ = recalls.page(index, owner.caller.customer_id, 2, cursor)
        assert {one.recall_id for one in [*first, *rest]} == set(ends)
