"""The audit department's samples and marks: drawn so that anybody can draw them again, only added to."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.ledger.commands.reverse_entry import reverse_entry
from chalicelib.staff import domain as staff
from tests.chain.bank import Bank, Reply
from tests.chain.clerks import Clerk, appoint, log_in
from tests.chain.probe import table_items

pytestmark = pytest.mark.requirement("NB-4-audit")

DAY, PATH = "20261121", "/v1/staff/audit/samples"
SEED = "dice-of-2026-11-22"


@pytest.fixture
def booked(bank: Bank) -> set[str]:
    """A day's nine entries, one of them reversed, and one instruction that only waits; the next day has begun."""
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    made = [bank.pay(payer, payee, "1.00", f"key-sample-{number}") for number in range(6)]
    reverse_entry(made[0], reason="冲正", by="S1", correlation_id="test")
    bank.deposit(payer.account, 5_00)
    waits = bank.create(bank.log_in(payer), payer, payee, "1.00", "key-waits-01").body["id"]
    bank.settle()
    bank.clock.advance(dt.timedelta(days=1))
    rows = table_items(bank, "TransactionsTable")
    found = {row["entry_id"] for row in rows if row["state"] != "awaiting"}
    assert len(found) == 9
    assert waits not in found
    return found


@pytest.fixture
def auditor(bank: Bank, booked: set[str]) -> Clerk:
    clerk = appoint(bank, staff.AUDITOR)
    log_in(bank, clerk)
    return clerk


def draw(bank: Bank, clerk: Clerk, size: int = 4, **more: Any) -> Reply:
    body = {"business_date": DAY, "size": size, "seed": SEED, **more}
    return bank.request("POST", PATH, body, token=clerk.token)


def entries(reply: Reply) -> list[str]:
    assert reply.status in (200, 201), reply
    return [one["entry"] for one in reply.body["entries"]]


def mark(bank: Bank, clerk: Clerk, sample: Reply, entry: str, **changes: Any) -> Reply:
    body = {"entry": entry, "result": "in_order", "remark": "单据齐全", **changes}
    path = f"{PATH}/{DAY}/{sample.body['sample']['id']}/marks"
    return bank.request("POST", path, body, token=clerk.token)


def test_a_sample_is_drawn_once_and_is_the_same_for_whoever_draws_it_again(
    bank: Bank, auditor: Clerk, booked: set[str]
) -> None:
    first = draw(bank, auditor)
    assert first.status == 201
    found = entries(first)
    assert len(set(found)) == 4
    assert set(found) < booked
    assert (first.body["sample"]["population"], first.body["sample"]["seed"], first.body["unmarked"]) == (9, SEED, 4)
    bank.clock.advance(dt.timedelta(minutes=1))
    # when another auditor draws with the same seed
    other = appoint(bank, staff.AUDITOR)
    log_in(bank, other)
    again = draw(bank, other)
    assert (again.status, again.body) == (200, first.body)
    assert first.body["sample"]["drawn_by"] == auditor.staff_id
    # a larger one begins with the same, another seed is another sample, and none is drawn where none is given
    assert entries(draw(bank, auditor, 6))[:4] == found
    assert {*entries(draw(bank, auditor, 100))} == booked
    seeds = {draw(bank, auditor, seed=None).body["sample"]["seed"] for _ in range(2)}
    assert len(seeds - {SEED}) == 2
    orders = {tuple(entries(draw(bank, auditor, 9, seed=f"another-seed-{number}"))) for number in range(5)}
    assert len(orders) == 5
    # and all are on the list of the date
    listed = bank.request("GET", f"{PATH}?business_date={DAY}", token=auditor.token).body["samples"]
    assert listed[0] == first.body["sample"]
    assert len(listed) == 1 + 2 + 2 + 5
    assert bank.request("GET", f"{PATH}?business_date=20261120", token=auditor.token).body == {"samples": []}


