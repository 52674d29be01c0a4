"""Money that a court's order holds is taken for it over HTTP, by document and two people (司法扣划)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.closing import service as closing
from chalicelib.counter import court_store
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.holds import Hold, place
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.platform import clock
from tests.chain.bank import Bank, Reply
from tests.chain.clerks import OTHER
from tests.chain.counter import account, enter
from tests.chain.probe import table_items
from tests.chain.tellers import approved, decided, newest_voucher, operator, post, printed, seen, tellers
from tests.chain.two_people import asked, enter_staff

pytestmark = pytest.mark.requirement("NB-5.1.5")

PAPER: dict[str, Any] = {
    "number": "（2026）示01执123号",
    "authority": "示范县人民法院",
    "officers": ["法警0001", "法警0002"],
}
TAKING = {**PAPER, "number": "（2026）示01执123号之一"}


class Court:
    """An account with a thousand yuan, and two tellers who serve the court."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.teller, self.checker = tellers(bank)
        self.account = account(bank, enter(bank, 1))
        bank.deposit(self.account, 1_000_00)
        self.path = f"accounts/{self.account}/court-orders"

    def freeze(self, amount: str | None, reference: str) -> None:
        body = {"document": PAPER, "until": "20271120", "reference": reference, "amount": amount}
        assert approved(self.bank, post(self.bank, self.teller, self.path, body), self.checker)

    def ask(self, amount: str, reference: str = "transfer-1", place: int = 1, **changes: Any) -> Reply:
        body = {"document": TAKING, "amount": amount, "reference": reference, **changes}
        return post(self.bank, self.teller, f"{self.path}/{place}/transfers", body)

    def take(self, amount: str, reference: str = "transfer-1", place: int = 1) -> Reply:
        return decided(self.bank, self.ask(amount, reference, place), self.checker)

    def found(self) -> tuple[str, int, int]:
        one = ledger.read_accounts([self.account])[self.account]
        return one.state, one.available_fen, one.held_fen

    def orders(self) -> list[tuple[str, int | None, int]]:
        return [(one.state, one.amount_fen, one.taken_fen) for one in court_store.orders_of(self.account)]


@pytest.fixture
def court(bank: Bank) -> Court:
    return Court(bank)


def house() -> int:
    """What is on its way to courts."""
    found = ledger.read_accounts([ledger.court_account("0001")])
    return found[ledger.court_account("0001")].posted_fen if found else 0


def test_a_held_amount_is_taken_in_parts_and_the_hold_shrinks_with_it(bank: Bank, court: Court) -> None:
    court.freeze("600.00", "court-order-1")
    asked, again = court.ask("200.00"), court.ask("200.00")
    assert asked.body == again.body
    shown = {
        change["fact"]: (change["before"], change["after"]) for change in seen(bank, asked, court.checker)["changes"]
    }
    assert (shown["held"], shown["taken"]) == (("600.00", "400.00"), ("0.00", "200.00"))
    assert shown["document"] == (TAKING["number"],) * 2
    assert court.found() == ("open", 400_00, 600_00)
    assert approved(bank, asked, court.checker)
    assert court.found() == ("open", 400_00, 400_00)
    assert court.orders() == [("in_force", 400_00, 200_00)]
    voucher = newest_voucher(bank, court.teller)
    assert (voucher["kind"], voucher["amount"], voucher["checker"]) == (
        "court_transferred",
        "200.00",
        court.checker.staff_id,
    )
    text = printed(bank, court.teller, voucher["number"])
    assert "贰佰元整" in text
    assert PAPER["number"] in text
    # no more than is held is taken; all of it ends the order
    assert court.ask("400.01", "transfer-2").code == "court_amount_exceeded"
    assert court.take("400.00", "transfer-3").status == 200
    assert court.orders() == [("executed", 0, 600_00)]
    assert court.found() == ("open", 400_00, 0)
    assert court.ask("0.01", "transfer-4").code == "court_order_ended"
    # the ledger has it in the house account, a line on the account's statement, and a day that balances
    bank.settle()
    assert house() == 600_00
    bank.clock.set(dt.datetime(2026, 11, 22, 0, 30, tzinfo=clock.SHANGHAI))
    assert closing.trial_balance("20261121", clock.now()).is_balanced


