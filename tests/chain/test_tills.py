"""Cash at the counter: from the vault through a till and back, each move with its voucher, and the day that closes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from chalicelib.closing import service as closing
from chalicelib.closing.errors import TillsNotClosed
from chalicelib.counter import service as counter
from chalicelib.counter.commands.count_till import count_till, settle_difference
from chalicelib.counter.commands.move_vault_cash import VaultMove, move_vault_cash
from chalicelib.counter.commands.open_till import open_till
from chalicelib.counter.commands.pay_out import Withdrawal, check_large, pay_out, plan_large
from chalicelib.counter.commands.take_deposit import done, take_deposit
from chalicelib.counter.errors import (
    DocumentNotShown,
    ReferenceMalformed,
    SecondPersonRequired,
    TillCountChanged,
    TillNotCounted,
    TillNotOpen,
    TillOpenedBefore,
    TillShort,
    VaultShort,
)
from chalicelib.identity.commands.set_withdrawal_password import set_withdrawal_password
from chalicelib.identity.errors import WithdrawalPasswordMissing, WithdrawalPasswordWrong
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.ledger.commands.reverse_entry import reversible_entry
from chalicelib.ledger.errors import (
    AccountNotActive,
    EntryNotReversible,
    IdempotencyKeyReused,
    InsufficientFunds,
    PayeeUnavailable,
)
from chalicelib.platform import clock
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled
from tests.chain.bank import BRANCH, PASSWORD, TELLER, Bank
from tests.chain.counter import account, document, enter
from tests.chain.test_closing import NEXT, at
from tests.chain.test_deferred_legs import CASH, house

pytestmark = pytest.mark.requirement("NB-5.1.6")

TODAY, PIN, CHECKER = "20261121", "273849", "T0009"
OVER_SHORT = ledger.over_short_account(BRANCH)


@pytest.fixture(autouse=True)
def second_person(bank: Bank) -> None:
    staff.appoint_teller(CHECKER, "柜员乙", BRANCH, PASSWORD)


def supply(fen: int, reference: str = "supply-0001") -> str:
    """Cash from the central bank into the vault; the voucher's number."""
    move = VaultMove(BRANCH, fen, reference, "备付现金")
    return move_vault_cash(move, maker_id=TELLER, checker_id=CHECKER).voucher


def holder(bank: Bank, serial: int = 1) -> str:
    """An account with a withdrawal password; its number."""
    account_id = account(bank, enter(bank, serial))
    set_withdrawal_password(account_id, PIN, teller_id=TELLER)
    return account_id


def wanted(account_id: str, fen: int, reference: str = "withdraw-1", **more: object) -> Withdrawal:
    return Withdrawal(account_id, fen, reference, **{"password": PIN, **more})  # type: ignore[arg-type]  # by name


def test_cash_goes_from_vault_to_till_to_customer_and_back(bank: Bank) -> None:
    # given a vault with cash, a till taken from it, and a customer
    supply(10_000_00)
    account_id = holder(bank)
    till = open_till(TELLER, 3_000_00)
    assert (till.state, till.cash_fen, counter.vault_fen(BRANCH)) == ("open", 3_000_00, 7_000_00)
    # when cash comes in and goes out
    taken = take_deposit(account_id, 500_00, reference="deposit-1", teller_id=TELLER)
    paid = pay_out(wanted(account_id, 120_50), teller_id=TELLER)
    # then account and till agree, and each operation has the next voucher of the branch's day
    assert bank.balance(account_id) == 379_50
    till = counter.till_of(TODAY, TELLER)
    assert (till.cash_fen, till.in_fen, till.out_fen) == (3_379_50, 500_00, 120_50)
    assert (taken.voucher, paid.voucher) == ("0001-20261121-000003", "0001-20261121-000004")
    voucher = counter.voucher_of(paid.voucher)
    assert (voucher.kind, voucher.amount_fen, voucher.entry_id) == ("cash_out", 120_50, paid.entry_id)
    assert voucher.facts["account"] == f"{account_id[:6]}*********{account_id[-4:]}"
    # and when the till is counted and agrees, it closes, and its cash is the vault's again
    closed = count_till(TODAY, TELLER, 3_379_50, by=TELLER)
    assert (closed.state, counter.vault_fen(BRANCH)) == ("closed", 10_379_50)
    assert count_till(TODAY, TELLER, 3_379_50, by=TELLER) == closed
    # and the ledger has the cash that vault and tills have
    bank.settle()
    assert house(CASH) == -10_379_50
    assert house(ledger.CENTRAL_BANK_ACCOUNT) == 10_000_00
    bank.clock.set(at(NEXT, 0, 30))
    balance = closing.trial_balance(TODAY, clock.now())
    assert balance.is_balanced, balance
    assert closing.close_day(TODAY, clock.now()).business_date == TODAY


