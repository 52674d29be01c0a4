"""Sign-up, change and end of online banking at the counter over HTTP: two people, the document seen, a voucher each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from tests.chain.bank import PASSWORD, Bank, Reply
from tests.chain.clerks import CITY, OTHER, Clerk, log_in
from tests.chain.counter import account, document, enter, sign_up
from tests.chain.counter import log_in as log_in_customer
from tests.chain.tellers import SHOWN, approved, decided, newest_voucher, operator, post, printed, seen, tellers

pytestmark = pytest.mark.requirement("NB-5.2.6")

ABOVE_CEILING = "5000000.01"


def looker(bank: Bank, **changes: Any) -> tuple[str, str, str]:
    """A customer of the express edition: id, account, log-in name."""
    person = enter(bank, 1, **changes)
    held = account(bank, person)
    name = sign_up(bank, person, held, edition="express", rights={held: "query"}, limit_outward_fen=0)
    return person, held, name


def edition_form(held: str, **changes: Any) -> dict[str, Any]:
    """A change to the professional edition."""
    form = {"factor": "sms", "limit_outward": "1000.00", "rights": {held: "full"}, **changes}
    return {"edition": "professional", "document": SHOWN, "form": form, "reference": "edition-1"}


def edition_of(person: str) -> tuple[str, str]:
    found = customers.customer_of(person)
    assert found is not None
    return found.state, found.edition


@pytest.mark.requirement("NB-5.4.1-up")
@pytest.mark.requirement("NB-5.1.5")
def test_an_edition_is_raised_by_two_in_one_write(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, held, name = looker(bank)
    path, form = f"customers/{person}/editions", edition_form(held)
    # when it is asked for, and asked for again, then nothing has changed, and it is one request
    asked, again = post(bank, teller, path, form), post(bank, teller, path, form)
    assert asked.body == again.body
    assert edition_of(person) == ("active", "express")
    assert customers.contracts_of(person) == {held: "query"}
    shown = seen(bank, asked, checker)
    changes = {change["fact"]: (change["before"], change["after"]) for change in shown["changes"]}
    assert changes["edition"] == ("express", "professional")
    assert changes["limit"] == ("0.00", "1000.00")
    assert held not in str(shown["changes"])
    assert document(1).number not in str(shown)
    # when another approves, then edition, limit, right, history and voucher are there together
    assert approved(bank, asked, checker)
    assert edition_of(person) == ("active", "professional")
    assert customers.contracts_of(person) == {held: "full"}
    assert ledger.read_accounts([held])[held].right == "full"
    record = customers.customer_of(person)
    assert record is not None
    assert record.image["limit_outward"] == 1000_00
    assert [change["to"] for change in customers.editions_of(person)] == ["express", "professional"]
    voucher = newest_voucher(bank, teller)
    assert (voucher["kind"], voucher["teller"], voucher["checker"]) == (
        "edition_changed",
        teller.staff_id,
        checker.staff_id,
    )
    assert "网上银行版本变更回执" in printed(bank, teller, voucher["number"])
    # and down again, by two
    lower = {"edition": "express", "document": SHOWN, "reference": "edition-2"}
    assert approved(bank, post(bank, teller, path, lower), checker)
    assert edition_of(person) == ("active", "express")
    assert log_in_customer(bank, name)


@pytest.mark.requirement("XJ-5.3-limit")
def test_no_sign_up_and_no_upgrade_sets_a_limit_above_the_ceiling(bank: Bank) -> None:
    teller, _ = tellers(bank)
    person, held, _ = looker(bank)
    refused = post(bank, teller, f"customers/{person}/editions", edition_form(held, limit_outward=ABOVE_CEILING))
    assert (refused.status, refused.code) == (422, "limit_above_ceiling")
    second = enter(bank, 2)
    savings = account(bank, second)
    path, form = f"customers/{second}/sign-ups", sign_up_form(savings)
    assert post(bank, teller, path, {**form, "limit_outward": ABOVE_CEILING}).code == "limit_above_ceiling"
    assert post(bank, teller, path, {**form, "day_limits": {savings: ABOVE_CEILING}}).code == "limit_above_ceiling"


def sign_up_form(held: str, **changes: Any) -> dict[str, Any]:
    """An application for the professional edition."""
    return {
        "phone": "13700000001",
        "login_name": "qianhongyin",
        "password": PASSWORD,
        "edition": "professional",
        "rights": {held: "full"},
        "limit_outward": "1000.00",
        "factors": ["sms"],
        "reference": "sign-up-1",
        **changes,
    }


@pytest.mark.requirement("NB-5.4.1-pro")
def test_a_sign_up_sets_daily_limits_of_accounts_too(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person = enter(bank, 1)
    savings, other = account(bank, person), account(bank, person)
    path = f"customers/{person}/sign-ups"
    form = sign_up_form(savings, rights={savings: "full", other: "query"}, day_limits={savings: "200.00"})
    # of an account that only looks there is no limit to set, nor of one that is not contracted
    for wrong in ({other: "1.00"}, {"9000010000000000017": "1.00"}):
        assert post(bank, teller, path, {**form, "day_limits": wrong}).code == "sign_up_refused"
    for amount in ("-1.00", "x", "1.001"):
        assert post(bank, teller, path, {**form, "day_limits": {savings: amount}}).status == 400
    asked = post(bank, teller, path, form)
    assert ledger.read_accounts([savings])[savings].image["limit_day"] == 100_000_00
    assert approved(bank, asked, checker)
    found = ledger.read_accounts([savings, other])
    assert [found[id_].image["limit_day"] for id_ in (savings, other)] == [200_00, 100_000_00]
    assert "200.00" in newest_voucher(bank, teller)["facts"]["day_limits"]


def test_online_banking_is_ended_by_two(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, held, name = looker(bank)
    token = log_in_customer(bank, name)
    body = {"document": SHOWN, "reference": "closing-1"}
    asked = post(bank, teller, f"customers/{person}/closings", body)
    assert bank.request("GET", "/v1/accounts", token=token).status == 200
    assert approved(bank, asked, checker)
    # then no session lives, no contract is left, and the account is the customer's still
    assert bank.request("GET", "/v1/accounts", token=token).code == "session_ended"
    assert customers.contracts_of(person) == {}
    assert ledger.read_accounts([held])[held].right == "held"
    voucher = newest_voucher(bank, teller)
    assert (voucher["kind"], voucher["facts"]["state"]) == ("online_closed", "closed")
    assert "已注销" in printed(bank, teller, voucher["number"])
    # and it is not ended twice
    again = post(bank, teller, f"customers/{person}/closings", {**body, "reference": "closing-2"})
    assert again.code == "approval_changes_nothing"


def refusals(bank: Bank, clerk: Clerk, person: str, held: str) -> set[str]:
    """What each change of that customer is refused with."""
    bodies = {"editions": edition_form(held), "closings": {"document": SHOWN, "reference": "closing-1"}}
    return {post(bank, clerk, f"customers/{person}/{what}", body).code for what, body in bodies.items()}


def test_who_may_not_change_a_customer(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, held, _ = looker(bank)
    elsewhere, _ = tellers(bank, OTHER)
    assert refusals(bank, operator(bank), person, held) == {"staff_permission_denied"}
    assert refusals(bank, checker, person, held) == {"staff_permission_denied"}
    # another branch's customer looks like none, and so does an unknown one
    assert refusals(bank, elsewhere, person, held) == {"not_found"}
    assert post(bank, elsewhere, f"customers/{person}/sign-ups", sign_up_form(held)).code == "not_found"
    assert refusals(bank, teller, "a" * 20, held) == {"not_found"}
    # without the customer's own document nothing is asked for
    path = f"customers/{person}/closings"
    for shown in (
        {"kind": "resident_id", "number": document(2).number},
        {"kind": "passport", "number": document(1).number},
    ):
        body = {"document": shown, "reference": "closing-1"}
        assert post(bank, teller, path, body).code == "document_not_shown"
    for wrong in ({"reference": "closing-1"}, {"document": SHOWN}, {"document": SHOWN, "reference": "x"}):
        assert post(bank, teller, path, wrong).status == 400
    # nor can what the counter notes of it be made by hand, or used for something else
    asked = post(bank, teller, path, {"document": SHOWN, "reference": "closing-1"})
    noted = seen(bank, asked, checker)["payload"]["seen"]
    form = edition_form(held)["form"]
    for what in ({**noted, "seal": "0" * 64}, {**noted, "on": "20261122"}, noted):
        payload = {"customer": person, "edition": "professional", "seen": what, "form": form}
        assert by_hand(bank, teller, "customer.change_edition", payload).code == "document_not_shown"
    assert edition_of(person) == ("active", "express")


def by_hand(bank: Bank, clerk: Clerk, kind: str, payload: Any) -> Reply:
    """A request that does not come from the counter's own route."""
    body = {"kind": kind, "payload": payload, "reason": "试"}
    headers = {"idempotency-key": "by-hand-1"}
    return bank.request("POST", "/v1/staff/approvals", body, token=clerk.token, headers=headers)


