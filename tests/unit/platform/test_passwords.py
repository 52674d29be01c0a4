"""Passwords are argon2id hashes; nobody's takes as much work as somebody's."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from chalicelib.platform import passwords

STORED = passwords.hash_password("Correct-Horse-7")


def test_a_hash_has_its_own_salt_and_strong_parameters() -> None:
    assert passwords.hash_password("Correct-Horse-7") != STORED
    parameters = extract_parameters(STORED)
    assert parameters.type is Type.ID
    # OWASP's least: 19 MiB and two passes
    assert (parameters.memory_cost, parameters.time_cost) >= (19 * 1024, 2)


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize(
    ("stored", "given", "matches"),
    [
        pytest.param(STORED, "Correct-Horse-7", True, id="right"),
        pytest.param(STORED, "correct-horse-7", False, id="wrong"),
        pytest.param(STORED, "", False, id="empty"),
        pytest.param(None, "Correct-Horse-7", False, id="nobody"),
        pytest.param(None, "nobody has this password", False, id="nobody's own"),
        pytest.param("no hash", "Correct-Horse-7", False, id="broken hash"),
    ],
)
def test_who_is_let_in(stored: str | None, given: str, matches: bool) -> None:
    assert passwords.matches(stored, given) is matches


def test_an_unknown_customer_costs_as_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a hasher that counts
    verified: list[str] = []
    real = PasswordHasher()

    class Counting:
        def verify(self, stored: str, given: str) -> bool:
            verified.append(stored)
            return real.verify(stored, given)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    # when nobody and somebody try, then each is verified once, with the same parameters
    passwords.matches(None, "guess")
    passwords.matches(STORED, "guess")
    assert len(verified) == 2
    assert extract_parameters(verified[0]) == extract_parameters(verified[1])


def test_nobodys_hash_costs_what_a_customers_does() -> None:
    # algorithm, version and parameters; what follows is salt and hash
    assert passwords._nobodys().split("$")[:4] == passwords.hash_password("x").split("$")[:4]
