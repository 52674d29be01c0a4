"""A customer's own log, and what its owner is told of (YQ-4.2.2-log)."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from chalicelib.audit import service as audit
from chalicelib.audit.domain import CATEGORIES, DEVICE, SETTING
from chalicelib.audit.domain import Kind as AuditKind
from chalicelib.notifications import providers
from chalicelib.notifications import service as notifications
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.providers import LocalProvider
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, transactions
from chalicelib.platform.dynamo import to_raw
from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import give, put_on, retry_at_once, table_items, wiretap
from tests.chain.test_workers import make_visible

WRONG = "Wrong-Horse-7"
NEW_DEVICE = AuditKind("test_device", DEVICE, "新设备", "new device")
NEW_LIMIT = AuditKind("test_setting", SETTING, "改限额", "limit changed")


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    # Captchas are tests/chain/test_captchas.py's; here nobody is asked for one.
    parameters.set_value("login.captcha_after", 10)
    return shared_bank


@pytest.fixture
def customer(bank: Bank) -> Person:
    """One whose log is empty: that signing up is in it is tests/chain/test_counter.py's."""
    person = bank.sign_up("赵小明")
    for row in table_items(bank, "SecurityEventsTable"):
        if row["customer_id"] == person.customer_id:
            key = {name: to_raw(row)[name] for name in ("customer_id", "event")}
            aws.dynamodb().delete_item(TableName=bank.references["SecurityEventsTable"], Key=key)
    return person


def read(bank: Bank, token: str, query: str = "", language: str = "zh") -> Reply:
    path = "/v1/security-events" + (f"?{query}" if query else "")
    return bank.request("GET", path, token=token, headers={"accept-language": language})


def kinds(reply: Reply) -> list[str]:
    assert reply.status == 200, reply
    return [event["kind"] for event in reply.body["events"]]


def attempt(bank: Bank, person: Person, password: str) -> int:
    body = {"login_name": person.login_name, "password": password}
    return bank.request("POST", "/v1/sessions", body).status


def every_page(bank: Bank, token: str, query: str) -> list[dict[str, Any]]:
    """All rows, page by page, as a client takes them."""
    found: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(200):
        reply = read(bank, token, query + (f"&cursor={cursor}" if cursor else ""))
        assert reply.status == 200, reply
        found += reply.body["events"]
        cursor = reply.body["next_cursor"]
        if not cursor:
            return found
    raise AssertionError("the log has no end")


@pytest.mark.requirement("YQ-4.2.2-log")
def test_the_owner_reads_what_happened_newest_first_in_both_languages(bank: Bank, customer: Person) -> None:
    first = bank.log_in(customer)
    bank.clock.advance(dt.timedelta(seconds=1))
    bank.request("DELETE", "/v1/sessions/current", token=first)
    bank.clock.advance(dt.timedelta(seconds=1))
    token = bank.log_in(customer)
    chinese, english = read(bank, token), read(bank, token, language="en")
    assert kinds(chinese) == kinds(english) == ["logged_in", "logged_out", "logged_in"]
    assert [event["text"] for event in chinese.body["events"]] == ["登录成功", "退出登录", "登录成功"]
    assert [event["text"] for event in english.body["events"]] == ["logged in", "logged out", "logged in"]
    assert [event["current_session"] for event in chinese.body["events"]] == [True, False, False]
    newest, _, oldest = chinese.body["events"]
    assert newest["session_id"] != oldest["session_id"]
    assert (oldest["at"], oldest["category"], oldest["facts"]) == ("2026-11-21T02:00:00.000Z", "login", {})


@pytest.mark.requirement("NB-5.1.4")
def test_another_customers_log_is_never_seen(bank: Bank, customer: Person) -> None:
    other = bank.sign_up("钱红")
    token, others = bank.log_in(customer), bank.log_in(other)
    bank.request("DELETE", "/v1/sessions/current", token=bank.log_in(customer))
    assert sorted(kinds(read(bank, others))) == ["logged_in", "signed_up"]
    # a cursor of the first is no cursor of the second
    cursor = read(bank, token, "limit=1").body["next_cursor"]
    assert read(bank, others, f"cursor={cursor}").code == "cursor_malformed"
    assert read(bank, others, f"customer_id={customer.customer_id}").code == "malformed_request"


