"""The logs say from where: the address that the gateway saw, in what was done and in what was refused (NB-4-audit)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.audit import service as audit
from chalicelib.platform import aws, clock, origin
from chalicelib.staff import domain
from tests.chain.bank import PASSWORD, Bank
from tests.chain.clerks import CITY, appoint, branches, log_in, try_log_in
from tests.chain.probe import table_items

HERE, THERE = "203.0.113.7", "2001:db8::17"


def actions_of(bank: Bank, staff_id: str) -> list[audit.StaffAction]:
    """Oldest first."""
    found, _ = audit.staff_actions(clock.business_date(bank.clock.now()), limit=1000, staff_id=staff_id)
    return found[::-1]


@pytest.mark.requirement("NB-4-audit")
def test_what_staff_did_and_were_refused_says_from_where_and_in_which_session(shared_bank: Bank) -> None:
    branches()
    clerk = appoint(shared_bank, domain.EBANK_ADMINISTRATOR, branch_id=CITY)
    shared_bank.address = HERE
    assert try_log_in(shared_bank, clerk, password="Wrong-Horse-7").code == "staff_login_refused"
    shared_bank.clock.sleep(1)
    log_in(shared_bank, clerk)
    shared_bank.address = THERE
    # a function that the role lacks, and a member out of scope
    shared_bank.clock.sleep(1)
    assert shared_bank.request("GET", "/v1/staff/audit/actions?date=20261121", token=clerk.token).status == 403
    shared_bank.clock.sleep(1)
    assert shared_bank.request("GET", "/v1/staff/members/T0001", token=clerk.token).status == 404
    found = actions_of(shared_bank, clerk.staff_id)
    assert [(one.action, one.outcome, one.source_address) for one in found] == [
        ("login_refused", "refused", HERE),
        ("logged_in", "done", HERE),
        ("audit.read", "refused", THERE),
        ("staff.read", "refused", THERE),
    ]
    assert found[0].session_id is None
    assert len({one.session_id for one in found[1:]}) == 1
    assert found[3].on == "T0001"
    assert found[3].facts == {"operation": "read_member", "code": "not_found"}


@pytest.mark.requirement("YQ-4.2.2-log")
def test_a_customers_own_log_says_from_where(shared_bank: Bank) -> None:
    person = shared_bank.sign_up("赵小明")
    shared_bank.address = HERE
    shared_bank.log_in(person)
    shared_bank.address = THERE
    shared_bank.request("POST", "/v1/sessions", {"login_name": person.login_name, "password": "wrong"})
    rows = [row for row in table_items(shared_bank, "SecurityEventsTable") if row["customer_id"] == person.customer_id]
    assert {row["kind"]: row.get("source_address") for row in rows} == {
        "signed_up": None,
        "logged_in": HERE,
        "login_refused": THERE,
    }
    assert PASSWORD not in repr(rows)


@pytest.mark.parametrize("address", ["", "not an address", "1" * 46, "<script>", None, 7, {"x": 1}])
def test_what_is_no_address_is_not_on_record(shared_bank: Bank, address: Any) -> None:
    clerk = appoint(shared_bank, domain.OPERATOR)
    shared_bank.address = address
    log_in(shared_bank, clerk)
    (row,) = actions_of(shared_bank, clerk.staff_id)
    assert row.source_address is None


def test_a_claimed_address_is_not_believed(shared_bank: Bank) -> None:
    clerk = appoint(shared_bank, domain.OPERATOR)
    shared_bank.address = HERE
    log_in(shared_bank, clerk)
    headers = {"x-forwarded-for": "10.0.0.1", "forwarded": "for=10.0.0.1"}
    shared_bank.request("DELETE", "/v1/staff/sessions/current", token=clerk.token, headers=headers)
    assert {row.source_address for row in actions_of(shared_bank, clerk.staff_id)} == {HERE}


def test_no_address_is_left_to_what_comes_next(shared_bank: Bank) -> None:
    shared_bank.address = HERE
    shared_bank.request("GET", "/v1/staff/sessions/current", token="none")
    assert origin.address() is None
    with origin.of("outer"):
        with pytest.raises(MemoryError), origin.of("inner"):
            raise MemoryError
        assert origin.address() == "outer"


def test_a_refusal_is_answered_when_it_cannot_be_put_on_record(
    shared_bank: Bank, monkeypatch: pytest.MonkeyPatch, logged: Any
) -> None:
    clerk = appoint(shared_bank, domain.EBANK_ADMINISTRATOR)
    log_in(shared_bank, clerk)
    client = aws.dynamodb()

    def silent(**_: Any) -> None:
        raise client.exceptions.ProvisionedThroughputExceededException({"Error": {"Code": "x"}}, "PutItem")

    monkeypatch.setattr(client, "put_item", silent)
    assert shared_bank.request("GET", "/v1/staff/members/S99999", token=clerk.token).code == "not_found"
    assert "a refusal is not on record" in logged.getvalue()
