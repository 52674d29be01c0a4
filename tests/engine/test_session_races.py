"""Locks and sessions under threads: what must happen once happens once, and what is ended stays ended."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from chalicelib.audit import service as audit
from chalicelib.identity import service as identity
from chalicelib.identity.errors import LoginRefused, RefreshRefused
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.errors import TryAgain
from tests.engine.test_transfer_races import PASSWORD, customer

THREADS = 8


def noted(customer_id: str) -> list[str]:
    events, _ = audit.page(customer_id, since=None, before=None, category=None, limit=100, after=None)
    return [event.kind.code for event in events]


@pytest.mark.requirement("XJ-4.2-pw")
@pytest.mark.usefixtures("ledger_engine")
def test_a_lock_that_many_guesses_reach_at_once_is_one_event() -> None:
    person, now = customer("赵小明", 0), clock.now()

    def guess(_: int) -> None:
        with suppress(LoginRefused):
            identity.log_in(person.login_name, "wrong", now)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(guess, range(3 * THREADS)))
    assert noted(person.caller.customer_id).count("locked") == 1


@pytest.mark.usefixtures("ledger_engine")
def test_many_log_ins_at_once_leave_no_more_sessions_than_there_may_be() -> None:
    person, now = customer("钱红", 0), clock.now()

    def log_in(_: int) -> None:
        with suppress(TryAgain):
            identity.log_in(person.login_name, PASSWORD, now)

    # fewer at once than there are tries: each claims one before its password is looked at
    with ThreadPoolExecutor(parameters.LOGIN_TRIES.default - 1) as pool:
        list(pool.map(log_in, range(2 * THREADS)))
    now += dt.timedelta(seconds=1)
    identity.log_in(person.login_name, PASSWORD, now)
    assert len(identity.live_sessions(person.caller.customer_id, now)) == parameters.SESSIONS_MAX.default


@pytest.mark.usefixtures("ledger_engine")
def test_a_refresh_token_that_many_bring_at_once_renews_once_and_the_session_ends() -> None:
    person, now = customer("孙立", 0), clock.now()
    grant = identity.log_in(person.login_name, PASSWORD, now)

    def renew(_: int) -> bool:
        try:
            identity.renew(grant.refresh_token, now)
        except RefreshRefused:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        renewed = list(pool.map(renew, range(THREADS)))
    # the first of them may find that another has ended the session between its write and its look at the record
    assert sum(renewed) <= 1
    assert identity.live_sessions(person.caller.customer_id, now) == []
    assert noted(person.caller.customer_id).count("session_revoked") == 1
