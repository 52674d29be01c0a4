"""Staff log-ins under threads: a code is good once, guesses are counted, what ends sessions ends those to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from chalicelib.audit import service as audit
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, passwords, totp, transactions, updates
from chalicelib.platform.errors import Refusal
from chalicelib.staff import domain, store
from chalicelib.staff.commands.appoint import Appointment, appointment_writes, new_token
from chalicelib.staff.commands.emergencies import open_emergency, review_emergency
from chalicelib.staff.commands.log_in import Grant, log_in
from chalicelib.staff.emergency_store import Case
from tests.engine.conftest import BRANCH

pytestmark = pytest.mark.usefixtures("ledger_engine")
THREADS = 8
PASSWORD = "Quiet-Harbour-Lantern-4"


@dataclass
class Clerk:
    """A member of staff: what they know and hold."""

    staff_id: str
    seed: bytes = field(repr=False)

    def log_in(self, now: dt.datetime, password: str = PASSWORD, code: str | None = None) -> Grant | None:
        try:
            return log_in(self.staff_id, password, code or self.code(now), now)
        except Refusal:
            return None

    def code(self, now: dt.datetime) -> str:
        return totp.code_at(self.seed, totp.step_at(now))


def clerk(role: str = domain.OPERATOR, post: str = domain.MAKER) -> Clerk:
    """A new member of staff of the head office, with a token."""
    now = clock.now()
    staff_id, seed = f"R{ids.random_digits(9)}", bytes(range(32))
    person = ids.random_id()
    appointment = Appointment(staff_id, "职员", BRANCH, role, frozenset({post}), person)
    token, _ = new_token(staff_id, seed=seed)
    assert transactions.commit(appointment_writes(appointment, passwords.hash_password(PASSWORD), token, now))
    return Clerk(staff_id, seed)


def noted(staff_id: str) -> list[str]:
    found, _ = audit.staff_actions(clock.business_date(clock.now()), limit=1000)
    return [one.action for one in found if one.staff_id == staff_id]


@pytest.mark.requirement("NB-5.2.4")
def test_a_code_that_many_bring_at_once_opens_one_session() -> None:
    parameters.set_value("staff.login_tries", 10)
    person, now = clerk(), clock.now()
    code = person.code(now)
    with ThreadPoolExecutor(THREADS) as pool:
        grants = list(pool.map(lambda _: person.log_in(now, code=code), range(THREADS)))
    assert sum(grant is not None for grant in grants) == 1
    assert noted(person.staff_id).count("logged_in") == 1


@pytest.mark.requirement("NB-5.2.4")
def test_guesses_at_once_take_no_more_tries_than_there_are_and_lock_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters.set_value("staff.login_tries", parameters.STAFF_LOGIN_TRIES.default)
    person, now = clerk(), clock.now()
    looked: list[str] = []
    original = passwords.matches

    def matches(stored_hash: str | None, password: str) -> bool:
        if stored_hash is not None:
            looked.append(password)
        return original(stored_hash, password)

    monkeypatch.setattr(passwords, "matches", matches)
    with ThreadPoolExecutor(THREADS) as pool:
        grants = list(pool.map(lambda n: person.log_in(now, f"guess-{n}", "000000"), range(3 * THREADS)))
    assert not any(grants)
    assert len(looked) == parameters.STAFF_LOGIN_TRIES.default
    assert noted(person.staff_id).count("locked") == 1
    # and the right one is not looked at either
    assert person.log_in(now) is None


@pytest.mark.parametrize("ending", ["suspended", "standing", "password"])
def test_a_log_in_that_meets_the_end_of_all_sessions_leaves_none(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a suspension, a changed role or a new password, written while the log-in looks at the old password
    person, now = clerk(), clock.now()
    member = store.read(person.staff_id)
    assert member is not None
    end = store.ended_all(store.update_of(person.staff_id), 0)
    if ending == "suspended":
        end.set("#state = :state", state={"S": domain.SUSPENDED})
    elif ending == "password":
        store.changed_password(end, "hash", [member.password_hash], int(now.timestamp()), is_first=False)
    original = passwords.matches

    def matches(stored_hash: str | None, password: str) -> bool:
        updates.insist(end)
        return original(stored_hash, password)

    monkeypatch.setattr(passwords, "matches", matches)
    # when everything that was looked at was right, then there is no session all the same, and the code is unused
    assert person.log_in(now) is None
    after = store.read(person.staff_id)
    assert after is not None
    assert (after.standing, after.token_step) == (1, 0)


@pytest.mark.requirement("NB-5.2.4")
def test_of_many_numbers_for_one_person_at_once_one_is_given() -> None:
    now, person, seed = clock.now(), ids.random_id(), bytes(32)

    def give(_: int) -> bool:
        number = f"R{ids.random_digits(9)}"
        appointment = Appointment(number, "职员", BRANCH, domain.OPERATOR, frozenset({domain.MAKER}), person)
        return transactions.commit(appointment_writes(appointment, "hash", new_token(number, seed=seed)[0], now))

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(give, range(THREADS))) == 1


@pytest.mark.requirement("NB-5.1.5")
def test_of_many_emergencies_and_reviews_at_once_one_of_each_is_made() -> None:
    now, opener = clock.now(), clerk(domain.SYSTEM_ADMINISTRATOR)
    callers = []
    for person in (opener, *(clerk(domain.SYSTEM_ADMINISTRATOR, domain.CHECKER) for _ in range(2))):
        grant = person.log_in(now)
        assert grant is not None
        callers.append(grant.caller)

    def tried(work: Callable[[], Case]) -> Case | None:
        try:
            return work()
        except Refusal:
            return None

    def open_one(_: int) -> Case | None:
        return tried(lambda: open_emergency(callers[0], domain.CUSTOMERS_READ, "reason", now))

    with ThreadPoolExecutor(THREADS) as pool:
        (case,) = [found for found in pool.map(open_one, range(THREADS)) if found]

        def review(number: int) -> Case | None:
            caller = callers[1 + number % 2]
            return tried(lambda: review_emergency(caller, case.case_id, f"finding {number}", now))

        (reviewed,) = [found for found in pool.map(review, range(THREADS)) if found]
    assert reviewed.state == "reviewed"
    assert noted(opener.staff_id).count("emergency.opened") == 1
