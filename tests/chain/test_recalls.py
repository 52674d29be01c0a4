"""Recalls over HTTP: asked, answered by the payee, never taken back by force."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.ledger.commands.reverse_entry import Order, draft_reversal, reversible_entry
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, transactions
from chalicelib.recalls.domain import STEPS
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import Bank, LambdaContext, Person, Reply, entered
from tests.chain.probe import force, force_account, table_items, unchanged, wiretap
from tests.chain.recallers import SESSIONS, Case, paid

OPEN_D = parameters.RECALL_OPEN_D.default
MS = dt.timedelta(milliseconds=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def case(bank: Bank) -> Case:
    return paid(bank)


def recall_texts(bank: Bank, person: Person, word: str) -> list[str]:
    """SMS about a recall; movements' alerts speak of 转入 and 转出 only."""
    return [text for text in bank.messages(person) if word in text]


@pytest.mark.requirement("YQ-4.2.2-xfer")
def test_a_mistaken_transfer_is_asked_back_and_returned_by_its_payee(case: Case) -> None:
    bank, payer, payee = case.bank, case.payer, case.payee
    parameters.set_value("fee.transfer.own_bank_fen", 2_00)
    # when the payer asks
    recall_id = case.asked()
    bank.settle()
    # then the payee is told, by SMS and inbox, masked, and what no recall ever asks for
    (text,) = recall_texts(bank, payee, "请求退回")
    assert "*小明" in text
    assert "100.00元" in text
    assert f"尾号{payee.account[-4:]}" in text
    assert "不会索要验证码" in text
    assert "赵小明" not in text
    inbox = case.send(payee, "GET", "/v1/notifications").body["notifications"]
    assert [row["text"] for row in inbox if row["kind"] == "recall"] == [text]
    # and sees the request on their side
    (row,) = case.send(payee, "GET", "/v1/recalls").body["recalls"]
    assert (row["id"], row["side"], row["state"], row["amount"]) == (recall_id, "received", "asked", "100.00")
    assert (row["counterparty_name"], row["transfer_id"], row["return_id"]) == ("*小明", None, None)
    assert row["reason"] == {"code": "wrong_payee", "text": "收款人有误"}
    assert payer.account not in json.dumps(row)
    # when the payee agrees nothing has moved yet
    agreed = case.agree(recall_id)
    assert (agreed.status, agreed.body["recall"]["state"]) == (201, "agreed"), agreed
    assert (agreed.body["transfer"]["amount"], agreed.body["transfer"]["fee"]) == ("100.00", "0.00")
    assert bank.balance(payee.account) == 105_00
    assert case.read(payer, recall_id)["state"] == "agreed"
    # and what they confirm by their own factor is a transfer like any other
    confirmed = case.confirm(agreed.body["transfer"]["id"])
    assert (confirmed.status, confirmed.body["purpose"]) == (200, "退回转账")
    bank.settle()
    assert (bank.balance(payer.account), bank.balance(payee.account)) == (1000_00, 5_00)
    # then both sides read that it is back, and the payer was told twice
    mine = case.read(payer, recall_id)
    assert (mine["side"], mine["state"], mine["transfer_id"]) == ("asked", "returned", case.transfer_id)
    assert mine["return_id"] is None
    theirs = case.read(payee, recall_id)
    assert (theirs["state"], theirs["return_id"]) == ("returned", confirmed.body["id"])
    assert theirs["changed_at"] == confirmed.body["posted_at"]
    assert len(recall_texts(bank, payer, "已同意退回")) == len(recall_texts(bank, payer, "已退回")) == 1


def test_a_refusal_has_a_reason_and_moves_nothing(case: Case) -> None:
    recall_id = case.asked()
    case.bank.settle()
    with unchanged(case.bank, but=("RecallsTable", "InboxTable", "InboxHeadsTable", "LocalMessagesTable", *SESSIONS)):
        refused = case.refuse(recall_id)
    assert (refused.status, refused.body["state"]) == (200, "refused")
    assert case.read(case.payer, recall_id)["refusal_reason"] == {"code": "owed", "text": "款项为应收款"}
    assert len(recall_texts(case.bank, case.payer, "未同意退回")) == 1


