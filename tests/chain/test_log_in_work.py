"""Every refused log-in is the same work, counted: no time tells an outsider who is a customer (NB-5.3.2)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.identity import providers
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, passwords, settings
from tests.chain.bank import PASSWORD, Bank, Reply
from tests.chain.device import Device
from tests.chain.probe import table_items

WRONG = "Wrong-Horse-7"
NOBODY = "nobody.at.all"
# What makes a device's proof one that is none.
CHANGES: list[dict[str, str]] = [{}, {"signature": "x"}, {"public_key": "x"}]


class CountingHasher:
    """argon2 that counts: `verify` is what a log-in pays for."""

    def __init__(self, work: Counter[str]) -> None:
        self._hasher, self._work = passwords._hasher, work

    def verify(self, stored_hash: str, password: str) -> bool:
        self._work["argon2"] += 1
        return bool(self._hasher.verify(stored_hash, password))


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Calls to the engine by their name, and argon2 verifications, inside the `with`."""
    work: Counter[str] = Counter()

    def note(model: Any, **_: Any) -> None:
        work[model.name] += 1

    events = aws.dynamodb().meta.events
    events.register("before-call.dynamodb", note)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_hasher", CountingHasher(work))
        try:
            yield work
        finally:
            events.unregister("before-call.dynamodb", note)


def log_in(bank: Bank, name: str, password: str, *, captcha: bool = False) -> Reply:
    body: dict[str, object] = {"login_name": name, "password": password}
    if captcha:
        id_ = bank.request("POST", "/v1/captchas", {"login_name": name}).body["captcha_id"]
        body["captcha"] = {"captcha_id": id_, "text": providers.answer_of(id_)}
    return bank.request("POST", "/v1/sessions", body)


def work_of(bank: Bank, name: str, password: str) -> Counter[str]:
    parameters.value(parameters.LOGIN_TRIES, bank.clock.now())  # policy is read by whoever comes first
    with counted() as work:
        assert log_in(bank, name, password).code == "login_refused"
    return work


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.requirement("XJ-4.2-pw")
def test_unknown_wrong_and_locked_cost_the_same_calls_and_one_verification(bank: Bank) -> None:
    parameters.set_value("login.captcha_after", 10)
    known, locked = bank.sign_up("赵小明").login_name, bank.sign_up("钱红").login_name
    for name in (locked, "somebody.else"):
        for _ in range(5):
            log_in(bank, name, WRONG)
    found = {
        "unknown": work_of(bank, NOBODY, WRONG),
        "unknown account number": work_of(bank, "9000010000000000017", WRONG),
        "wrong": work_of(bank, known, WRONG),
        "locked, wrong": work_of(bank, locked, WRONG),
        "locked, right": work_of(bank, locked, PASSWORD),
        "locked, unknown": work_of(bank, "somebody.else", WRONG),
    }
    wanted = Counter({"GetItem": 2, "UpdateItem": 2, "PutItem": 1, "argon2": 1})
    assert found == dict.fromkeys(found, wanted)


@pytest.mark.requirement("NB-5.3.2")
def test_a_device_that_is_not_the_customers_tells_nothing_of_the_customer(bank: Bank) -> None:
    known, other = bank.sign_up("赵小明"), bank.sign_up("钱红")
    Device(bank, known).bind()
    strange, elsewhere = Device(bank, other), Device(bank, other)
    elsewhere.bind()
    parameters.value(parameters.LOGIN_TRIES, bank.clock.now())
    found = []
    for device in (strange, elsewhere):
        for name in (known.login_name, NOBODY):
            for changed in CHANGES:
                proof = {**device.proof(login_name=name), **changed}
                tries_table_is_empty(bank)
                with counted() as work:
                    reply = bank.request(
                        "POST", "/v1/sessions", {"login_name": name, "password": WRONG, "device": proof}
                    )
                found.append((bool(changed), reply.code, work))
    plain = Counter({"GetItem": 2, "UpdateItem": 2, "PutItem": 1, "argon2": 1})
    for broken, code, work in found:
        # a signature that is one is looked up, whoever is named
        assert (code, work) == ("login_refused", plain if broken else plain + Counter({"UpdateItem": 1}))


def tries_table_is_empty(bank: Bank) -> None:
    for row in table_items(bank, "LoginTriesTable"):
        aws.dynamodb().delete_item(TableName=settings.table("login_tries"), Key={"subject": {"S": row["subject"]}})


@pytest.mark.requirement("XJ-4.2-pw")
def test_each_try_up_to_the_lock_and_past_it_costs_a_customer_and_nobody_the_same(bank: Bank) -> None:
    parameters.set_value("login.captcha_after", 10)
    known = bank.sign_up("赵小明").login_name
    # given a customer and a name that is nobody's, tried six times, then once more after the lock
    pairs = [(work_of(bank, known, WRONG), work_of(bank, NOBODY, WRONG)) for _ in range(6)]
    bank.clock.advance(dt.timedelta(minutes=30))
    pairs.append((work_of(bank, known, WRONG), work_of(bank, NOBODY, WRONG)))
    # then each pair is the same work; the lock and its end are one write more
    assert [known_work == nobodys for known_work, nobodys in pairs] == [True] * 7
    assert [work["TransactWriteItems"] for work, _ in pairs] == [0, 0, 0, 0, 1, 0, 1]


@pytest.mark.requirement("XJ-4.2-pw")
def test_being_asked_for_a_captcha_costs_the_same(bank: Bank) -> None:
    known = bank.sign_up("赵小明").login_name
    found = []
    for name in (known, NOBODY):
        for _ in range(3):
            log_in(bank, name, WRONG)
        with counted() as work:
            assert log_in(bank, name, WRONG).code == "captcha_required"
        found.append(work)
    assert found == [Counter({"GetItem": 1, "UpdateItem": 1, "Query": 1})] * 2


def test_reading_the_secret_anew_tells_nobody_who_is_a_customer(bank: Bank) -> None:
    known = bank.sign_up("赵小明").login_name
    calls: Counter[str] = Counter()

    def note(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    events = aws.secretsmanager().meta.events
    events.register("before-call.secretsmanager", note)
    try:
        for name in (known, NOBODY):
            # each comes first after the secret has grown old
            bank.clock.advance(dt.timedelta(seconds=30))
            calls.clear()
            log_in(bank, name, WRONG)
            assert calls == {"GetSecretValue": 1}, name
    finally:
        events.unregister("before-call.secretsmanager", note)
