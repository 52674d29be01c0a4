"""Races over cash on a real engine: a till gives out what is in it, an account what it has, and no number is lost."""

from __future__ import annotations

import uuid

import pytest

from chalicelib.counter import service as counter
from chalicelib.counter import store
from chalicelib.counter.commands.count_till import count_till, settle_difference
from chalicelib.counter.commands.move_vault_cash import VaultMove, move_vault_cash
from chalicelib.counter.commands.open_till import open_till
from chalicelib.counter.commands.pay_out import Withdrawal, pay_out
from chalicelib.counter.commands.take_deposit import take_deposit
from chalicelib.counter.vouchers import Number
from chalicelib.identity.commands.set_withdrawal_password import set_withdrawal_password
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.platform import clock, ids
from chalicelib.platform.errors import Refusal
from chalicelib.staff import service as staff
from tests.engine.conftest import TELLER
from tests.engine.test_transfer_races import Customer, available, customer, together

pytestmark = [
    pytest.mark.usefixtures("ledger_engine"),
    pytest.mark.both_engines,
    pytest.mark.requirement("NB-5.1.6"),
]

PIN = "273849"
PASSWORD = "Correct-Horse-7"  # of made-up tellers


def new_branch() -> str:
    """A branch of its own: its vault and vouchers are nobody else's."""
    branch_id = ids.random_digits(9)
    staff.register_branch(staff.Branch(branch_id, "示范村镇银行城南支行", "示范县城南路3号", "0990-0000003"))
    return branch_id


def new_teller(branch_id: str) -> str:
    """A teller there; the staff number."""
    staff_id = "T" + ids.random_digits(8)
    staff.appoint_teller(staff_id, "柜员丙", branch_id, PASSWORD)
    return staff_id


def counter_with(fen: int) -> tuple[str, str, str]:
    """A branch whose vault has so much, and two tellers."""
    branch_id = new_branch()
    maker, checker = new_teller(branch_id), new_teller(branch_id)
    move_vault_cash(VaultMove(branch_id, fen, "supply-0001", "备付"), maker_id=maker, checker_id=checker)
    return branch_id, maker, checker


def holder(deposit_fen: int) -> Customer:
    person = customer("赵小明", deposit_fen)
    set_withdrawal_password(person.account, PIN, teller_id=TELLER)
    return person


def paid(account_id: str, fen: int, reference: str, teller_id: str) -> str:
    """Pay out; `paid`, `hit`, or the refusal's code."""
    try:
        done = pay_out(Withdrawal(account_id, fen, reference, PIN), teller_id=teller_id)
    except Refusal as refusal:
        return refusal.code
    return "hit" if done.hit else "paid"


def vouchers(branch_id: str) -> list[int]:
    """The places of the branch's vouchers of today that are there, up to the next free one."""
    today = clock.business_date(clock.now())
    last = store.next_number(branch_id, today).place - 1
    return [place for place in range(1, last + 1) if store.voucher(Number(branch_id, today, place))]


def test_a_tills_last_cash_is_paid_out_once() -> None:
    branch_id, teller, _ = counter_with(1_000_00)
    open_till(teller, 100_00)
    people = [holder(100_00) for _ in range(8)]

    outcomes = together(lambda i: paid(people[i].account, 100_00, uuid.uuid4().hex, teller), 8)

    assert outcomes == {"paid": 1, "till_short": 7}
    assert counter.till_of(clock.business_date(clock.now()), teller).cash_fen == 0
    assert sum(available(person.account) for person in people) == 700_00
    # supply, till, and the one that was paid: a refused one takes no number
    assert vouchers(branch_id) == [1, 2, 3]


def test_an_accounts_last_money_is_paid_out_once_at_two_tills() -> None:
    _, *tellers = counter_with(10_000_00)
    for teller in tellers:
        open_till(teller, 1_000_00)
    person = holder(1_00)

    outcomes = together(lambda i: paid(person.account, 1_00, uuid.uuid4().hex, tellers[i % 2]), 8)

    # tries at the password are taken one after the other; who would have waited too long is told to try again
    assert outcomes["paid"] == 1
    assert set(outcomes) <= {"paid", "insufficient_funds", "try_again"}
    today = clock.business_date(clock.now())
    assert sum(counter.till_of(today, teller).cash_fen for teller in tellers) == 1_999_00
    assert available(person.account) == 0


