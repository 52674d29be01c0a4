"""A customer's own data: masked to read, little to change, each change in the log without its value."""

from __future__ import annotations

import io

import pytest

from chalicelib.platform import aws
from tests.chain.bank import Bank

ADDRESS = "示范县城关镇西街12号3单元"


@pytest.mark.requirement("YQ-4.2.2-set")
def test_a_profile_is_masked_and_its_address_changes(bank: Bank, logged: io.StringIO) -> None:
    person = bank.sign_up("赵小明")
    token = bank.log_in(person)
    before = bank.request("GET", "/v1/profile", token=token)
    assert before.body == {
        "name": "*小明",
        "phone": f"{person.phone[:3]}****{person.phone[-4:]}",
        "edition": "professional",
        "edition_signed": "professional",
        "identity": None,
        "mailing_address": None,
    }
    # when the address is set, set again, and taken off
    for address in (ADDRESS, f" {ADDRESS} "):
        changed = bank.request("PATCH", "/v1/profile", {"mailing_address": address}, token=token)
        assert changed.body == {**before.body, "mailing_address": ADDRESS}
    assert bank.request("GET", "/v1/profile", token=token).body == changed.body
    assert bank.request("PATCH", "/v1/profile", {"mailing_address": ""}, token=token).body == before.body
    # then the log knows of two changes, and neither it nor the logs know the address
    rows = aws.dynamodb().scan(TableName=bank.references["SecurityEventsTable"])["Items"]
    assert [row["facts"]["M"] for row in rows if row["kind"]["S"] == "profile_changed"] == [
        {"changed": {"S": "mailing_address"}}
    ] * 2
    assert ADDRESS not in str(rows) + logged.getvalue()


@pytest.mark.requirement("YQ-4.2.2-set")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mailing_address": None},
        {"mailing_address": "x" * 101},
        {"mailing_address": "a\u202eb"},
        {"name": "钱红"},
        {"mailing_address": "x", "phone": "13900000000"},
    ],
)
def test_nothing_else_can_be_changed(shared_bank: Bank, body: dict[str, str]) -> None:
    person = shared_bank.sign_up("赵小明")
    token = shared_bank.log_in(person)
    before = shared_bank.request("GET", "/v1/profile", token=token).body
    assert shared_bank.request("PATCH", "/v1/profile", body, token=token).code == "malformed_request"
    assert shared_bank.request("GET", "/v1/profile", token=token).body == before
