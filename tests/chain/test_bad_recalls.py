"""Recalls that are refused: what cannot be asked back, by whom, how late, and what a request may say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import LIMITS, PASSWORD, Bank, Person
from tests.chain.probe import force_account, unchanged
from tests.chain.recallers import SESSIONS, Case, paid

WITHIN_D = parameters.RECALL_WITHIN_D.default
MS = dt.timedelta(milliseconds=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def case(bank: Bank) -> Case:
    return paid(bank)


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


@pytest.mark.requirement("NB-5.1.4")
def test_each_side_does_its_own_and_nobody_else_knows(case: Case) -> None:
    recall_id, stranger = case.asked(), case.bank.sign_up("吴九")
    case.bank.settle()
    with unchanged(case.bank, but=SESSIONS):
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
    with unchanged(case.bank, but=SESSIONS):
        reply = case.send(case.payer, "POST", where, body)
    assert (reply.status, reply.code) == (400, "malformed_request")
    assert reply.body["errors"] == [{"field": named, "code": code}]
