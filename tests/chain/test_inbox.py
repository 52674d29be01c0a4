"""The inbox: each thing once, numbered without gaps, read marks, unread count, and polling that costs one item."""

from __future__ import annotations

from typing import Any

import pytest
from pynamodb.exceptions import PutError

from chalicelib.notifications import service, store
from chalicelib.notifications.store import InboxItem
from chalicelib.platform import aws
from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import table_items

pytestmark = pytest.mark.requirement("YQ-4.2.2-alert")


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明")


def deposited(bank: Bank, person: Person, times: int) -> None:
    for _ in range(times):
        bank.deposit(person.account, 10_00)
        bank.settle()


def inbox(bank: Bank, token: str, **headers: str) -> Reply:
    return bank.request("GET", "/v1/notifications", token=token, headers=headers)


def numbers(reply: Reply, *, read: bool) -> list[int]:
    return sorted(one["number"] for one in reply.body["notifications"] if one["is_read"] is read)


def marked(bank: Bank, token: str, **body: Any) -> Reply:
    return bank.request("POST", "/v1/notifications/read-marks", body, token=token)


def test_what_arrives_is_numbered_and_unread_until_it_is_marked(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    bank.settle()
    first = inbox(bank, token).body["unread"]
    deposited(bank, customer, 3)
    shown = inbox(bank, token)
    assert shown.body["unread"] == first + 3
    assert numbers(shown, read=False) == list(range(1, first + 4))
    # when one is opened, then all up to the last but one
    assert marked(bank, token, numbers=[first + 3]).body == {"unread": first + 2}
    assert marked(bank, token, up_to=first + 1).body == {"unread": 1}
    assert numbers(inbox(bank, token), read=False) == [first + 2]
    # and said again, and less, it changes nothing
    assert marked(bank, token, up_to=1).body == marked(bank, token, numbers=[1]).body == {"unread": 1}
    # and what arrives then is unread
    deposited(bank, customer, 1)
    assert numbers(inbox(bank, token), read=False) == [first + 2, first + 4]


def test_a_poll_is_304_until_something_arrives_or_is_read(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposited(bank, customer, 1)
    token = bank.log_in(customer)
    bank.settle()
    shown = inbox(bank, token)
    tag = shown.headers["ETag"]
    with monkeypatch.context() as silent:
        # then no page is read
        silent.setattr(service, "inbox_page", None)
        for known in (tag, f"W/{tag}", f'"other", {tag}'):
            again = inbox(bank, token, **{"if-none-match": known})
            assert (again.status, again.body, again.headers["ETag"]) == (304, None, tag)
    assert inbox(bank, token, **{"if-none-match": '"other"'}).status == 200
    # the other language is another page
    assert inbox(bank, token, **{"if-none-match": tag, "accept-language": "en"}).status == 200
    deposited(bank, customer, 1)
    after = inbox(bank, token, **{"if-none-match": tag})
    assert (after.status, after.body["unread"]) == (200, shown.body["unread"] + 1)
    marked(bank, token, up_to=1)
    assert inbox(bank, token, **{"if-none-match": after.headers["ETag"]}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"numbers": []},
        {"numbers": [0]},
        {"numbers": [-1]},
        {"numbers": ["1"]},
        {"numbers": [1.0]},
        {"numbers": list(range(1, 102))},
        {"up_to": 0},
        {"up_to": True},
        {"up_to": 1, "numbers": [1]},
        {"up_to": None},
    ],
)
def test_a_mark_that_makes_no_sense_changes_nothing(bank: Bank, customer: Person, body: dict[str, Any]) -> None:
    deposited(bank, customer, 1)
    token = bank.log_in(customer)
    before = table_items(bank, "InboxHeadsTable")
    assert marked(bank, token, **body).status == 400
    assert table_items(bank, "InboxHeadsTable") == before


@pytest.mark.parametrize("body", [{"numbers": [1, 2_000_000_000_000]}, {"up_to": 10**30}])
def test_a_number_that_no_message_has_is_not_found(bank: Bank, customer: Person, body: dict[str, Any]) -> None:
    deposited(bank, customer, 1)
    token = bank.log_in(customer)
    refused = marked(bank, token, **body)
    assert (refused.status, refused.body["code"]) == (404, "not_found")


def test_marks_are_of_ones_own_inbox(bank: Bank, customer: Person) -> None:
    other = bank.sign_up("钱红")
    deposited(bank, customer, 1)
    deposited(bank, other, 1)
    token = bank.log_in(other)
    marked(bank, token, up_to=1)
    assert inbox(bank, bank.log_in(customer)).body["notifications"][-1]["is_read"] is False


def test_an_inbox_from_before_there_were_numbers_counts_as_read(bank: Bank, customer: Person) -> None:
    old = InboxItem(customer.customer_id, "2020#x", kind="movement", text="旧", created_at="2020-01-01T00:00:00.000Z")
    old.save()
    token = bank.log_in(customer)
    (row,) = [one for one in inbox(bank, token).body["notifications"] if one["text"] == "旧"]
    assert (row["number"], row["is_read"]) == (None, True)


def test_a_row_that_is_there_takes_no_number(bank: Bank, customer: Person) -> None:
    row = InboxItem(customer.customer_id, "2026#x", kind="movement", text="一", created_at="2026")
    head, stored = store.put_once(row)
    again, found = store.put_once(row)
    assert (again, found["number"], stored["number"]) == (head, head.arrived, head.arrived)
    assert store.head_of(customer.customer_id) == head


def test_a_worker_that_another_one_overtakes_takes_the_next_number(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given another message that arrives between this one's read and write, once
    read, others = store.head_of, [InboxItem(customer.customer_id, "2026#a", kind="x", text="一", created_at="2026")]

    def overtaken(customer_id: str) -> Any:
        head = read(customer_id)
        if others:
            store.put_once(others.pop())
        return head

    monkeypatch.setattr(store, "head_of", overtaken)
    head, row = store.put_once(InboxItem(customer.customer_id, "2026#b", kind="x", text="二", created_at="2026"))
    assert (head.arrived, row["number"]) == (2, 2)
    assert sorted(one["number"] for one in table_items(bank, "InboxTable")) == [1, 2]


def test_nothing_is_numbered_that_is_not_there(bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    # given an engine that takes the message and gives up on the head
    real = aws.dynamodb().transact_write_items

    def half(**request: Any) -> Any:
        raise PutError("no engine")

    monkeypatch.setattr(aws.dynamodb(), "transact_write_items", half)
    row = InboxItem(customer.customer_id, "2026#a", kind="x", text="一", created_at="2026")
    with pytest.raises(PutError):
        store.put_once(row)
    assert (table_items(bank, "InboxTable"), store.head_of(customer.customer_id).arrived) == ([], 0)
    monkeypatch.setattr(aws.dynamodb(), "transact_write_items", real)
    assert store.put_once(row)[0].arrived == 1
