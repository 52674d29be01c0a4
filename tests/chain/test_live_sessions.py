"""A customer sees the own sessions and ends them; what is ended cannot move money from that moment on (XJ-4.2-pw)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.audit import service as audit
from chalicelib.identity import service as identity
from chalicelib.identity import session_store, sessions
from chalicelib.parameters import service as parameters
from chalicelib.platform import updates
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.probe import table_items

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="100.00")


def log_in(bank: Bank, person: Person) -> dict[str, Any]:
    body = {"login_name": person.login_name, "password": PASSWORD}
    reply = bank.request("POST", "/v1/sessions", body)
    assert reply.status == 201, reply
    bank.clock.advance(SECOND)
    return dict(reply.body)


def id_of(grant: dict[str, Any]) -> str:
    return str(grant["refresh_token"].split(".")[1])


def live(bank: Bank, grant: dict[str, Any]) -> list[dict[str, Any]]:
    reply = bank.request("GET", "/v1/sessions", token=grant["access_token"])
    assert reply.status == 200, reply
    return list(reply.body["sessions"])


def end(bank: Bank, grant: dict[str, Any], which: str) -> Reply:
    return bank.request("DELETE", f"/v1/sessions/{which}", token=grant["access_token"])


def renew(bank: Bank, grant: dict[str, Any]) -> Reply:
    return bank.request("POST", "/v1/sessions/refresh", {"refresh_token": grant["refresh_token"]})


def record(bank: Bank, person: Person) -> dict[str, Any]:
    (row,) = [row for row in table_items(bank, "CustomersTable") if row["customer_id"] == person.customer_id]
    return row


def noted(bank: Bank, person: Person, kind: str) -> list[dict[str, str]]:
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == person.customer_id]
    return [row["facts"] for row in rows if row["kind"] == kind]


def is_dead(bank: Bank, grant: dict[str, Any]) -> bool:
    read = bank.request("GET", "/v1/accounts", token=grant["access_token"])
    return read.status == 401 and read.code == "session_ended" and renew(bank, grant).code == "refresh_refused"


def test_a_customer_sees_where_the_own_sessions_are(bank: Bank, customer: Person) -> None:
    first, second = log_in(bank, customer), log_in(bank, customer)
    log_in(bank, bank.sign_up("钱红"))
    bank.clock.advance(10 * SECOND)
    renewed = renew(bank, first).body
    rows = live(bank, second)
    assert [(row["id"], row["current"]) for row in rows] == [(id_of(second), True), (id_of(first), False)]
    assert rows[1] == {
        "id": id_of(first),
        "current": False,
        "created_at": "2026-11-21T02:00:00.000Z",
        "renewed_at": "2026-11-21T02:00:13.000Z",
        "idle_at": "2026-11-21T02:05:13.000Z",
        "ends_at": "2026-11-21T14:00:00.000Z",
        "device_id": None,
    }
    # what has been idle for too long is not there any more
    bank.clock.advance(dt.timedelta(seconds=288))
    assert [row["id"] for row in live(bank, renewed)] == [id_of(first)]


def test_an_ended_session_cannot_move_money_from_that_moment_on(bank: Bank, customer: Person) -> None:
    # given a thief with a session, and a transfer in it that only awaits its code
    payee = bank.sign_up("钱红")
    thief, owner = log_in(bank, customer), log_in(bank, customer)
    created = bank.create(thief["access_token"], customer, payee, "10.00", "key-00000001").body["id"]
    bank.settle()
    code = bank.code_for(customer, created)
    # when the owner ends it
    assert end(bank, owner, id_of(thief)).status == 204
    # then neither the confirmation nor anything else of it is served
    assert bank.confirm(thief["access_token"], created, code).code == "session_ended"
    assert bank.create(thief["access_token"], customer, payee, "10.00", "key-00000002").code == "session_ended"
    assert is_dead(bank, thief)
    assert bank.balance(customer.account) == 100_00
    # and the owner's goes on
    assert [row["id"] for row in live(bank, owner)] == [id_of(owner)]
    assert noted(bank, customer, "session_revoked") == [{"by": "owner"}]
    assert end(bank, owner, id_of(thief)).code == "not_found"


@pytest.mark.requirement("NB-5.1.4")
def test_another_customers_session_is_not_there(bank: Bank, customer: Person) -> None:
    other, own = log_in(bank, bank.sign_up("钱红")), log_in(bank, customer)
    for which in (id_of(other), "0" * 14, "x", "%2e%2e"):
        assert end(bank, own, which).code == "not_found"
    assert len(live(bank, other)) == 1


def test_all_others_end_in_one_write(bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    grants = [log_in(bank, customer) for _ in range(5)]
    writes, together = [], updates.run_together

    def counted(items: Any) -> None:
        writes.append(len(items))
        together(items)

    monkeypatch.setattr(updates, "run_together", counted)
    assert end(bank, grants[2], "others").status == 204
    # four rows, four events, one record
    assert writes == [9]
    assert [row["id"] for row in live(bank, grants[2])] == [id_of(grants[2])]
    assert all(is_dead(bank, grant) for grant in grants[:2] + grants[3:])
    assert end(bank, grants[2], "others").status == 204


def test_the_bank_ends_all_sessions_without_exception(bank: Bank, customer: Person) -> None:
    grants = [log_in(bank, customer) for _ in range(3)]
    assert identity.end_sessions(customer.customer_id, now=bank.clock.now(), by="password") == 3
    assert all(is_dead(bank, grant) for grant in grants)
    assert noted(bank, customer, "session_revoked") == [{"by": "password"}] * 3
    assert identity.end_sessions(customer.customer_id, now=bank.clock.now()) == 0


def test_the_oldest_session_makes_room(bank: Bank, customer: Person) -> None:
    parameters.set_value("session.max_live", 2)
    grants = [log_in(bank, customer) for _ in range(4)]
    assert [row["id"] for row in live(bank, grants[3])] == [id_of(grants[3]), id_of(grants[2])]
    assert is_dead(bank, grants[0])
    assert is_dead(bank, grants[1])
    assert noted(bank, customer, "session_revoked") == [{"by": "newer"}] * 2
    # the record says it in one line, not in one note a session
    assert record(bank, customer)["revoked"] == {}
    assert record(bank, customer)["since"] == id_of(grants[2])


@pytest.mark.parametrize("behind", [dt.timedelta(0), 5 * SECOND], ids=["same_instant", "clock_behind"])
def test_a_session_is_not_ended_by_what_was_ended_before_it_began(
    bank: Bank, customer: Person, behind: dt.timedelta
) -> None:
    # given log-ins that made room for each other
    parameters.set_value("session.max_live", 1)
    for _ in range(2):
        log_in(bank, customer)
    began = bank.clock.now() - SECOND
    # when further ones begin in the instant of the last one, or on a machine whose clock is behind
    for _ in range(8):
        bank.clock.set(began - behind)
        grant = log_in(bank, customer)
        # then each is served, and is the only one
        assert [row["id"] for row in live(bank, grant)] == [id_of(grant)]


def test_log_ins_at_once_leave_no_more_than_there_may_be(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given two log-ins, of which neither has looked for older sessions before the other's was written
    parameters.set_value("session.max_live", 1)
    keep, waiting = sessions.keep_newest, []
    monkeypatch.setattr(sessions, "keep_newest", lambda *given: waiting.append(given))
    grants = [log_in(bank, customer) for _ in range(2)]
    monkeypatch.setattr(sessions, "keep_newest", keep)
    for given in waiting:
        keep(*given)
    assert [row["id"] for row in live(bank, grants[1])] == [id_of(grants[1])]
    assert len(noted(bank, customer, "session_revoked")) == 1


def test_somebody_who_logs_in_and_out_all_the_time_leaves_a_small_record(bank: Bank, customer: Person) -> None:
    kept = log_in(bank, customer)
    for _ in range(30):
        grant = log_in(bank, customer)
        assert end(bank, grant, "current").status == 204
        assert len(record(bank, customer)["revoked"]) <= sessions.MAX_NOTED
        assert is_dead(bank, grant)
    # the price: what was logged in before that many log-outs has ended too
    assert is_dead(bank, kept)


def test_a_session_that_is_renewed_meanwhile_ends_all_the_same(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a thief who renews between the read and the write of whoever ends the session
    thief, owner = log_in(bank, customer), log_in(bank, customer)
    read = session_store.live
    renewals: list[Reply] = []

    def live_and_renewed(*given: Any) -> Any:
        found = read(*given)
        if not renewals:
            renewals.append(renew(bank, thief))
        return found

    monkeypatch.setattr(session_store, "live", live_and_renewed)
    assert end(bank, owner, id_of(thief)).status == 204
    assert renewals[0].status == 200
    assert is_dead(bank, thief)
    assert is_dead(bank, renewals[0].body)
    assert len(noted(bank, customer, "session_revoked")) == 1


def test_an_idle_session_cannot_be_renewed_nor_used(bank: Bank, customer: Person) -> None:
    # given an idle time-out shorter than an access token would live
    parameters.set_value("session.idle_s", 120)
    grant = log_in(bank, customer)
    assert (grant["expires_in"], grant["refresh_expires_in"]) == (120, 120)
    bank.clock.advance(118 * SECOND)
    assert bank.request("GET", "/v1/accounts", token=grant["access_token"]).status == 200
    bank.clock.advance(SECOND)
    # then to the second both are dead
    assert bank.request("GET", "/v1/accounts", token=grant["access_token"]).code == "token_expired"
    assert renew(bank, grant).code == "refresh_refused"
    # and nothing has to be noted about it
    assert (record(bank, customer)["revoked"], noted(bank, customer, "session_revoked")) == ({}, [])


def test_ending_notes_the_kind_it_is_told(bank: Bank, customer: Person) -> None:
    grant = log_in(bank, customer)
    assert identity.end_session(customer.customer_id, id_of(grant), audit.LOGGED_OUT, now=bank.clock.now())
    assert (noted(bank, customer, "logged_out"), noted(bank, customer, "session_revoked")) == ([{}], [])
