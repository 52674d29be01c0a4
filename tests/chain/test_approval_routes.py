"""Asking and deciding over HTTP, as staff's screens do: logged in, each with their own functions."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.platform import ids
from chalicelib.staff import domain
from tests.chain import clerks
from tests.chain.bank import Bank, Reply
from tests.chain.clerks import Clerk
from tests.chain.two_people import change_of

PATH = "/v1/staff/approvals"
NAME = "notice.lead_h"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


def logged_in(bank: Bank, role: str, *posts: str) -> Clerk:
    clerk = clerks.appoint(bank, role, *posts)
    clerks.log_in(bank, clerk)
    return clerk


@pytest.fixture
def maker(bank: Bank) -> Clerk:
    return logged_in(bank, domain.EBANK_ADMINISTRATOR, domain.MAKER)


@pytest.fixture
def checker(bank: Bank) -> Clerk:
    return logged_in(bank, domain.EBANK_ADMINISTRATOR, domain.CHECKER)


def ask(bank: Bank, who: Clerk, value: object, *, key: str = "", **changes: Any) -> Reply:
    body = {"kind": "parameter.change", "payload": change_of(NAME, value), "reason": "按规定", **changes}
    return bank.request("POST", PATH, body, token=who.token, headers={"idempotency-key": key or ids.random_id()})


def decide(bank: Bank, who: Clerk, approval_id: str, end: str, body: Any = None) -> Reply:
    return bank.request("POST", f"{PATH}/{approval_id}/{end}", body, token=who.token)


@pytest.mark.requirement("NB-5.1.5")
@pytest.mark.requirement("NB-5.2.2")
def test_one_asks_another_sees_the_comparison_and_approves(bank: Bank, maker: Clerk, checker: Clerk) -> None:
    asked = ask(bank, maker, 96)
    assert asked.status == 201, asked
    approval_id = asked.body["request"]["id"]
    # when the checker looks at what is open
    rows = bank.request("GET", f"{PATH}?state=requested&kind=parameter.change", token=checker.token).body["approvals"]
    assert approval_id in [row["id"] for row in rows]
    shown = bank.request("GET", f"{PATH}/{approval_id}", token=checker.token, headers={"accept-language": "en"}).body
    assert {"fact": "value", "name": "value", "before": "72", "after": "96"} in shown["changes"]
    assert shown["payload"]["name"] == NAME
    done = decide(bank, checker, approval_id, "approval", {"digest": shown["digest"]})
    # then it is done, and whoever may see parameters sees by whom
    assert (done.status, done.body["request"]["state"]) == (200, "approved")
    assert [event["state"] for event in done.body["history"]] == ["requested", "approved"]
    found = bank.request("GET", "/v1/staff/parameters", token=maker.token).body["parameters"]
    (parameter,) = [one for one in found if one["name"] == NAME]
    assert (parameter["value"], parameter["default"], parameter["revision"]) == (96, 72, 1)
    history = bank.request("GET", f"/v1/staff/parameters/{NAME}/history", token=checker.token).body["changes"]
    assert (history[0]["old"], history[0]["new"], history[0]["maker"], history[0]["checker"]) == (
        72,
        96,
        maker.staff_id,
        checker.staff_id,
    )


def test_who_holds_both_posts_still_takes_another_person(bank: Bank) -> None:
    both = logged_in(bank, domain.EBANK_ADMINISTRATOR, domain.MAKER, domain.CHECKER)
    asked = ask(bank, both, 97).body
    for end, body in (("approval", {"digest": asked["digest"]}), ("rejection", {"reason": "x"})):
        reply = decide(bank, both, asked["request"]["id"], end, body)
        assert (reply.status, reply.code) == (403, "maker_is_checker")
    assert decide(bank, both, asked["request"]["id"], "withdrawal").body["request"]["state"] == "withdrawn"


def test_refusals_have_their_codes(bank: Bank, maker: Clerk, checker: Clerk) -> None:
    asked = ask(bank, maker, 98, key="the-same-key")
    approval_id = asked.body["request"]["id"]
    assert ask(bank, maker, 98, key="the-same-key").body == asked.body
    assert ask(bank, maker, 99, key="the-same-key").code == "idempotency_key_reused"
    assert ask(bank, maker, 71).code == "parameter_out_of_bounds"
    assert ask(bank, maker, 98, reason="").code == "malformed_request"
    assert ask(bank, maker, 98, kind="no.such").body["errors"] == [{"field": "kind", "code": "not_allowed"}]
    assert ask(bank, maker, 98, kind="entry.reverse").code == "staff_permission_denied"
    body = {"kind": "parameter.change", "payload": {}, "reason": "x"}
    assert bank.request("POST", PATH, body, token=maker.token).code == "idempotency_key_missing"
    assert decide(bank, checker, approval_id, "approval", {"digest": "0" * 64}).code == "approval_digest_mismatch"
    assert decide(bank, checker, approval_id, "approval", {"digest": ""}).code == "malformed_request"
    assert decide(bank, maker, approval_id, "approval", {"digest": "0" * 64}).code == "staff_permission_denied"
    assert decide(bank, maker, "no-such", "withdrawal").code == "not_found"
    refused = decide(bank, checker, approval_id, "rejection", {"reason": "材料不全"})
    assert refused.body["request"]["state"] == "rejected"
    assert decide(bank, checker, approval_id, "rejection", {"reason": "材料不全"}).code == "approval_not_open"
    assert bank.request("GET", f"{PATH}?cursor=x", token=maker.token).code == "cursor_malformed"
    assert bank.request("GET", "/v1/staff/parameters/no.such/history", token=maker.token).code == "parameter_unknown"


def test_customers_and_strangers_have_no_business_here(bank: Bank, maker: Clerk) -> None:
    customer = bank.log_in(bank.sign_up("赵小明"))
    approval_id = ask(bank, maker, 99).body["request"]["id"]
    for token in (customer, None, "x"):
        for method, path in (("GET", PATH), ("GET", f"{PATH}/{approval_id}"), ("GET", "/v1/staff/parameters")):
            assert bank.request(method, path, token=token).status == 401
    auditor = logged_in(bank, domain.AUDITOR)
    assert bank.request("GET", f"{PATH}/{approval_id}", token=auditor.token).status == 200
    assert ask(bank, auditor, 99).code == "staff_permission_denied"


def test_a_change_through_the_screens_is_in_force(bank: Bank, maker: Clerk, checker: Clerk) -> None:
    asked = ask(bank, maker, 100).body
    decide(bank, checker, asked["request"]["id"], "approval", {"digest": asked["digest"]})
    parameters.forget()
    assert parameters.value(parameters.NOTICE_LEAD_H, bank.clock.now()) == 100


@pytest.mark.requirement("NB-5.2.5-op")
def test_who_has_no_part_in_a_kind_sees_the_comparison_alone(bank: Bank, maker: Clerk, checker: Clerk) -> None:
    approval_id = ask(bank, maker, 90).body["request"]["id"]
    for clerk in (maker, checker):
        shown = bank.request("GET", f"{PATH}/{approval_id}", token=clerk.token).body
        assert shown["payload"]["value"] == 90
    for role in (domain.SYSTEM_ADMINISTRATOR, domain.AUDITOR):
        other = clerks.appoint(bank, role)
        clerks.log_in(bank, other)
        shown = bank.request("GET", f"{PATH}/{approval_id}", token=other.token).body
        assert (shown["payload"], [one["after"] for one in shown["changes"] if one["fact"] == "value"]) == ({}, ["90"])