@pytest.mark.requirement("YQ-4.2.2-log")
@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_pages_give_every_row_once_whatever_the_filter(bank: Bank, customer: Person, limit: int) -> None:
    for number in range(30):
        kind = NEW_DEVICE if number % 10 == 3 else NEW_LIMIT
        audit.record(customer.customer_id, kind, bank.clock.now(), number=str(number))
        bank.clock.advance(dt.timedelta(seconds=1))
    token = bank.log_in(customer)
    everything = every_page(bank, token, f"limit={limit}")
    assert [event["facts"].get("number") for event in everything] == [None, *(str(n) for n in reversed(range(30)))]
    for category in CATEGORIES:
        found = every_page(bank, token, f"limit={limit}&category={category}")
        assert found == [event for event in everything if event["category"] == category]
    assert len(every_page(bank, token, f"limit={limit}&category=device")) == 3


def test_a_page_of_a_rare_category_reads_a_bounded_number_of_rows(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit.record(customer.customer_id, NEW_DEVICE, bank.clock.now())
    for _ in range(25):
        bank.clock.advance(dt.timedelta(seconds=1))
        audit.record(customer.customer_id, NEW_LIMIT, bank.clock.now())
    token = bank.log_in(customer)
    reply = read(bank, token, "limit=1&category=device")
    # ten rows looked at, none fits, and the way on
    assert (kinds(reply), bool(reply.body["next_cursor"])) == ([], True)
    assert len(every_page(bank, token, "limit=1&category=device")) == 1


@pytest.mark.requirement("YQ-4.2.2-log")
def test_a_period_is_whole_shanghai_days(bank: Bank, customer: Person) -> None:
    edges = ["2026-11-19T15:59:59.999Z", "2026-11-19T16:00:00.000Z", "2026-11-20T15:59:59.999Z"]
    edges += ["2026-11-20T16:00:00.000Z"]
    for edge in edges:
        audit.record(customer.customer_id, NEW_LIMIT, dt.datetime.fromisoformat(edge))
    token = bank.log_in(customer)

    def at(query: str) -> list[str]:
        return [event["at"] for event in every_page(bank, token, query)]

    assert at("date_from=20261120&date_to=20261120") == [edges[2], edges[1]]
    assert at("date_to=20261119") == [edges[0]]
    assert at("date_from=20261121") == ["2026-11-21T02:00:00.000Z", edges[3]]
    assert at("date_from=20261121&date_to=20261120") == []
    # a cursor from outside the period is refused
    cursor = read(bank, token, "limit=1").body["next_cursor"]
    assert read(bank, token, f"date_to=20261119&cursor={cursor}").code == "cursor_malformed"
    for bad in ("date_from=20261131", "date_from=2026-11-20", "category=money", "limit=0", "limit=101"):
        assert read(bank, token, bad).code == "malformed_request"


@pytest.mark.requirement("YQ-4.2.2-log")
def test_whoever_guesses_all_day_cannot_fill_the_owners_log(bank: Bank, customer: Person) -> None:
    # given an attacker who tries twice a minute for an hour, locked or not
    for _ in range(60 * 2):
        attempt(bank, customer, WRONG)
        bank.clock.advance(dt.timedelta(seconds=30))
    bank.clock.advance(dt.timedelta(hours=1))
    rows = every_page(bank, bank.log_in(customer), "limit=100")
    # then each ten minutes left one row, and each lock one
    assert [row["kind"] for row in rows].count("login_refused") == 6
    assert [row["kind"] for row in rows].count("locked") == 2
    assert len(rows) <= 12


def test_refusals_of_names_that_nobody_has_are_bounded_too(bank: Bank) -> None:
    def rows() -> int:
        return len([row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == "nobody"])

    before = rows()
    for number in range(20):
        body = {"login_name": f"nobody{number}", "password": WRONG}
        assert bank.request("POST", "/v1/sessions", body).code == "login_refused"
    assert rows() <= before + 1


@pytest.mark.requirement("XJ-4.2-pw")
def test_a_lock_is_noted_once_and_told_once_by_sms_and_inbox(bank: Bank, customer: Person) -> None:
    for _ in range(12):
        assert attempt(bank, customer, WRONG) == 401
    with wiretap() as tap:
        bank.settle()
    expected = "【乡村银行】安全提醒：2026-11-21 10:00:00，因连续输错密码，登录已被锁定。如非本人操作，请立即联系我行。"
    assert bank.messages(customer) == [expected]
    # when stream and queue deliver everything again, in both orders
    for worker in ("relay_security_events", "send_security_alerts"):
        records = tap.of(worker)
        assert records
        assert give(worker, records) == []
        assert give(worker, records[::-1]) == []
    bank.settle()
    assert bank.messages(customer) == [expected]
    # and after the lock's time the log says both, the inbox once
    bank.clock.advance(dt.timedelta(minutes=30))
    token = bank.log_in(customer)
    assert sorted(kinds(read(bank, token))) == ["locked", "logged_in", "login_refused", "unlocked"]
    inbox = bank.request("GET", "/v1/notifications", token=token).body["notifications"]
    assert [(row["kind"], row["text"]) for row in inbox] == [("security", expected)]
    # a second lock is another event
    for _ in range(5):
        attempt(bank, customer, WRONG)
    bank.settle()
    assert len(bank.messages(customer)) == 2


def test_a_provider_that_fails_is_asked_again_and_the_owner_is_told_once(bank: Bank, customer: Person) -> None:
    LocalProvider.behave(customer.phone, providers.FAILS)
    for _ in range(5):
        attempt(bank, customer, WRONG)
    bank.settle()
    assert bank.messages(customer) == []
    LocalProvider.behave(customer.phone, None)
    make_visible(bank, "SecurityAlertsQueue")
    bank.settle()
    assert len(bank.messages(customer)) == 1
    assert bank.waiting("SecurityAlertsQueue") == 0


def test_a_crash_after_sending_does_not_send_twice(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a worker that dies after the provider took the message, before noting it
    settle = notifications_store.settle

    def dies(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(notifications_store, "settle", dies)
    for _ in range(5):
        attempt(bank, customer, WRONG)
    with pytest.raises(MemoryError):
        notifications.tell_security_event(customer.customer_id, locked_key(bank, customer))
    monkeypatch.setattr(notifications_store, "settle", settle)
    # when the message comes again, then the claim holds
    bank.settle()
    assert len(bank.messages(customer)) == 1


def locked_key(bank: Bank, person: Person) -> str:
    rows = table_items(bank, "SecurityEventsTable")
    (key,) = [r["event"] for r in rows if r["customer_id"] == person.customer_id and r["kind"] == "locked"]
    return str(key)


def test_a_message_about_no_event_is_given_up(bank: Bank, customer: Person) -> None:
    body = {
        "event_id": "a" * 26 + "#security",
        "event_type": "security.event_recorded",
        "schema_version": 1,
        "aggregate_id": customer.customer_id,
        "correlation_id": "test",
        "data": {"event": "2026-11-21T02:00:00.000Z#abc"},
    }
    put_on(bank, "SecurityAlertsQueue", json.dumps(body))
    retry_at_once(bank, "SecurityAlertsQueue")
    assert (bank.waiting("SecurityAlertsQueue"), bank.waiting("SecurityAlertsDeadLetterQueue")) == (0, 1)
    aws.sqs().purge_queue(QueueUrl=bank.references["SecurityAlertsDeadLetterQueue"])


def test_a_session_and_its_event_are_written_together_or_not_at_all(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an engine that refuses the log's row
    def broken(items: Any) -> bool:
        assert len(items) == 3  # and that the password still is the one that was given
        return False

    with monkeypatch.context() as patched:
        patched.setattr(transactions, "commit", broken)
        assert attempt(bank, customer, "Correct-Horse-7") == 503
    for table in ("SessionsTable", "SecurityEventsTable"):
        assert [row for row in table_items(bank, table) if row["customer_id"] == customer.customer_id] == []


def test_a_row_is_kept_as_long_as_the_parameter_says(bank: Bank, customer: Person) -> None:
    def kept_d() -> list[int]:
        now = int(bank.clock.now().timestamp())
        rows = [r for r in table_items(bank, "SecurityEventsTable") if r["customer_id"] == customer.customer_id]
        return sorted((row["expires_at"] - now) // 86_400 for row in rows)

    bank.log_in(customer)
    assert kept_d() == [3653]
    parameters.set_value("audit.retention_d", 183)
    bank.log_in(customer)
    assert kept_d() == [183, 3653]
    # six months are the law's least
    with pytest.raises(ValueError, match="out of bounds"):
        parameters.set_value("audit.retention_d", 182)