def test_one_operation_sent_many_times_is_done_once_with_one_voucher() -> None:
    branch_id, teller, _ = counter_with(1_000_00)
    open_till(teller, 500_00)
    person, numbers = holder(0), set()

    def send(_: int) -> str:
        done = take_deposit(person.account, 77_00, reference="deposit-1", teller_id=teller)
        numbers.add(done.voucher)
        return "hit" if done.hit else "done"

    assert together(send, 16) == {"done": 1, "hit": 15}
    assert len(numbers) == 1
    assert vouchers(branch_id) == [1, 2, 3]
    assert (available(person.account), counter.till_of(clock.business_date(clock.now()), teller).cash_fen) == (
        77_00,
        577_00,
    )


def test_tellers_of_a_branch_at_once_leave_no_gap_and_no_fen() -> None:
    branch_id, first, second = counter_with(10_000_00)
    tellers = [first, second, new_teller(branch_id), new_teller(branch_id)]
    people = [holder(100_00) for _ in range(4)]
    together(lambda i: open_till(tellers[i], 500_00).state, 4)

    def work(i: int) -> str:
        person, teller = people[i % 4], tellers[i % 4]
        if i % 2:
            return paid(person.account, 10_00, uuid.uuid4().hex, teller)
        done = take_deposit(person.account, 15_00, reference=uuid.uuid4().hex, teller_id=teller)
        return "hit" if done.hit else "taken"

    outcomes = together(work, 24)

    assert outcomes == {"taken": 12, "paid": 12}
    assert vouchers(branch_id) == list(range(1, 1 + 4 + 24 + 1))
    today = clock.business_date(clock.now())
    tills = [counter.till_of(today, teller) for teller in tellers]
    assert sum(till.cash_fen for till in tills) == 4 * 500_00 + 12 * 15_00 - 12 * 10_00
    # and the ledger's cash, once the stream has brought the legs, is what vault and tills have
    entries = [
        str(found.entry_id)
        for place in vouchers(branch_id)
        if (found := store.voucher(Number(branch_id, today, place))) and found.entry_id
    ]
    assert not post_deferred_legs(entries)
    cash = ledger.cash_account(branch_id)
    held = counter.vault_fen(branch_id) + sum(till.cash_fen for till in tills)
    assert ledger.read_accounts([cash])[cash].posted_fen == -held


def test_a_till_is_counted_while_cash_moves_and_settled_once() -> None:
    branch_id, teller, checker = counter_with(1_000_00)
    open_till(teller, 100_00)
    person, today = holder(0), clock.business_date(clock.now())

    def work(i: int) -> str:
        try:
            if i % 2:
                return count_till(today, teller, 100_00, by=teller).state
            take_deposit(person.account, 1_00, reference=uuid.uuid4().hex, teller_id=teller)
        except Refusal as refusal:
            return refusal.code
        return "taken"

    outcomes = together(work, 12)
    # whatever came first: the till's books and the account agree
    till = counter.till_of(today, teller)
    assert till.cash_fen == 100_00 + available(person.account) == 100_00 + outcomes["taken"] * 1_00
    assert set(outcomes) <= {"taken", "counted", "closed", "till_not_open", "till_count_changed", "try_again"}
    if till.state != "closed":
        count_till(today, teller, till.cash_fen - 3_00, by=teller)
        outcomes = together(
            lambda _: (
                settle_difference(today, teller, till.cash_fen - 3_00, reason="原因待查", checker_id=checker).state
            ),
            8,
        )
        assert outcomes == {"closed": 8}
        short = ledger.over_short_account(branch_id)
        assert ledger.read_accounts([short])[short].posted_fen == -3_00
        assert counter.vault_fen(branch_id) == 900_00 + till.cash_fen - 3_00
