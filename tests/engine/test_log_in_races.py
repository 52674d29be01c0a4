"""Log-ins at once on a real engine: a right password is not taken for a guess, and guesses get no more than allowed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.identity import attempts_store, tries
from chalicelib.identity import service as identity
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, passwords
from chalicelib.platform.errors import Refusal
from tests.engine.test_transfer_races import PASSWORD, Customer, customer, kinds_of, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines, pytest.mark.requirement("XJ-4.2-pw")]

FREE = parameters.CAPTCHA_AFTER.default
MOST = parameters.LOGIN_TRIES.default


@pytest.fixture(autouse=True)
def asks_for_captchas(ledger_engine: str) -> Iterator[None]:
    parameters.set_value("login.captcha_after", FREE)
    yield
    parameters.set_value("login.captcha_after", 10)  # as the other races have it


class Looks:
    """How often a password was looked at for what it is; a locked try is looked at for nobody's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: Counter[str] = Counter()
        matches = passwords.matches

        def counted(stored_hash: str | None, password: str) -> bool:
            if stored_hash is not None:
                self.counts[password] += 1
            return matches(stored_hash, password)

        monkeypatch.setattr(passwords, "matches", counted)


def log_in(person: Customer, password: str, now: dt.datetime | None = None) -> str:
    try:
        identity.log_in(person.login_name, password, now or clock.now())
    except Refusal as refusal:
        return refusal.code
    return "in"


def counting(person: Customer) -> attempts_store.Count:
    return attempts_store.read(tries.of_log_in(person.caller.customer_id))


def test_right_log_ins_at_once_meet_no_captcha() -> None:
    person = customer("赵小明", 0)
    found = together(lambda _: log_in(person, PASSWORD), 12)
    # at most an engine that was too busy: never a captcha, never a lock, nothing left to hold against the owner
    assert set(found) <= {"in", "try_again"}
    assert found["in"] >= FREE
    assert counting(person) == attempts_store.Count()
    assert "locked" not in kinds_of(person)


def test_wrong_guesses_at_once_get_what_one_after_the_other_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    person, looks = customer("钱红", 0), Looks(monkeypatch)
    found = together(lambda i: log_in(person, f"wrong-{i}"), 16)
    assert found == {"login_refused": FREE, "captcha_required": 16 - FREE}
    assert looks.counts.total() == FREE
    left = counting(person)
    assert (left.tries, left.wrong, left.open) == (FREE, FREE, {})


def test_guesses_past_the_captcha_lock_after_five(monkeypatch: pytest.MonkeyPatch) -> None:
    # given guessers who need no captcha: all that bounds them is the lock
    parameters.set_value("login.captcha_after", 10)
    person, looks = customer("孙立", 0), Looks(monkeypatch)
    assert together(lambda i: log_in(person, f"wrong-{i}"), 16) == {"login_refused": 16}
    assert looks.counts.total() == MOST
    assert kinds_of(person).count("locked") == 1
    assert log_in(person, PASSWORD) == "login_refused"


def test_an_owner_among_guessers_is_never_locked_out_without_captchas(monkeypatch: pytest.MonkeyPatch) -> None:
    person, looks = customer("周五", 0), Looks(monkeypatch)
    found = together(lambda i: log_in(person, PASSWORD if i % 4 == 0 else f"wrong-{i}"), 24)
    # each right log-in forgets the wrong ones it knows of, and no more than that
    guesses = looks.counts.total() - looks.counts[PASSWORD]
    assert guesses == found["login_refused"] <= FREE * (found["in"] + 1)
    assert "locked" not in kinds_of(person)
    left = counting(person)
    assert left.open == {}
    assert left.tries == left.wrong <= FREE


def test_right_log_ins_at_the_end_of_a_lock() -> None:
    parameters.set_value("login.captcha_after", 10)
    person, now = customer("吴六", 0), clock.now()
    for _ in range(MOST):
        assert log_in(person, "wrong", now) == "login_refused"
    later = now + dt.timedelta(seconds=parameters.LOGIN_LOCK_S.default)
    found = together(lambda _: log_in(person, PASSWORD, later), 8)
    assert set(found) <= {"in", "try_again"}
    assert found["in"] >= 1
    assert kinds_of(person).count("unlocked") == 1
    assert counting(person) == attempts_store.Count()