def test_marks_are_only_added_to(bank: Bank, auditor: Clerk) -> None:
    sample = draw(bank, auditor)
    one, two, *_ = entries(sample)
    for _ in range(2):
        marked = mark(bank, auditor, sample, one, result="doubtful", remark="缺少授权单")
        assert (marked.status, marked.body["unmarked"]) == (201, 3)
    bank.clock.advance(dt.timedelta(minutes=1))
    assert mark(bank, auditor, sample, one, remark="授权单已补").status == 201
    assert mark(bank, auditor, sample, two).body["unmarked"] == 2
    path = f"{PATH}/{DAY}/{sample.body['sample']['id']}"
    seen = bank.request("GET", path, token=auditor.token).body
    marks = {one["entry"]: [(mark["result"], mark["remark"]) for mark in one["marks"]] for one in seen["entries"]}
    assert marks[one] == [("doubtful", "缺少授权单"), ("in_order", "授权单已补")]
    assert marks[two] == [("in_order", "单据齐全")]
    assert {mark["by"] for one in seen["entries"] for mark in one["marks"]} == {auditor.staff_id}
    # and who did what is in the staff's log
    rows = [row for row in table_items(bank, "StaffActionsTable") if row["action"].startswith("sample.")]
    assert sorted((row["action"], row["on"]) for row in rows) == sorted(
        [
            ("sample.drawn", sample.body["sample"]["id"]),
            ("sample.marked", one),
            ("sample.marked", one),
            ("sample.marked", two),
        ]
    )


def test_what_is_not_in_the_sample_is_not_marked(bank: Bank, auditor: Clerk, booked: set[str]) -> None:
    sample = draw(bank, auditor)
    (outside, *_) = booked - set(entries(sample))
    assert mark(bank, auditor, sample, outside).code == "entry_not_sampled"
    assert mark(bank, auditor, sample, "x").code == "entry_not_sampled"
    entry = entries(sample)[0]
    assert mark(bank, auditor, sample, "").code == "malformed_request"
    for changes in ({"remark": "x"}, {"remark": "长" * 201}, {"remark": "a\u202eb"}, {"result": "fine"}):
        assert mark(bank, auditor, sample, entry, **changes).code == "malformed_request", changes
    for date, sample_id in (("20261120", sample.body["sample"]["id"]), (DAY, "a" * 26), (DAY, "x"), ("x", "a" * 26)):
        assert bank.request("GET", f"{PATH}/{date}/{sample_id}", token=auditor.token).code == "not_found"
    assert len(table_items(bank, "RechecksTable")) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"business_date": "20261122"}, "sample_date_not_over"),
        ({"business_date": "20261123"}, "sample_date_not_over"),
        ({"business_date": "20261131"}, "malformed_request"),
        ({"size": 0}, "malformed_request"),
        ({"size": 101}, "malformed_request"),
        ({"size": "4"}, "malformed_request"),
        ({"seed": "short"}, "malformed_request"),
        ({"seed": "种" * 8}, "malformed_request"),
    ],
)
def test_what_cannot_be_drawn_is_refused(bank: Bank, auditor: Clerk, changes: dict[str, Any], code: str) -> None:
    assert draw(bank, auditor, **changes).code == code
    assert table_items(bank, "RechecksTable") == []


def test_a_date_without_entries_has_an_empty_sample(bank: Bank, auditor: Clerk) -> None:
    reply = draw(bank, auditor, business_date="20261101")
    assert (reply.status, reply.body["entries"], reply.body["sample"]["population"]) == (201, [], 0)


def test_nobody_but_auditors_draws_or_marks(bank: Bank, auditor: Clerk) -> None:
    sample = draw(bank, auditor)
    for role in (staff.OPERATOR, staff.TELLER, staff.SYSTEM_ADMINISTRATOR, staff.EBANK_ADMINISTRATOR):
        clerk = appoint(bank, role, staff.MAKER, staff.CHECKER)
        log_in(bank, clerk)
        assert draw(bank, clerk).code == "staff_permission_denied"
        assert mark(bank, clerk, sample, entries(sample)[0]).code == "staff_permission_denied"
    # an auditor sees what an entry is like everybody else: with a purpose
    path = f"/v1/staff/entries/{entries(sample)[0]}"
    assert bank.request("GET", path, token=auditor.token).code == "purpose_required"
    headers = {"purpose": quote("审计复核")}
    assert bank.request("GET", path, token=auditor.token, headers=headers).status == 200
