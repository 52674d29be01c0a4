"""Orders of courts: whole accounts and amounts, in their turn, renewed, lifted by document, over at their date."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.closing import service as closing
from chalicelib.counter import court_store
from chalicelib.counter import service as counter
from chalicelib.counter.commands.court_enquiry import Enquiry, answer_enquiry
from chalicelib.counter.commands.court_orders import Freeze, plan_freeze, plan_lifting, plan_renewal
from chalicelib.counter.commands.expire_court_orders import expire_court_orders
from chalicelib.counter.commands.open_till import open_till
from chalicelib.counter.commands.pay_out import pay_out
from chalicelib.counter.commands.take_deposit import take_deposit
from chalicelib.counter.court import Document
from chalicelib.counter.domain import People, Plan
from chalicelib.counter.errors import (
    AccountNotFreezable,
    CourtDocumentMalformed,
    CourtOrderEnded,
    CourtPeriodInvalid,
    CourtTermInvalid,
    TooManyCourtOrders,
)
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.ledger.errors import AccountNotActive, FrozenByCourt, InsufficientFunds
from chalicelib.platform import clock, updates
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled
from tests.chain.bank import BRANCH, PASSWORD, TELLER, Bank
from tests.chain.counter import account, document, enter
from tests.chain.test_tills import CHECKER, holder, wanted

PAPER = Document("（2026）示01执123号", "示范县人民法院", ("法警0001", "法警0002"))
OTHER = Document("（2026）示01执456号", "示范市中级人民法院", ("执行员11", "执行员12"))
UNTIL = "20271120"


@pytest.fixture(autouse=True)
def second_person(bank: Bank) -> None:
    staff.appoint_teller(CHECKER, "柜员乙", BRANCH, PASSWORD)


def people() -> People:
    return People(TELLER, CHECKER, clock.now())


def carried_out(plan: Plan) -> None:
    updates.run_together(plan.writes(people()))


def freeze(account_id: str, amount_fen: int | None = None, paper: Document = PAPER, until: str = UNTIL) -> None:
    carried_out(plan_freeze(Freeze(account_id, paper, until, amount_fen), clock.now()))


def lift(account_id: str, place: int) -> None:
    carried_out(plan_lifting(account_id, place, PAPER))


def states(account_id: str) -> list[str]:
    return [order.state for order in court_store.orders_of(account_id)]


def found(account_id: str) -> tuple[str, int, int]:
    one = ledger.read_accounts([account_id])[account_id]
    return one.state, one.available_fen, one.held_fen


def funded(bank: Bank, fen: int = 1_000_00) -> str:
    """An account with a withdrawal password and cash in it, and an open till."""
    account_id = holder(bank)
    open_till(TELLER, 0)
    take_deposit(account_id, fen, reference="deposit-1", teller_id=TELLER)
    return account_id


def test_a_whole_account_is_frozen_and_freed_by_document_only(bank: Bank) -> None:
    account_id = funded(bank)
    freeze(account_id)
    assert found(account_id) == ("frozen", 1_000_00, 0)
    # nothing leaves, what comes may come, and no teller's own unfreezing helps
    with pytest.raises(AccountNotActive):
        pay_out(wanted(account_id, 1_00), teller_id=TELLER)
    take_deposit(account_id, 5_00, reference="deposit-2", teller_id=TELLER)
    with pytest.raises(FrozenByCourt):
        change_state(account_id, before="frozen", after="open")
    # when the court lifts it, then it is as it was
    lift(account_id, 1)
    assert found(account_id) == ("open", 1_005_00, 0)
    assert states(account_id) == ["lifted"]
    pay_out(wanted(account_id, 1_00), teller_id=TELLER)
    with pytest.raises(CourtOrderEnded):
        lift(account_id, 1)
    # each has its voucher, with both people and the document
    voucher = counter.voucher_of("0001-20261121-000003")
    assert (voucher.kind, voucher.teller_id, voucher.checker_id) == ("court_frozen", TELLER, CHECKER)
    assert (voucher.facts["document"], voucher.facts["authority"]) == (PAPER.number, PAPER.authority)


@pytest.mark.parametrize("state", ["frozen", "lost", "dormant"])
def test_an_account_goes_back_to_the_state_it_was_found_in(bank: Bank, state: str) -> None:
    account_id = account(bank, enter(bank, 1))
    change_state(account_id, before="open", after=state)
    freeze(account_id)
    assert found(account_id)[0] == "frozen"
    lift(account_id, 1)
    assert found(account_id)[0] == state


def test_an_amount_is_held_there_or_not_and_fills_first(bank: Bank) -> None:
    account_id = funded(bank)
    # given an order for more than there is
    freeze(account_id, 1_500_00)
    assert found(account_id) == ("open", -500_00, 1_500_00)
    with pytest.raises(InsufficientFunds):
        pay_out(wanted(account_id, 1), teller_id=TELLER)
    # what comes fills it; only what is beyond it can be paid
    take_deposit(account_id, 600_00, reference="deposit-2", teller_id=TELLER)
    with pytest.raises(InsufficientFunds):
        pay_out(wanted(account_id, 100_01), teller_id=TELLER)
    pay_out(wanted(account_id, 100_00), teller_id=TELLER)
    assert found(account_id) == ("open", 0, 1_500_00)
    bank.settle()
    # and when it is lifted, the money is the holder's
    lift(account_id, 1)
    assert found(account_id) == ("open", 1_500_00, 0)
    bank.settle()
    bank.clock.set(dt.datetime(2026, 11, 22, 0, 30, tzinfo=clock.SHANGHAI))
    assert closing.trial_balance("20261121", clock.now()).is_balanced


def test_orders_wait_for_their_turn(bank: Bank) -> None:
    account_id = funded(bank)
    # given the whole account frozen, and orders that wait: an amount, the whole, and another amount
    freeze(account_id)
    freeze(account_id, 300_00, OTHER, "20261221")
    freeze(account_id, None, OTHER)
    freeze(account_id, 50_00, OTHER)
    assert states(account_id) == ["in_force", "waiting", "waiting", "waiting"]
    assert found(account_id) == ("frozen", 1_000_00, 0)
    # when the first is lifted, the amount and the next whole one come into force, the last one waits on
    bank.clock.advance(dt.timedelta(days=10))
    lift(account_id, 1)
    assert states(account_id) == ["lifted", "in_force", "in_force", "waiting"]
    assert found(account_id) == ("frozen", 700_00, 300_00)
    # its term counts from its turn on
    assert court_store.orders_of(account_id)[1].until == "20261231"
    # when a waiting one is lifted, nothing else changes
    lift(account_id, 4)
    assert states(account_id) == ["lifted", "in_force", "in_force", "lifted"]
    # when the second whole one is lifted, the account is as the first found it, but for the amount
    lift(account_id, 3)
    assert found(account_id) == ("open", 700_00, 300_00)
    lift(account_id, 2)
    assert found(account_id) == ("open", 1_000_00, 0)


def test_an_order_ends_after_its_last_date_unless_renewed(bank: Bank) -> None:
    account_id = funded(bank)
    freeze(account_id, None, PAPER, "20261130")
    freeze(account_id, 10_00, OTHER, "20261125")
    # on its last date it is in force
    bank.clock.set(dt.datetime(2026, 11, 30, 23, 59, tzinfo=clock.SHANGHAI))
    assert expire_court_orders(clock.now()) == 0
    # when it is renewed, the old date ends nothing
    carried_out(plan_renewal(account_id, 1, "20270131", PAPER, clock.now()))
    bank.clock.set(dt.datetime(2026, 12, 1, 0, 5, tzinfo=clock.SHANGHAI))
    assert [expire_court_orders(clock.now()) for _ in range(2)] == [0, 0]
    assert found(account_id)[0] == "frozen"
    # when that is over too, then it ends, once, and who waited is next
    bank.clock.set(dt.datetime(2027, 2, 1, 0, 5, tzinfo=clock.SHANGHAI))
    with pytest.raises(CourtOrderEnded):
        plan_renewal(account_id, 1, "20270301", PAPER, clock.now())
    assert [expire_court_orders(clock.now()) for _ in range(2)] == [1, 0]
    assert found(account_id) == ("open", 990_00, 10_00)
    orders = court_store.orders_of(account_id)
    assert [(order.state, order.until) for order in orders] == [("expired", "20270131"), ("in_force", "20270205")]
    assert orders[0].ended_by == "clock"


def test_a_plan_made_of_what_has_changed_is_not_carried_out(bank: Bank) -> None:
    account_id = funded(bank)
    freeze(account_id)
    # given two liftings, and an order that comes between plan and write
    plans = [plan_lifting(account_id, 1, PAPER) for _ in range(2)]
    stale = plan_freeze(Freeze(account_id, OTHER, UNTIL), clock.now())
    writes = plans[0].writes(people())
    freeze(account_id, None, OTHER)
    with pytest.raises(updates.Overtaken):
        updates.run_together(writes)
    with pytest.raises(updates.Overtaken):
        updates.run_together(stale.writes(people()))
    # planned again, the one that waited gets its turn, and the second lifting finds it done
    lift(account_id, 1)
    assert states(account_id) == ["lifted", "in_force"]
    with pytest.raises(updates.Overtaken):
        updates.run_together(plans[1].writes(people()))
    assert found(account_id)[0] == "frozen"


def test_what_is_refused(bank: Bank) -> None:
    account_id = funded(bank)
    now = clock.now()
    papers: list[Any] = [
        Document("", "示范县人民法院", ("法警0001", "法警0002")),
        Document("1" * 61, "示范县人民法院", ("法警0001", "法警0002")),
        Document("文号", "", ("法警0001", "法警0002")),
        Document("文号", "示范县人民法院", ("法警0001", "法警0001")),
        Document("文号", "示范县人民法院", ("法警0001", "")),
        Document("文号\u202e", "示范县人民法院", ("法警0001", "法警0002")),
    ]
    for paper in papers:
        with pytest.raises(CourtDocumentMalformed):
            plan_freeze(Freeze(account_id, paper, UNTIL), now)
    for until in ("20261120", "20271122", "20260230", "2027-01-1", "x", ""):
        with pytest.raises(CourtTermInvalid):
            plan_freeze(Freeze(account_id, PAPER, until), now)
    for fen in (0, -1, 10**15 + 1):
        with pytest.raises(AmountOutOfRange):
            plan_freeze(Freeze(account_id, PAPER, UNTIL, fen), now)
    for number in ("9000010000000000017", "H-FEE-INCOME"):
        with pytest.raises(NotFound):
            plan_freeze(Freeze(number, PAPER, UNTIL), now)
    with pytest.raises(NotFound):
        plan_lifting(account_id, 1, PAPER)
    empty = account(bank, enter(bank, 2))
    change_state(empty, before="open", after="closed")
    with pytest.raises(AccountNotFreezable):
        plan_freeze(Freeze(empty, PAPER, UNTIL), now)
    # for today only, and a renewal that is none
    freeze(account_id, 1_00, PAPER, "20261121")
    with pytest.raises(CourtTermInvalid):
        plan_renewal(account_id, 1, "20261121", PAPER, now)


def test_there_is_a_most_of_orders(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.counter.court.MAX_LIVE", 2)
    account_id = funded(bank)
    freeze(account_id, 1_00)
    freeze(account_id, 1_00)
    with pytest.raises(TooManyCourtOrders):
        freeze(account_id, 1_00)
    lift(account_id, 1)
    freeze(account_id, 1_00)


def test_an_enquiry_is_answered_and_on_record(bank: Bank) -> None:
    account_id = funded(bank)
    second = account(bank, ledger.read_accounts([account_id])[account_id].customer_id)
    freeze(account_id, 10_00)
    bank.settle()
    # by account
    answer = answer_enquiry(Enquiry(PAPER, "20261101", "20261121", account_id), teller_id=TELLER)
    (one,) = answer.accounts
    assert (one.account.posted_fen, [line.amount_fen for line in one.lines]) == (1_000_00, [1_000_00])
    assert [order.document_number for order in one.orders] == [PAPER.number]
    voucher = counter.voucher_of(answer.voucher)
    assert (voucher.kind, voucher.facts["document"]) == ("court_enquiry", PAPER.number)
    assert account_id not in str(voucher)
    # by person: all that they hold
    answer = answer_enquiry(Enquiry(OTHER, "20261121", "20261121", person=document(1)), teller_id=TELLER)
    assert {one.account.account_id for one in answer.accounts} == {account_id, second}
    # and what cannot be answered leaves no voucher
    for enquiry in (
        Enquiry(PAPER, "20261101", "20261121", person=document(9)),
        Enquiry(PAPER, "20261101", "20261121"),
        Enquiry(PAPER, "20261101", "20261121", "9000010000000000017"),
    ):
        with pytest.raises(NotFound):
            answer_enquiry(enquiry, teller_id=TELLER)
    for first, last in (("20261122", "20261121"), ("20251101", "20261121"), ("20260230", "20261121"), ("x", "y")):
        with pytest.raises(CourtPeriodInvalid):
            answer_enquiry(Enquiry(PAPER, first, last, account_id), teller_id=TELLER)
    with pytest.raises(StaffNotEntitled):
        answer_enquiry(Enquiry(PAPER, "20261101", "20261121", account_id), teller_id="T9999")
    with pytest.raises(NotFound):
        counter.voucher_of("0001-20261121-000006")
