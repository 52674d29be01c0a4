"""What an attacker found, each shown before it was mended."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.accounts.commands import sweep_lines
from chalicelib.customers import service as customers
from chalicelib.customers import store as customers_store
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.ledger.commands.holds import Hold
from chalicelib.ledger.commands.reverse_entry import reversal_id_of
from chalicelib.ledger.errors import HoldNotOpen
from chalicelib.platform import aws, ids
from chalicelib.platform.errors import AmountOutOfRange
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import BRANCH, LIMITS, TELLER, Bank, Person
from tests.chain.lost_lines import lose_last


def hold(bank: Bank, payer: Person, amount_fen: int, counted_fen: int | None = None) -> str:
    """Set money aside for an hour; the hold's id looks like a transfer's."""
    hold_id = "hold" + "a" * 22
    holds.place(
        Hold(
            hold_id=hold_id,
            customer_id=payer.customer_id,
            account_id=payer.account,
            amount_fen=amount_fen,
            counted_fen=amount_fen if counted_fen is None else counted_fen,
            expires_at=bank.clock.now() + dt.timedelta(hours=1),
            purpose="",
            correlation_id="test",
            request_digest=b"digest",
        )
    )
    return hold_id


def test_a_second_capture_to_somebody_else_is_not_told_as_done(bank: Bank) -> None:
    payer, payee, other = bank.sign_up("赵小明", deposit="300.00"), bank.sign_up("钱红"), bank.sign_up("孙建国")
    hold_id = hold(bank, payer, 300_00)
    holds.capture(hold_id, payee_account=payee.account, amount_fen=120_00)

    with pytest.raises(HoldNotOpen):
        holds.capture(hold_id, payee_account=other.account, amount_fen=120_00)
    with pytest.raises(HoldNotOpen):
        holds.capture(hold_id, payee_account=payee.account, amount_fen=50_00)

    assert (bank.balance(payee.account), bank.balance(other.account)) == (120_00, 0)


def test_the_id_of_a_captured_hold_cannot_be_confirmed(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="300.00"), bank.sign_up("钱红")
    hold_id = hold(bank, payer, 300_00)
    holds.capture(hold_id, payee_account=payee.account, amount_fen=300_00)

    assert bank.confirm(bank.log_in(payer), hold_id, "000000").code == "not_found"


def test_the_reversal_of_a_captured_hold_has_its_facts_and_gives_its_limits_back(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="300.00"), bank.sign_up("钱红")
    hold_id = hold(bank, payer, 300_00)
    holds.capture(hold_id, payee_account=payee.account, amount_fen=120_00)

    reverse_transfer(hold_id, reason="冲正", by=TELLER, correlation_id="test")

    reversal = ledger.read_entry(reversal_id_of(hold_id))
    assert reversal is not None
    assert (reversal["amount_fen"], reversal["payer_account"]) == (120_00, payee.account)
    assert bank.balance(payer.account) == 300_00
    image = ledger.read_accounts([payer.account])[payer.account].image
    assert (image["day_20261121"], image["count_20261121"]) == (LIMITS.day_fen, LIMITS.day_count)


@pytest.mark.parametrize("amount_fen", [0, -500_00])
def test_nothing_and_less_cannot_be_paid_in_or_held(bank: Bank, amount_fen: int) -> None:
    person = bank.sign_up("赵小明")
    with pytest.raises(AmountOutOfRange):
        deposit_cash(
            account_id=person.account,
            branch_id=BRANCH,
            amount_fen=amount_fen,
            reference=ids.random_id(),
            teller_id=TELLER,
            at=bank.clock.now(),
        )
    with pytest.raises(AmountOutOfRange):
        hold(bank, person, amount_fen, counted_fen=0)
    assert bank.balance(person.account) == 0


def test_after_log_out_a_transfer_at_once_tells_nothing(bank: Bank) -> None:
    wish = AccountWish("savings", ledger.RIGHT_FULL, LIMITS)
    owner = bank.sign_up("赵小明", accounts=(wish, wish))
    bank.deposit(owner.account, 100_00)
    token = bank.log_in(owner)
    body = {
        "payer_account": owner.account,
        "payee_account": owner.signed.account_ids[1],
        "payee_name": owner.name,
        "amount": "40.00",
        "factor": "none",
        "valid_until": (bank.clock.now() + dt.timedelta(minutes=5)).isoformat(),
    }

    def send(**more: str) -> str:
        reply = bank.request(
            "POST", "/v1/transfers", {**body, **more}, token=token, headers={"idempotency-key": "own-key-1"}
        )
        return "done" if reply.status == 201 else reply.code

    assert send() == "done"
    bank.request("DELETE", "/v1/sessions/current", token=token)
    # the used key, other contents, equal accounts, nothing at all: one answer
    changes = [{}, {"amount": "41.00"}, {"payee_account": owner.account}, {"amount": "0.00"}]
    changes += [{"valid_until": f"{year}-11-21T02:00:00Z"} for year in (2020, 2099)]
    assert {send(**change) for change in changes} == {"session_ended"}


def test_a_log_out_waits_for_a_payment_that_has_the_record(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a session, and an engine that meets the customer's record in a transaction at first
    person = bank.sign_up("赵小明")
    token = bank.log_in(person)
    write, conflicts = aws.dynamodb().transact_write_items, [1, 2]

    def busy(**request: Any) -> Any:
        if conflicts:
            conflicts.pop()
            reasons: Any = [{"Code": "None"}, {"Code": "TransactionConflict"}]
            raise aws.dynamodb().exceptions.TransactionCanceledException(
                {"Error": {"Code": "TransactionCanceledException", "Message": ""}, "CancellationReasons": reasons},
                "TransactWriteItems",
            )
        return write(**request)

    monkeypatch.setattr(aws.dynamodb(), "transact_write_items", busy)

    # when the customer logs out, then it takes: the token is of no use
    assert bank.request("DELETE", "/v1/sessions/current", token=token).status == 204
    assert bank.request("GET", "/v1/accounts", token=token).code == "session_ended"


def test_one_tampered_entry_does_not_stop_the_sweep_of_others(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a page a customer, every customer's last line lost, and one entry that no longer balances
    monkeypatch.setattr(customers_store, "MAX_SCAN_PAGE", 1)
    people = [bank.sign_up(name, deposit="10.00") for name in ("赵小明", "钱红", "孙建国")]
    bank.settle()
    for person in people:
        lose_last(bank, person.account, 1)
    first, _ = customers.customer_page(None)
    (broken,) = [person for person in people if person.customer_id == first[0]]
    entry_id = ledger.read_accounts([broken.account])[broken.account].image["e0"]
    aws.dynamodb().update_item(
        TableName=bank.references["JournalTable"],
        Key={"entry_id": {"S": entry_id}},
        UpdateExpression="SET postings[0].f = :more",
        ExpressionAttributeValues={":more": {"N": "1"}},
    )
    bank.clock.advance(dt.timedelta(hours=1))

    # when the sweep runs, then all others have their lines again
    sweep_lines.start_sweep("sweep-1")
    bank.settle()
    token_of = {person.account: bank.log_in(person) for person in people if person is not broken}
    for account, token in token_of.items():
        lines = bank.request("GET", f"/v1/accounts/{account}/movements", token=token).body["movements"]
        assert [line["amount"] for line in lines] == ["10.00"]