@pytest.mark.parametrize(("counted_fen", "side_fen"), [(1_500_00, 500_00), (700_00, -300_00)])
def test_a_difference_is_booked_with_a_second_person(bank: Bank, counted_fen: int, side_fen: int) -> None:
    supply(1_000_00)
    open_till(TELLER, 1_000_00)
    # when the count differs, then the till waits and gives nothing more
    till = count_till(TODAY, TELLER, counted_fen, by=TELLER)
    assert (till.state, till.difference_fen) == ("counted", side_fen)
    account_id = holder(bank)
    with pytest.raises(TillNotOpen):
        take_deposit(account_id, 1_00, reference="deposit-1", teller_id=TELLER)
    # and its own teller cannot settle it, nor anybody else what they did not see
    with pytest.raises(SecondPersonRequired):
        settle_difference(TODAY, TELLER, counted_fen, reason="原因待查", checker_id=TELLER)
    with pytest.raises(TillCountChanged):
        settle_difference(TODAY, TELLER, counted_fen + 1, reason="原因待查", checker_id=CHECKER)
    # when a second person does
    till = settle_difference(TODAY, TELLER, counted_fen, reason="原因待查", checker_id=CHECKER)
    assert (till.state, till.checker_id) == ("closed", CHECKER)
    assert settle_difference(TODAY, TELLER, counted_fen, reason="原因待查", checker_id=CHECKER) == till
    # then the books have what is there, at once, and the stream's message changes nothing
    for _ in range(2):
        assert (house(CASH), house(OVER_SHORT)) == (-counted_fen, side_fen)
        bank.settle()
    assert counter.vault_fen(BRANCH) == counted_fen
    voucher = counter.voucher_of("0001-20261121-000003")
    assert (voucher.kind, voucher.amount_fen, voucher.checker_id) == ("till_difference", abs(side_fen), CHECKER)
    bank.clock.set(at(NEXT, 0, 30))
    assert closing.trial_balance(TODAY, clock.now()).is_balanced


def test_a_second_count_may_find_it(bank: Bank) -> None:
    supply(1_000_00)
    open_till(TELLER, 1_000_00)
    count_till(TODAY, TELLER, 999_00, by=TELLER)
    assert count_till(TODAY, TELLER, 998_00, by=CHECKER).difference_fen == -2_00
    # who counted is no second person
    with pytest.raises(SecondPersonRequired):
        settle_difference(TODAY, TELLER, 998_00, reason="原因待查", checker_id=CHECKER)
    assert count_till(TODAY, TELLER, 1_000_00, by=TELLER).state == "closed"
    with pytest.raises(TillNotCounted):
        settle_difference(TODAY, TELLER, 1_000_00, reason="原因待查", checker_id=CHECKER)
    with pytest.raises(TillNotOpen):
        count_till(TODAY, TELLER, 999_00, by=TELLER)


def test_a_date_does_not_close_while_a_till_is_out(bank: Bank) -> None:
    supply(1_000_00)
    open_till(TELLER, 400_00)
    bank.settle()
    bank.clock.set(at(NEXT, 0, 30))
    with pytest.raises(TillsNotClosed) as refused:
        closing.close_day(TODAY, clock.now())
    assert refused.value.facts == {"date": TODAY, "tills": TELLER}
    # a till of the day before takes nothing today
    with pytest.raises(TillNotOpen):
        take_deposit(holder(bank), 1_00, reference="deposit-1", teller_id=TELLER)
    # when it is counted late, even with a difference, which is dated today
    count_till(TODAY, TELLER, 390_00, by=TELLER)
    with pytest.raises(TillsNotClosed):
        closing.close_day(TODAY, clock.now())
    settle_difference(TODAY, TELLER, 390_00, reason="原因待查", checker_id=CHECKER)
    bank.settle()
    # then the date closes
    assert closing.close_day(TODAY, clock.now()).house[CASH] == -1_000_00
    bank.clock.advance(dt.timedelta(days=1))
    assert closing.close_day(NEXT, clock.now()).house[OVER_SHORT] == -10_00