def test_a_withdrawn_request_asks_no_longer(case: Case) -> None:
    recall_id = case.asked()
    case.bank.settle()
    assert case.withdraw(recall_id).body["state"] == "withdrawn"
    case.bank.settle()
    assert len(recall_texts(case.bank, case.payee, "已撤回")) == 1


def test_who_was_told_too_late_is_told_of_the_later_state_only(case: Case) -> None:
    # given a request that is withdrawn before its first message is worked on
    recall_id = case.asked()
    case.withdraw(recall_id)
    case.bank.settle()
    texts = [text for text in case.bank.messages(case.payee) if "退回" in text]
    assert len(texts) == 1
    assert "已撤回" in texts[0]


ENDS: dict[str, Callable[[Case, str], Any]] = {
    "asked": lambda case, recall_id: None,
    "agreed": lambda case, recall_id: case.agree(recall_id),
    "refused": lambda case, recall_id: case.refuse(recall_id),
    "withdrawn": lambda case, recall_id: case.withdraw(recall_id),
    "returned": lambda case, recall_id: case.confirm(case.agree(recall_id).body["transfer"]["id"]),
    "expired": lambda case, recall_id: case.bank.clock.advance(dt.timedelta(days=OPEN_D)),
}
TAKEN: dict[str, Callable[[Case, str], Reply]] = {
    "agree": lambda case, recall_id: case.agree(recall_id),
    "refuse": lambda case, recall_id: case.refuse(recall_id),
    "withdraw": lambda case, recall_id: case.withdraw(recall_id),
}
REFUSED_STEPS = {state: [step for step in TAKEN if state not in STEPS[step]] for state in ENDS if state != "asked"}


@pytest.mark.parametrize("state", REFUSED_STEPS)
def test_the_steps_that_a_state_does_not_have_are_refused(case: Case, state: str) -> None:
    recall_id = case.asked()
    ENDS[state](case, recall_id)
    case.bank.settle()
    assert case.read(case.payer, recall_id)["state"] == state
    with unchanged(case.bank, but=SESSIONS):
        for step in REFUSED_STEPS[state]:
            refused = TAKEN[step](case, recall_id)
            assert (refused.status, refused.code, refused.body["facts"]) == (409, "recall_not_open", {"state": state})


def test_all_refused_steps_are_tested() -> None:
    # all three of each of the four ends, and two of what was agreed to
    assert sum(map(len, REFUSED_STEPS.values())) == 14


def test_its_last_moment_is_exact(case: Case) -> None:
    recall_id = case.asked()
    asked_at = clock.from_text(case.read(case.payer, recall_id)["asked_at"])
    case.bank.clock.set(asked_at + dt.timedelta(days=OPEN_D) - MS)
    assert case.read(case.payee, recall_id)["state"] == "asked"
    assert case.refuse(recall_id).status == 200


def test_what_was_agreed_in_time_may_be_confirmed_after(case: Case) -> None:
    recall_id = case.asked()
    case.bank.clock.advance(dt.timedelta(days=OPEN_D) - dt.timedelta(seconds=60))
    agreed = case.agree(recall_id)
    case.bank.clock.advance(dt.timedelta(seconds=90))
    assert case.read(case.payer, recall_id)["state"] == "expired"
    assert case.confirm(agreed.body["transfer"]["id"]).status == 200
    case.bank.settle()
    # the money is back, and that is what is told
    assert case.read(case.payer, recall_id)["state"] == "returned"


def test_the_same_request_again_is_the_one_that_is_there(case: Case) -> None:
    recall_id = case.asked()
    with unchanged(case.bank, but=SESSIONS):
        again, other = case.ask(), case.ask("other")
    assert (again.status, again.body["id"]) == (200, recall_id)
    assert (other.status, other.code) == (409, "recall_known")
    # agreed twice is one return transfer
    agreed = [case.agree(recall_id) for _ in range(2)]
    assert [reply.status for reply in agreed] == [201, 200]
    assert agreed[0].body["transfer"] == agreed[1].body["transfer"]
    # once more, after all is done, the recall reads as it ended
    case.confirm(agreed[0].body["transfer"]["id"])
    case.bank.settle()
    assert (case.ask().status, case.ask().body["state"]) == (200, "returned")


