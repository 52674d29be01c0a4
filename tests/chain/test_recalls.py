"""Recalls over HTTP: asked, answered by the payee, never taken back by force."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.reverse_entry import Order, draft_reversal, reversible_entry
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, transactions
from chalicelib.recalls.domain import STEPS
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import LIMITS, PASSWORD, Bank, LambdaContext, Person, Reply, entered
from tests.chain.probe import force, force_account, table_items, unchanged, wiretap

OPEN_D, WITHIN_D = parameters.RECALL_OPEN_D.default, parameters.RECALL_WITHIN_D.default
MS = dt.timedelta(milliseconds=1)


@dataclass
class Case:
    """A payer who paid 100.00 to a payee, and what the two do about it."""

    bank: Bank
    payer: Person
    payee: Person
    transfer_id: str
    tokens: dict[tuple[str, dt.datetime], str] = field(default_factory=dict)

    def token(self, who: Person) -> str:
        """A session of this very moment: logging in for each request would take most of the tests' time."""
        key = (who.customer_id, self.bank.clock.now())
        if key not in self.tokens:
            self.tokens[key] = self.bank.log_in(who)
        return self.tokens[key]

    def send(self, who: Person, method: str, path: str, body: Any = None) -> Reply:
        return self.bank.request(method, path, body, token=self.token(who))

    def ask(self, reason: str = "wrong_payee") -> Reply:
        return self.send(self.payer, "POST", f"/v1/transfers/{self.transfer_id}/recall", {"reason": reason})

    def asked(self) -> str:
        reply = self.ask()
        assert (reply.status, reply.body["state"]) == (201, "asked"), reply
        return str(reply.body["id"])

    def agree(self, recall_id: str, who: Person | None = None, **factor: str) -> Reply:
        return self.send(who or self.payee, "POST", f"/v1/recalls/{recall_id}/agreement", factor)

    def refuse(self, recall_id: str, who: Person | None = None) -> Reply:
        return self.send(who or self.payee, "POST", f"/v1/recalls/{recall_id}/refusal", {"reason": "owed"})

    def withdraw(self, recall_id: str, who: Person | None = None) -> Reply:
        return self.send(who or self.payer, "POST", f"/v1/recalls/{recall_id}/withdrawal")

    def confirm(self, transfer_id: str) -> Reply:
        self.bank.settle()
        code = self.bank.code_for(self.payee, transfer_id)
        return self.bank.confirm(self.token(self.payee), transfer_id, code)

    def read(self, who: Person, recall_id: str) -> dict[str, Any]:
        reply = self.send(who, "GET", f"/v1/recalls/{recall_id}")
        assert reply.status == 200, reply
        return dict(reply.body)

    def returned(self) -> str:
        recall_id = self.asked()
        confirmed = self.confirm(self.agree(recall_id).body["transfer"]["id"])
        assert (confirmed.status, confirmed.body["state"]) == (200, "posted"), confirmed
        self.bank.settle()
        return recall_id


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def case(bank: Bank) -> Case:
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="5.00")
    made = Case(bank, payer, payee, bank.pay(payer, payee, "100.00", f"recall-pay-{bank.people}"))
    bank.settle()
    return made


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
    with unchanged(case.bank, but=("RecallsTable", "InboxTable", "LocalMessagesTable", *_SESSIONS)):
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


# Log-ins of a test leave these behind.
_SESSIONS = ("SessionsTable", "SecurityEventsTable", "CustomersTable", "LoginTriesTable")

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
    with unchanged(case.bank, but=_SESSIONS):
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
    with unchanged(case.bank, but=_SESSIONS):
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
    with unchanged(case.bank, but=_SESSIONS):
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


def test_what_cannot_be_asked_back(case: Case) -> None:
    bank, payer = case.bank, case.payer
    ask = "/v1/transfers/{}/recall"

    def asked(who: Person, transfer_id: str) -> str:
        reply = case.send(who, "POST", ask.format(transfer_id), {"reason": "other"})
        return reply.code if reply.status >= 400 else "asked"

    # another's transfer, whether paid by the caller or to them, looks like one that does not exist
    for transfer_id in (case.transfer_id, "a" * 26, "x", "１" * 26):
        assert asked(case.payee, transfer_id) == "not_found"
    # one that was not executed; one that was reversed
    waiting = bank.create(bank.log_in(payer), payer, case.payee, "1.00", f"recall-wait-{bank.people}")
    assert asked(payer, waiting.body["id"]) == "recall_not_possible"
    reversed_ = bank.pay(payer, case.payee, "2.00", f"recall-rev-{bank.people}")
    reverse_transfer(reversed_, reason="冲正", by="T0001", correlation_id="test")
    assert asked(payer, reversed_) == "recall_not_possible"
    # one to an account that is closed
    gone = bank.sign_up("李四")
    closed = bank.pay(payer, gone, "1.00", f"recall-closed-{bank.people}")
    force_account(bank, gone.account, state="closed")
    assert asked(payer, closed) == "recall_not_possible"
    # what came back by a recall is not asked back in turn
    recall_id = case.returned()
    return_id = case.read(case.payee, recall_id)["return_id"]
    assert asked(case.payee, return_id) == "recall_not_possible"