def test_of_a_whole_account_what_is_there_is_taken_and_it_stays_frozen(bank: Bank, court: Court) -> None:
    court.freeze(None, "court-order-1")
    reply = court.take("1000.01")
    assert (reply.code, reply.body["facts"]["cause"]) == ("approval_failed", "insufficient_funds")
    assert court.take("1000.00", "transfer-2").status == 200
    assert court.found() == ("frozen", 0, 0)
    assert court.orders() == [("in_force", None, 1_000_00)]


def test_the_earlier_order_comes_first_and_other_holds_are_left_alone(bank: Bank, court: Court) -> None:
    # given a payment that holds 300, and two orders for more than is left
    held = ledger.read_accounts([court.account])[court.account]
    placed = Hold(
        hold_id="hold-1",
        customer_id=held.customer_id,
        account_id=court.account,
        amount_fen=300_00,
        counted_fen=0,
        expires_at=clock.now() + dt.timedelta(days=1),
        purpose="",
        correlation_id="test",
        request_digest=b"hold-1",
    )
    ledger_right(court.account)
    place(placed)
    court.freeze("600.00", "court-order-1")
    court.freeze("500.00", "court-order-2")
    assert court.found() == ("open", -400_00, 1_400_00)
    # then the later one gets what is left of the earlier one, and the earlier one all of its own
    refused = court.take("100.01", "transfer-1", place=2)
    assert refused.body["facts"]["cause"] == "insufficient_funds"
    assert court.take("100.00", "transfer-2", place=2).status == 200
    assert court.take("600.00", "transfer-3").status == 200
    assert court.orders() == [("executed", 0, 600_00), ("in_force", 400_00, 100_00)]
    assert court.found() == ("open", -400_00, 700_00)


def ledger_right(account_id: str) -> None:
    """Let the account pay, as a contract does."""
    ledger.claim(ledger.account_update(account_id, payee=False).set("#right = :right", right={"S": "full"}))


def test_what_was_lifted_or_taken_meanwhile_outdates_a_request(bank: Bank, court: Court) -> None:
    court.freeze("600.00", "court-order-1")
    first, second = court.ask("200.00"), court.ask("600.00", "transfer-2")
    lifting = {"document": PAPER, "reference": "lifting-1"}
    lifted = post(bank, court.teller, f"{court.path}/1/liftings", lifting)
    assert approved(bank, first, court.checker)
    # the rest is less than the second asks for, and the lifting was asked for more than is held
    assert decided(bank, second, court.checker).code in ("approval_failed", "approval_outdated")
    assert decided(bank, lifted, court.checker).code == "approval_outdated"
    again = post(bank, court.teller, f"{court.path}/1/liftings", {**lifting, "reference": "lifting-2"})
    assert approved(bank, again, court.checker)
    assert court.found() == ("open", 800_00, 0)
    assert court.ask("1.00", "transfer-3").code == "court_order_ended"


def test_who_may_not_and_what_cannot_be(bank: Bank, court: Court) -> None:
    court.freeze("600.00", "court-order-1")
    body = {"document": TAKING, "amount": "1.00", "reference": "transfer-1"}
    path = f"{court.path}/1/transfers"
    for clerk in (operator(bank), court.checker):
        assert post(bank, clerk, path, body).code == "staff_permission_denied"
    elsewhere, _ = tellers(bank, OTHER)
    assert post(bank, elsewhere, path, body).code == "not_found"
    for amount in ("0.00", "-1.00", "1.001", "", "x", "1e3"):
        assert court.ask(amount).status in (400, 422), amount
    assert court.ask("1.00", document={**TAKING, "officers": ["法警0001", "法警0001"]}).code == (
        "court_document_malformed"
    )
    assert court.ask("1.00", place=2).code == "not_found"
    assert court.ask("1.00", place=99999).code == "not_found"
    # a waiting order takes nothing, nor does one whose last date is over
    court.freeze(None, "court-order-2")
    court.freeze("10.00", "court-order-3")
    assert court.ask("1.00", place=3).code == "court_order_ended"
    assert court.found() == ("frozen", 400_00, 600_00)


def test_what_was_taken_for_a_court_is_not_put_back_by_an_entry_alone(bank: Bank, court: Court) -> None:
    enter_staff()
    court.freeze("600.00", "court-order-1")
    assert court.take("600.00").status == 200
    (taken,) = (row for row in table_items(bank, "JournalTable") if row["kind"] == "court_transfer")
    with pytest.raises(EntryNotReversible):
        asked("entry.reverse", {"entry_id": taken["entry_id"]})
    assert (court.found(), court.orders()) == (("open", 400_00, 0), [("executed", 0, 600_00)])
