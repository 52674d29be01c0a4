"""Members of staff for tests: appointed with a password and a token, logged in as their screen would."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from chalicelib.platform import passwords, totp, transactions
from chalicelib.staff import domain
from chalicelib.staff import service as staff
from chalicelib.staff.commands.appoint import Appointment, appointment_writes, new_token, person_of
from tests.chain.bank import BRANCH, Bank, Reply
from tests.unit.samples import resident_number

PASSWORD = "Quiet-Harbour-Lantern-4"
CITY, VILLAGE, OTHER = "0002", "0003", "0004"
_numbers = itertools.count(1)


@dataclass
class Clerk:
    """A member of staff: what they know and hold."""

    staff_id: str
    branch_id: str
    seed: bytes = field(repr=False)
    password: str = PASSWORD
    last_step: int = 0
    token: str = ""

    def code(self, bank: Bank) -> str:
        """The next code that their token has not shown yet; the clock moves on where there is none left."""
        now = totp.step_at(bank.clock.now())
        step = max(self.last_step + 1, now - totp.DRIFT_STEPS)
        if step > now + totp.DRIFT_STEPS:
            bank.clock.sleep(totp.STEP_S)
        self.last_step = step
        return totp.code_at(self.seed, step)


def branches() -> None:
    """Below the head office a branch with a sub-branch, and another branch."""
    for branch_id, name, parent in (
        (CITY, "城关支行", None),
        (VILLAGE, "河西分理处", CITY),
        (OTHER, "城东支行", None),
    ):
        staff.register_branch(staff.Branch(branch_id, name, "示范县", "0990-0000002", parent))


def appoint(bank: Bank, role: str, *posts: str, branch_id: str = BRANCH, password_is_new: bool = False) -> Clerk:
    """A member of staff with a token, whose password they chose themselves unless it is new."""
    number, seed, now = next(_numbers), bytes(range(32)), bank.clock.now()
    staff_id = f"S{number:05d}"
    seats = frozenset(posts or ({domain.READER} if role == domain.AUDITOR else {domain.MAKER}))
    person = person_of(resident_number(number % 1000, f"19{80 + number // 1000}0101"), now)
    appointment = Appointment(staff_id, "职员", branch_id, role, seats, person)
    token, _ = new_token(staff_id, seed=seed)
    hashed = passwords.hash_password(PASSWORD)
    assert transactions.commit(appointment_writes(appointment, hashed, token, now, is_first=password_is_new))
    return Clerk(staff_id, branch_id, seed)


def try_log_in(bank: Bank, clerk: Clerk, **changes: Any) -> Reply:
    """A log-in, with what is given in place of what is right."""
    body = {"staff_id": clerk.staff_id, "password": clerk.password, **changes}
    if "code" not in body:
        body["code"] = clerk.code(bank)
    return bank.request("POST", "/v1/staff/sessions", body)


def log_in(bank: Bank, clerk: Clerk) -> str:
    """The access token of a new session."""
    reply = try_log_in(bank, clerk)
    assert reply.status == 201, reply
    clerk.token = str(reply.body["access_token"])
    return clerk.token


def ask(bank: Bank, clerk: Clerk) -> Reply:
    """Whether their session lives: who is logged in."""
    return bank.request("GET", "/v1/staff/sessions/current", token=clerk.token)