def test_a_transfer_between_own_accounts_has_no_other_side(bank: Bank) -> None:
    accounts = tuple(AccountWish("savings", ledger.RIGHT_FULL, LIMITS) for _ in range(2))
    owner = bank.sign_up("周敏", deposit="10.00", accounts=accounts)
    one, other = owner.signed.account_ids
    body = {
        "payer_account": one,
        "payee_account": other,
        "payee_name": owner.name,
        "amount": "1.00",
        "factor": "none",
        "valid_until": (bank.clock.now() + dt.timedelta(minutes=5)).isoformat(),
    }
    token = bank.log_in(owner)
    made = bank.request("POST", "/v1/transfers", body, token=token, headers={"idempotency-key": "recall-own-1"})
    refused = bank.request("POST", f"/v1/transfers/{made.body['id']}/recall", {"reason": "other"}, token=token)
    assert (refused.status, refused.code) == (422, "recall_not_possible")


def test_too_late_to_the_millisecond(case: Case) -> None:
    posted = case.send(case.payer, "GET", f"/v1/transfers/{case.transfer_id}").body["posted_at"]
    last = clock.from_text(posted) + dt.timedelta(days=WITHIN_D)
    case.bank.clock.set(last)
    late = case.ask()
    assert (late.status, late.code, late.body["facts"]) == (422, "recall_too_late", {"days": str(WITHIN_D)})
    case.bank.clock.set(last - MS)
    assert case.ask().status == 201


def test_a_reversal_meanwhile_is_not_returned_again(case: Case) -> None:
    recall_id = case.asked()
    reverse_transfer(case.transfer_id, reason="冲正", by="T0001", correlation_id="test")
    with unchanged(case.bank, but=_SESSIONS):
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


@pytest.mark.requirement("NB-5.1.4")
def test_each_side_does_its_own_and_nobody_else_knows(case: Case) -> None:
    recall_id, stranger = case.asked(), case.bank.sign_up("吴九")
    case.bank.settle()
    with unchanged(case.bank, but=_SESSIONS):
        for refused in (
            case.agree(recall_id, case.payer),
            case.refuse(recall_id, case.payer),
            case.withdraw(recall_id, case.payee),
            case.agree(recall_id, stranger),
            case.refuse(recall_id, stranger),
            case.withdraw(recall_id, stranger),
            case.send(stranger, "GET", f"/v1/recalls/{recall_id}"),
            case.agree("a" * 26),
            case.refuse("x"),
            case.withdraw("１" * 26),
            case.send(case.payer, "GET", "/v1/recalls/" + "b" * 26),
        ):
            assert (refused.status, refused.code) == (404, "not_found")
    for side in ("asked", "received"):
        assert case.send(stranger, "GET", f"/v1/recalls?side={side}").body["recalls"] == []


def test_express_asks_and_refuses_and_never_pays(case: Case) -> None:
    def less(who: Person, edition: str) -> str:
        body = {"login_name": who.login_name, "password": PASSWORD, "edition": edition}
        return str(case.bank.request("POST", "/v1/sessions", body).body["access_token"])

    ask = f"/v1/transfers/{case.transfer_id}/recall"
    assert case.bank.request("POST", ask, {"reason": "other"}, token=less(case.payer, "credit_card")).status == 403
    asked = case.bank.request("POST", ask, {"reason": "other"}, token=less(case.payer, "express"))
    assert asked.status == 201
    token, path = less(case.payee, "express"), f"/v1/recalls/{asked.body['id']}"
    refused = case.bank.request("POST", f"{path}/agreement", {}, token=token)
    assert (refused.status, refused.code) == (403, "edition_not_entitled")
    assert case.bank.request("GET", path, token=token).body["state"] == "asked"
    answered = case.bank.request("POST", f"{path}/refusal", {"reason": "disputed"}, token=token)
    assert (answered.status, answered.body["state"]) == (200, "refused")


BODIES: dict[str, tuple[str, Any, str, str]] = {
    "no reason": ("recall", {}, "reason", "missing"),
    "a reason of one's own": ("recall", {"reason": "see http://example.test"}, "reason", "not_allowed"),
    "a number": ("recall", {"reason": 1}, "reason", "not_allowed"),
    "a note": ("recall", {"reason": "other", "note": "x"}, "note", "unknown_field"),
    "a payer's reason": ("refusal", {"reason": "wrong_payee"}, "reason", "not_allowed"),
    "no factor": ("agreement", {"factor": "none"}, "factor", "not_allowed"),
    "an amount": ("agreement", {"amount": "1.00"}, "amount", "unknown_field"),
}


@pytest.mark.parametrize(("path", "body", "named", "code"), BODIES.values(), ids=BODIES)
def test_what_does_not_fit_is_named(case: Case, path: str, body: Any, named: str, code: str) -> None:
    where = f"/v1/transfers/{case.transfer_id}/recall" if path == "recall" else f"/v1/recalls/{'a' * 26}/{path}"
    with unchanged(case.bank, but=_SESSIONS):
        reply = case.send(case.payer, "POST", where, body)
    assert (reply.status, reply.code) == (400, "malformed_request")
    assert reply.body["errors"] == [{"field": named, "code": code}]


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