def test_a_return_that_was_not_confirmed_is_made_again_but_never_two_at_a_time(case: Case) -> None:
    bank, recall_id = case.bank, case.asked()
    first = case.agree(recall_id).body["transfer"]
    bank.settle()
    code = bank.code_for(case.payee, first["id"])
    # given that it can be confirmed no more, but one that was under way might still be posted
    bank.clock.set(clock.from_text(first["valid_until"]))
    waiting = case.agree(recall_id)
    assert (waiting.status, waiting.code, waiting.headers["Retry-After"]) == (409, "return_under_way", "30")
    bank.clock.advance(dt.timedelta(seconds=30) - MS)
    assert case.agree(recall_id).code == "return_under_way"
    bank.clock.advance(MS)
    second = case.agree(recall_id)
    assert second.status == 201
    assert second.body["transfer"]["id"] != first["id"]
    # then the first is dead and the second returns the money, once
    assert bank.confirm(case.token(case.payee), first["id"], code).code == "transfer_expired"
    assert case.confirm(second.body["transfer"]["id"]).status == 200
    bank.settle()
    assert bank.balance(case.payer.account) == 1000_00
    assert case.read(case.payer, recall_id)["state"] == "returned"


def test_another_factor_does_not_make_a_second_return(case: Case) -> None:
    recall_id = case.asked()
    assert case.agree(recall_id).status == 201
    other = case.agree(recall_id, factor="token")
    assert (other.status, other.code) == (409, "return_under_way")


def test_who_cannot_pay_has_agreed_to_nothing(case: Case) -> None:
    recall_id = case.asked()
    spent = case.bank.pay(case.payee, case.bank.sign_up("孙立"), "50.00", f"recall-spent-{case.bank.people}")
    assert spent
    with unchanged(case.bank, but=SESSIONS):
        assert case.agree(recall_id).code == "insufficient_funds"
        assert case.agree(recall_id, factor="token").code == "factor_not_active"
    case.bank.deposit(case.payee.account, 100_00)
    force(case.bank, "CustomersTable", {"customer_id": case.payee.customer_id}, transfers_on=False)
    assert case.agree(recall_id).code == "transfers_switched_off"
    force(case.bank, "CustomersTable", {"customer_id": case.payee.customer_id}, transfers_on=True)
    assert case.read(case.payer, recall_id)["state"] == "asked"
    # the payer's account may close meanwhile: then there is nowhere to return to
    force_account(case.bank, case.payer.account, state="closed")
    assert case.agree(recall_id).code == "payee_unavailable"
    force_account(case.bank, case.payer.account, state="open")
    assert case.agree(recall_id).status == 201


def test_a_reversal_meanwhile_is_not_returned_again(case: Case) -> None:
    recall_id = case.asked()
    reverse_transfer(case.transfer_id, reason="冲正", by="T0001", correlation_id="test")
    with unchanged(case.bank, but=SESSIONS):
        assert case.agree(recall_id).code == "recall_not_possible"
    assert case.refuse(recall_id).status == 200


def test_a_reversal_between_agreement_and_confirmation_leaves_nothing_to_return(case: Case) -> None:
    # given that the payee has agreed, when the bank reverses before they confirm
    agreed = case.agree(case.asked())
    reverse_transfer(case.transfer_id, reason="冲正", by="T0001", correlation_id="test")
    refused = case.confirm(agreed.body["transfer"]["id"])
    # then the money goes back once
    assert (refused.status, refused.code) == (409, "already_given_back")
    assert case.bank.balance(case.payer.account) == 1000_00


