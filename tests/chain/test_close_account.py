"""An account is not closed while deferred legs are on their way to it, whoever comes in between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from chalicelib.closing import service as closing
from chalicelib.closing.commands import close_account as command
from chalicelib.closing.commands.close_account import close_account
from chalicelib.closing.errors import BusinessDayPending
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state, end_deferred_credit
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.ledger.domain import DEFERRED_TAIL
from chalicelib.ledger.errors import CreditNotDeferred, DeferredLegsDue, StateChangeRefused
from chalicelib.parameters import service as parameters
from chalicelib.platform.dynamo import Image
from tests.chain.bank import Bank, Person
from tests.chain.test_closing import DAY, NEXT, at
from tests.chain.test_deferred_legs import confirmed, merchant

GATEWAY = dt.timedelta(seconds=29)


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def shop(bank: Bank) -> Person:
    return merchant(bank)


def account(person: Person) -> ledger.Account:
    return ledger.read_accounts([person.account])[person.account]


def in_between(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Let `work` happen after the close has looked, and before it writes."""

    def change(account_id: str, *, before: str, after: str, **more: str) -> Image:
        work()
        return change_state(account_id, before=before, after=after, **more)

    monkeypatch.setattr(command, "change_state", change)


def test_a_payee_with_deferred_credit_is_not_closed_while_it_has_that(bank: Bank, payer: Person, shop: Person) -> None:
    # given a payment that the merchant's account does not show yet
    (entry_id,) = confirmed(bank, shop, (payer, "10.00"))
    assert account(shop).posted_fen == 0

    # when the branch closes the account, then it is refused, and the money arrives
    for before in ("open", "dormant"):
        if before == "dormant":
            change_state(shop.account, before="open", after="dormant")
        with pytest.raises(DeferredLegsDue):
            close_account(shop.account, before=before)
    assert post_deferred_legs([entry_id]) == set()
    assert (account(shop).posted_fen, account(shop).state) == (10_00, "dormant")


def test_it_is_closed_when_its_credit_has_ended_the_day_has_closed_and_all_is_paid_out(
    bank: Bank, payer: Person, shop: Person
) -> None:
    # given a transfer that was made before the end of deferred credit, and is confirmed after it
    bank.settle()
    token = bank.log_in(payer)
    made = bank.create(token, payer, shop, "10.00", "key-00000001").body["id"]
    bank.settle()
    assert end_deferred_credit(shop.account, bank.clock.now())["deferred_until"] == DAY
    assert bank.confirm(token, made, bank.code_for(payer, made)).status == 200
    with pytest.raises(CreditNotDeferred):
        end_deferred_credit(shop.account, bank.clock.now())

    # then it is refused on that day, with the leg on its way and after it has come
    with pytest.raises(DeferredLegsDue):
        close_account(shop.account, before="open")
    bank.clock.set(at(NEXT, 0, 30))
    with pytest.raises(BusinessDayPending):
        closing.close_day(DAY, bank.clock.now())
    with pytest.raises(DeferredLegsDue):
        close_account(shop.account, before="open")
    bank.settle()
    assert account(shop).posted_fen == 10_00
    closing.close_day(DAY, bank.clock.now())

    # and when the day has closed, with money in it; what is paid now is there at once
    with pytest.raises(StateChangeRefused):
        close_account(shop.account, before="open")
    bank.pay(payer, shop, "1.00", "key-00000002")
    assert account(shop).posted_fen == 11_00
    bank.pay(shop, payer, "11.00", "key-00000003")
    assert close_account(shop.account, before="open")["state"] == "closed"
    bank.settle()
    assert bank.create(bank.log_in(payer), payer, shop, "1.00", "key-00000004").code == "payee_unavailable"
    assert account(shop).posted_fen == 0


def test_a_transfer_that_posts_between_the_look_and_the_close_is_not_lost(
    bank: Bank, payer: Person, shop: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a transfer to the deferred payee that awaits its code, and a close that has looked
    bank.settle()
    token = bank.log_in(payer)
    made = bank.create(token, payer, shop, "10.00", "key-00000001").body["id"]
    bank.settle()
    end_deferred_credit(shop.account, bank.clock.now())
    in_between(monkeypatch, lambda: bank.confirm(token, made, bank.code_for(payer, made)))

    # when it posts before the close writes
    with pytest.raises(DeferredLegsDue):
        close_account(shop.account, before="open")

    # then the account is open, and gets it
    assert account(shop).posted_fen == 0
    assert post_deferred_legs([made]) == set()
    assert (account(shop).posted_fen, account(shop).state) == (10_00, "open")


def test_money_that_comes_at_once_between_the_look_and_the_close_is_seen_by_the_write(
    bank: Bank, shop: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_deferred_credit(shop.account, bank.clock.now())
    bank.settle()
    bank.clock.set(at(NEXT, 0, 30))
    closing.close_day(DAY, bank.clock.now())
    in_between(monkeypatch, lambda: bank.deposit(shop.account, 5_00))

    with pytest.raises(StateChangeRefused):
        close_account(shop.account, before="open")
    assert (account(shop).posted_fen, account(shop).state) == (5_00, "open")


def test_what_ends_just_before_midnight_may_bring_legs_of_the_next_day(bank: Bank, payer: Person, shop: Person) -> None:
    # given a transfer made at five to twelve, and the end of deferred credit a minute later
    bank.settle()
    bank.clock.set(at(DAY, 23, 58))
    token = bank.log_in(payer)
    made = bank.create(token, payer, shop, "10.00", "key-00000001").body["id"]
    bank.settle()
    bank.clock.set(at(DAY, 23, 59))
    assert end_deferred_credit(shop.account, bank.clock.now())["deferred_until"] == NEXT
    # when it is confirmed after midnight, and the day before closes
    bank.clock.set(at(NEXT, 0, 0))
    confirmed_ = bank.confirm(token, made, bank.code_for(payer, made))
    assert confirmed_.body["business_date"] == NEXT
    bank.clock.set(at(NEXT, 0, 30))
    closing.close_day(DAY, bank.clock.now())
    # then that is not enough
    with pytest.raises(DeferredLegsDue):
        close_account(shop.account, before="open")


def test_an_account_that_never_had_deferred_credit_is_closed_on_any_day(bank: Bank) -> None:
    person = bank.sign_up("钱红")
    with pytest.raises(CreditNotDeferred):
        end_deferred_credit(person.account, bank.clock.now())
    assert close_account(person.account, before="open")["state"] == "closed"


def test_no_instruction_lives_longer_than_is_waited_for() -> None:
    longest = dt.timedelta(seconds=parameters.SMS_CODE_VALID_S.high) + 2 * GATEWAY
    assert longest < DEFERRED_TAIL