def test_sent_twice_is_done_once(bank: Bank) -> None:
    supply(1_000_00)
    account_id, other = holder(bank), holder(bank, 2)
    assert supply(1_000_00) == "0001-20261121-000001"
    assert open_till(TELLER, 500_00) == open_till(TELLER, 500_00)
    with pytest.raises(TillOpenedBefore):
        open_till(TELLER, 400_00)
    first = take_deposit(account_id, 100_00, reference="deposit-1", teller_id=TELLER)
    again = take_deposit(account_id, 100_00, reference="deposit-1", teller_id=TELLER)
    assert (again.entry_id, again.voucher, first.hit, again.hit) == (first.entry_id, first.voucher, False, True)
    for changed in ((account_id, 100_01), (other, 100_00)):
        with pytest.raises(IdempotencyKeyReused):
            take_deposit(*changed, reference="deposit-1", teller_id=TELLER)
    paid = pay_out(wanted(account_id, 40_00), teller_id=TELLER)
    # the repeat needs no password: it pays nothing
    assert pay_out(wanted(account_id, 40_00, password="000000"), teller_id=TELLER).voucher == paid.voucher
    assert (bank.balance(account_id), counter.till_of(TODAY, TELLER).cash_fen) == (60_00, 560_00)
    # and after the till is closed, the repeat still answers
    count_till(TODAY, TELLER, 560_00, by=TELLER)
    assert take_deposit(account_id, 100_00, reference="deposit-1", teller_id=TELLER).hit


def test_cash_is_not_undone_by_an_entry_alone(bank: Bank) -> None:
    account_id = holder(bank)
    open_till(TELLER, 0)
    taken = take_deposit(account_id, 100_00, reference="deposit-1", teller_id=TELLER)
    with pytest.raises(EntryNotReversible):
        reversible_entry(taken.entry_id)
    assert (bank.balance(account_id), counter.till_of(TODAY, TELLER).cash_fen) == (100_00, 100_00)


def test_what_is_refused(bank: Bank) -> None:
    account_id = holder(bank)
    with pytest.raises(VaultShort):
        open_till(TELLER, 1_00)
    with pytest.raises(VaultShort):
        supply(-1, "supply-0000")
    with pytest.raises(TillNotOpen):
        take_deposit(account_id, 1_00, reference="deposit-1", teller_id=TELLER)
    open_till(TELLER, 0)
    take_deposit(account_id, 100_00, reference="deposit-1", teller_id=TELLER)
    for fen in (0, -1):
        with pytest.raises(AmountOutOfRange):
            take_deposit(account_id, fen, reference="deposit-2", teller_id=TELLER)
        with pytest.raises(AmountOutOfRange):
            pay_out(wanted(account_id, fen), teller_id=TELLER)
    for reference in ("", "short", "with space", "中文参考号八个字", "x" * 65):
        with pytest.raises(ReferenceMalformed):
            take_deposit(account_id, 1_00, reference=reference, teller_id=TELLER)
    for number in ("9000010000000000017", "H-FEE-INCOME"):
        with pytest.raises(NotFound):
            take_deposit(number, 1_00, reference="deposit-2", teller_id=TELLER)
    for nobody in ("T9999", ""):
        with pytest.raises(StaffNotEntitled):
            take_deposit(account_id, 1_00, reference="deposit-2", teller_id=nobody or "X")
    with pytest.raises(InsufficientFunds):
        pay_out(wanted(account_id, 100_01), teller_id=TELLER)
    # a till of its own is not where another's cash is
    with pytest.raises(TillNotOpen):
        pay_out(wanted(account_id, 1_00), teller_id=CHECKER)
    open_till(CHECKER, 0)
    with pytest.raises(TillShort):
        pay_out(wanted(account_id, 1_00), teller_id=CHECKER)
    with pytest.raises(WithdrawalPasswordWrong):
        pay_out(wanted(account_id, 1_00, password="000000"), teller_id=TELLER)
    bare = account(bank, enter(bank, 3))
    with pytest.raises(WithdrawalPasswordMissing):
        pay_out(wanted(bare, 1_00), teller_id=TELLER)
    with pytest.raises(AmountOutOfRange):
        count_till(TODAY, TELLER, -1, by=TELLER)
    with pytest.raises(NotFound):
        count_till("20261120", TELLER, 0, by=TELLER)
    assert (bank.balance(account_id), counter.till_of(TODAY, TELLER).cash_fen) == (100_00, 100_00)