def test_what_was_returned_is_not_reversed_by_who_planned_it_before(case: Case) -> None:
    # given a reversal that was drafted before the return was confirmed
    order = Order("冲正", "T0001", "test")
    draft = draft_reversal(reversible_entry(case.transfer_id), order, case.bank.clock.now())
    case.returned()
    assert not transactions.commit(draft.writes())
    with pytest.raises(EntryNotReversible):
        reverse_transfer(case.transfer_id, reason="冲正", by="T0001", correlation_id="test")
    assert case.bank.balance(case.payer.account) == 1000_00


def test_pages_and_cursors(case: Case) -> None:
    bank, transfers = case.bank, [case.transfer_id]
    for index in range(2):
        transfers.append(bank.pay(case.payer, case.payee, "1.00", f"recall-page-{bank.people}-{index}"))
    bank.settle()
    ids = []
    for transfer_id in transfers:
        bank.clock.advance(dt.timedelta(seconds=1))
        ids.append(case.send(case.payer, "POST", f"/v1/transfers/{transfer_id}/recall", {"reason": "other"}).body["id"])
    for who, side in ((case.payer, "asked"), (case.payee, "received")):
        first = case.send(who, "GET", f"/v1/recalls?side={side}&limit=2").body
        rest = case.send(who, "GET", f"/v1/recalls?side={side}&limit=2&cursor={first['next_cursor']}").body
        assert [row["id"] for row in [*first["recalls"], *rest["recalls"]]] == ids[::-1]
        assert rest["next_cursor"] is None
        # one side's place is none on the other, nor another customer's
        other = "received" if side == "asked" else "asked"
        for path, reader in ((f"side={other}", who), (f"side={side}", bank.sign_up("郑十"))):
            reply = case.send(reader, "GET", f"/v1/recalls?{path}&cursor={first['next_cursor']}")
            assert reply.code == "cursor_malformed"
    key = {"payer_customer": {"S": case.payer.customer_id}, "listed": {"S": "钱"}}
    forged = base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
    for wrong in (forged, "e30", "x", "%00"):
        assert case.send(case.payer, "GET", f"/v1/recalls?side=asked&cursor={wrong}").code == "cursor_malformed"
    for query in ("side=both", "limit=0", "limit=101", "state=asked"):
        assert case.send(case.payer, "GET", f"/v1/recalls?{query}").code == "malformed_request"


def test_told_twice_is_told_once_and_messages_carry_ids_only(case: Case) -> None:
    with wiretap() as tap:
        recall_id = case.returned()
    # when every record and message comes again, the first ones last
    again = [(name, event) for name, event in tap.events if name.endswith(("_transfers", "_recalls", "send_alerts"))]
    before = {name: table_items(case.bank, name) for name in ("RecallsTable", "InboxTable", "LocalMessagesTable")}
    for name, event in reversed(again):
        assert entered(name)(event, LambdaContext()) == {"batchItemFailures": []}
    case.bank.settle()
    for name, rows in before.items():
        assert sorted(map(repr, table_items(case.bank, name))) == sorted(map(repr, rows)), name
    # and no message says who, or how much
    bodies = [json.loads(record["body"]) for record in tap.of("send_alerts")]
    told = [body for body in bodies if body["event_type"] == "recall.changed"]
    assert [body["data"] for body in told] == [{"state": state} for state in ("asked", "agreed", "returned")]
    assert {body["aggregate_id"] for body in told} == {recall_id}


def test_a_lost_record_of_the_return_is_made_good_when_somebody_looks(case: Case) -> None:
    recall_id = case.returned()
    # given that the stream never said it: the recall as it was before
    key = {"recall_id": recall_id}
    force(case.bank, "RecallsTable", key, state="agreed")
    assert case.read(case.payer, recall_id)["state"] == "returned"
    # and where even the agreement was lost, the next one finds the money returned and returns it no second time
    force(case.bank, "RecallsTable", key, state="asked", attempts=0)
    again = case.agree(recall_id)
    assert (again.code, again.body["facts"]) == ("recall_not_open", {"state": "returned"})
    assert case.read(case.payer, recall_id)["state"] == "returned"
    assert case.bank.balance(case.payer.account) == 1000_00