@pytest.mark.requirement("NB-5.1.5")
def test_a_request_of_another_person_of_yesterday_or_that_was_overtaken_does_nothing(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, held, _ = looker(bank)
    path = f"customers/{person}/closings"
    asked = post(bank, teller, path, {"document": SHOWN, "reference": "closing-1"})
    # who did not see the document asks with the note of who did
    noted = seen(bank, asked, checker)["payload"]
    second, _ = tellers(bank)
    borrowed = by_hand(bank, second, "customer.close", noted)
    digest = borrowed.body["digest"]
    reply = bank.request(
        "POST",
        f"/v1/staff/approvals/{borrowed.body['request']['id']}/approval",
        {"digest": digest},
        token=checker.token,
    )
    assert (reply.code, reply.body["facts"]["cause"]) == ("approval_failed", "second_person_required")
    # the customer changes meanwhile
    raised = post(bank, teller, f"customers/{person}/editions", edition_form(held))
    assert approved(bank, raised, checker)
    assert decided(bank, asked, checker).code == "approval_outdated"
    # a document seen today is good for today
    late = post(bank, teller, path, {"document": SHOWN, "reference": "closing-2"})
    bank.clock.set(dt.datetime(2026, 11, 21, 16, 0, tzinfo=dt.UTC))
    log_in(bank, checker)
    assert decided(bank, late, checker).code == "approval_expired"
    assert edition_of(person) == ("active", "professional")


@pytest.mark.requirement("NB-5.1.5")
def test_a_branch_serves_its_own_customers(bank: Bank) -> None:
    teller, checker = tellers(bank, CITY)
    person, _, _ = looker(bank, branch_id=CITY)
    asked = post(bank, teller, f"customers/{person}/closings", {"document": SHOWN, "reference": "closing-1"})
    assert approved(bank, asked, checker)
    assert newest_voucher(bank, teller, CITY)["kind"] == "online_closed"
