"""GETs refuse what does not fit; what is another customer's looks like what does not exist (NB-5.1.4)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

import pytest

from tests.chain.bank import Bank, Person
from tests.chain.probe import State, same_refusal, state_of

UNKNOWN = "9000010000000000017"


@dataclass
class Readers:
    """Two customers with two lines, transfers and notifications each."""

    bank: Bank
    one: Person
    two: Person
    token: str
    other_token: str
    state: State


@pytest.fixture(scope="module")
def _readers(_bank_of_module: Bank) -> Readers:
    bank = _bank_of_module
    one, two = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="1000.00")
    for index in range(2):
        bank.pay(one, two, "1.00", f"key-one-000{index}")
        bank.pay(two, one, "1.00", f"key-two-000{index}")
    return Readers(bank, one, two, bank.log_in(one), bank.log_in(two), state_of(bank))


@pytest.fixture
def readers(shared_bank: Bank, _readers: Readers) -> Readers:
    return _readers


LISTS = ["/v1/transfers", "/v1/notifications", "/v1/accounts/{account}/movements"]
QUERIES: dict[str, str] = {
    "limit=0": "limit",
    "limit=-1": "limit",
    "limit=101": "limit",
    "limit=abc": "limit",
    "limit=": "limit",
    "limit=1.5": "limit",
    "limit=99999999999999999999": "limit",
    "limit=１０": "limit",
    "sort=asc": "sort",
    "Limit=1": "Limit",
    "cursor=": "cursor",
    "cursor=" + "a" * 513: "cursor",
}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("query", "field"), QUERIES.items(), ids=QUERIES)
def test_a_query_that_does_not_fit_is_named(readers: Readers, path: str, query: str, field: str) -> None:
    path = path.format(account=readers.one.account)
    for language in ("zh", "en"):
        headers = {"accept-language": language}
        reply = readers.bank.request("GET", f"{path}?{query}", token=readers.token, headers=headers)
        assert (reply.code, reply.status) == ("malformed_request", 400)
        assert [error["field"] for error in reply.body["errors"]] == [field]
    assert state_of(readers.bank) == readers.state


def cursor(key: object) -> str:
    raw = key if isinstance(key, bytes) else json.dumps(key).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


CURSORS = {
    "words": "hello",
    "not base64": "!!!!",
    "chinese": "游标",
    "not json": cursor(b"\xff\xfe"),
    "list": cursor([]),
    "number": cursor(1),
    "null": cursor(None),
    "empty": cursor({}),
    "text for a map": cursor({"customer_id": "x", "created": "y"}),
    "number for text": cursor({"customer_id": {"S": "x"}, "created": {"N": "1"}}),
    "deep": cursor(b"[" * 300),
}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("given", CURSORS.values(), ids=CURSORS)
def test_a_cursor_that_was_never_given(readers: Readers, path: str, given: str) -> None:
    path = path.format(account=readers.one.account)
    reply = readers.bank.request("GET", f"{path}?cursor={given}", token=readers.token)
    assert (reply.code, reply.status) == ("cursor_malformed", 400)


RANGES = {"/v1/transfers": "created", "/v1/notifications": "notification_id"}


@pytest.mark.parametrize("value", ["", "\ud800", None, 1, ["x"]], ids=repr)
@pytest.mark.parametrize("path", RANGES)
def test_a_cursor_of_ones_own_but_spoilt(readers: Readers, path: str, value: object) -> None:
    key = {"customer_id": {"S": readers.one.customer_id}, RANGES[path]: {"S": value}}
    reply = readers.bank.request("GET", f"{path}?cursor={cursor(key)}", token=readers.token)
    assert (reply.code, reply.status) == ("cursor_malformed", 400)


@pytest.mark.requirement("NB-5.1.4")
@pytest.mark.parametrize("path", LISTS)
def test_another_customers_cursor_is_no_cursor(readers: Readers, path: str) -> None:
    # given the second customer's cursor
    theirs = readers.bank.request(
        "GET", path.format(account=readers.two.account) + "?limit=1", token=readers.other_token
    )
    given = theirs.body["next_cursor"]
    assert given
    # then it opens nothing for the first, and nothing of the second shows
    reply = readers.bank.request(
        "GET", path.format(account=readers.one.account) + f"?cursor={given}", token=readers.token
    )
    assert (reply.code, reply.status) == ("cursor_malformed", 400)
    # and one list's cursor does not fit another list
    for other in LISTS:
        if other != path:
            crossed = readers.bank.request(
                "GET", other.format(account=readers.two.account) + f"?cursor={given}", token=readers.other_token
            )
            assert crossed.code == "cursor_malformed"


@pytest.mark.requirement("YQ-4.2.2-query")
@pytest.mark.parametrize("path", LISTS)
def test_pages_show_each_row_once(readers: Readers, path: str) -> None:
    base = path.format(account=readers.one.account)
    first = readers.bank.request("GET", base, token=readers.token).body
    (name,) = [key for key, value in first.items() if isinstance(value, list)]
    whole = readers.bank.request("GET", base + "?limit=100", token=readers.token).body[name]
    rows, after = [], ""
    for _ in range(len(whole) + 1):
        page = readers.bank.request("GET", f"{base}?limit=1{after}", token=readers.token).body
        rows += page[name]
        if page["next_cursor"] is None:
            break
        after = f"&cursor={page['next_cursor']}"
    assert rows == whole
    assert len(rows) >= 2


DATES = ["2026-11-21", "20261", "abcdefgh", "２０２６１１２１", "", "202611211", "20261121~"]


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("name", ["date_from", "date_to"])
def test_a_date_is_eight_digits(readers: Readers, name: str, date: str) -> None:
    path = f"/v1/accounts/{readers.one.account}/movements?{name}={date}"
    reply = readers.bank.request("GET", path, token=readers.token)
    assert (reply.code, reply.body["errors"][0]["field"]) == ("malformed_request", name)


def test_a_cursor_from_outside_the_period_is_refused(readers: Readers) -> None:
    # given a cursor from the day's list; the engine would refuse it as a start outside the query
    base = f"/v1/accounts/{readers.one.account}/movements"
    given = readers.bank.request("GET", base + "?limit=1", token=readers.token).body["next_cursor"]
    for period in ("date_to=20261120", "date_from=20261122"):
        reply = readers.bank.request("GET", f"{base}?{period}&cursor={given}", token=readers.token)
        assert (reply.code, reply.status) == ("cursor_malformed", 400)


OWNED = ["/v1/accounts/{}", "/v1/accounts/{}/movements", "/v1/accounts/{}/bills", "/v1/accounts/{}/bills/2026-10"]
ODD_ACCOUNTS = {
    "another customer's": None,
    "too long": "9" * 3000,
    "house": "H-CASH-0001",
    "chinese": "账户",
    "blank": " ",
    "nul": "\x00",
    "full-width": "９" * 19,
}


@pytest.mark.requirement("NB-5.1.4")
@pytest.mark.parametrize("path", OWNED)
@pytest.mark.parametrize("account", ODD_ACCOUNTS.values(), ids=ODD_ACCOUNTS)
def test_an_account_that_is_not_ones_own_is_unknown(readers: Readers, path: str, account: str | None) -> None:
    for language in ("zh", "en"):
        replies = [
            readers.bank.request(
                "GET",
                path.format("ID"),
                token=readers.token,
                headers={"accept-language": language},
                path_values={"ID": one},
            )
            for one in (UNKNOWN, readers.two.account if account is None else account)
        ]
        assert (replies[0].code, replies[0].status) == ("not_found", 404)
        assert same_refusal(*replies)
    assert state_of(readers.bank) == readers.state


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "202611", "２０２６-11", "2026-1", "latest", "2026-11\n"])
def test_a_month_is_a_month(readers: Readers, month: str) -> None:
    path = f"/v1/accounts/{readers.one.account}/bills/MONTH"
    reply = readers.bank.request("GET", path, token=readers.token, path_values={"MONTH": month})
    assert (reply.code, reply.status) == ("month_malformed", 400)


@pytest.mark.parametrize("key", ["", "short", "k" * 65, "钥匙钥匙钥匙钥匙", "key 00001"])
def test_look_up_by_a_malformed_key(readers: Readers, key: str) -> None:
    reply = readers.bank.request("GET", f"/v1/transfers?idempotency_key={key}", token=readers.token)
    assert (reply.code, reply.status) == ("idempotency_key_missing", 400)