@pytest.mark.requirement("XJ-5.3-loss")
def test_states_of_the_account_rule_over_cash(bank: Bank) -> None:
    account_id = holder(bank)
    open_till(TELLER, 0)
    take_deposit(account_id, 100_00, reference="deposit-1", teller_id=TELLER)
    for number, state in enumerate(("frozen", "lost")):
        change_state(account_id, before="open", after=state)
        # takes in, gives nothing out
        take_deposit(account_id, 1_00, reference=f"deposit-{state}", teller_id=TELLER)
        with pytest.raises(AccountNotActive):
            pay_out(wanted(account_id, 1_00, f"withdraw-{number}"), teller_id=TELLER)
        change_state(account_id, before=state, after="open")
    pay_out(wanted(account_id, 102_00), teller_id=TELLER)
    change_state(account_id, before="open", after="closed")
    with pytest.raises(PayeeUnavailable):
        take_deposit(account_id, 1_00, reference="deposit-2", teller_id=TELLER)


def large(account_id: str, fen: int, checker_id: str, reference: str = "withdraw-1") -> str:
    """A large withdrawal, checked at the counter and carried out as an approval does it; the voucher's number."""
    asked = check_large(wanted(account_id, fen, reference, document=document(1)), teller_id=TELLER)
    planned = plan_large(asked)
    return done(ledger.post(lambda now: planned.draft(checker_id, now))).voucher


@pytest.mark.requirement("NB-5.1.5")
def test_a_large_withdrawal_needs_the_document_and_a_second_person(bank: Bank) -> None:
    account_id = holder(bank)
    open_till(TELLER, 0)
    take_deposit(account_id, 120_000_00, reference="deposit-1", teller_id=TELLER)
    # one fen below the parameter's amount needs neither
    assert pay_out(wanted(account_id, 49_999_99, "withdraw-0"), teller_id=TELLER).hit is False
    fen = 50_000_00
    with pytest.raises(SecondPersonRequired):
        pay_out(wanted(account_id, fen, document=document(1)), teller_id=TELLER)
    for shown in (None, document(2)):
        with pytest.raises(DocumentNotShown):
            check_large(wanted(account_id, fen, document=shown), teller_id=TELLER)
    with pytest.raises(WithdrawalPasswordWrong):
        check_large(wanted(account_id, fen, password="000000", document=document(1)), teller_id=TELLER)
    # what the counter checked is what is approved: nobody writes such a request by hand, nor changes one
    asked = check_large(wanted(account_id, fen, document=document(1)), teller_id=TELLER)
    for change in (
        {"amount_fen": fen + 1},
        {"account_id": holder(bank, 2)},
        {"reference": "withdraw-2"},
        {"teller_id": CHECKER},
        {"shown": "护照 *0000"},
        {"on": "20261122"},
        {"seal": "0" * 64},
    ):
        with pytest.raises(DocumentNotShown):
            plan_large(replace(asked, **change))
    # the teller at the till is no second person: the write itself says so
    with pytest.raises(SecondPersonRequired):
        large(account_id, fen, TELLER)
    assert bank.balance(account_id) == 70_000_01
    voucher = counter.voucher_of(large(account_id, fen, CHECKER))
    assert (voucher.checker_id, voucher.facts["document"]) == (CHECKER, f"居民身份证 *{document(1).number[-4:]}")
    image = ledger.read_entry(str(voucher.entry_id))
    assert image is not None
    assert (image["checker_id"], image["till"]) == (CHECKER, TELLER)
    # and it is asked for once
    with pytest.raises(IdempotencyKeyReused):
        plan_large(asked)


def test_a_guessed_withdrawal_password_locks_at_the_counter_only(bank: Bank) -> None:
    account_id = holder(bank)
    open_till(TELLER, 0)
    take_deposit(account_id, 100_00, reference="deposit-1", teller_id=TELLER)
    for _ in range(5):
        with pytest.raises(WithdrawalPasswordWrong):
            pay_out(wanted(account_id, 1_00, password="000000"), teller_id=TELLER)
    with pytest.raises(WithdrawalPasswordWrong):
        pay_out(wanted(account_id, 1_00), teller_id=TELLER)
    # after half an hour the right one is taken
    bank.clock.advance(dt.timedelta(minutes=31))
    assert pay_out(wanted(account_id, 1_00), teller_id=TELLER).voucher
