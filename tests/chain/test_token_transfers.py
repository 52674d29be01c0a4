"""Transfers confirmed by a token's code: right, used, late, lost, expired, guessed."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.factors import vault
from chalicelib.factors.commands.end_factor import revoke_factor
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.factors.errors import FactorHeldAlready, FactorMalformed
from chalicelib.platform import clock, totp
from tests.chain.bank import TELLER, Bank, Person, Reply
from tests.chain.probe import state_of, table_items, unchanged

SEED = bytes(range(32))


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def people(bank: Bank) -> tuple[Person, Person]:
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
    issue(bank, payer)
    return payer, payee


def issue(bank: Bank, person: Person, serial: str | None = None, seed: bytes = SEED) -> str:
    serial = bank.blank("token") if serial is None else serial
    return issue_token(person.customer_id, serial=serial, seed=seed, teller_id=TELLER, now=bank.clock.now())


def shown(bank: Bank, minutes: int = 0) -> str:
    return totp.code_at(SEED, totp.step_at(bank.clock.now()) + minutes)


def confirm(bank: Bank, token: str, created: Reply, code: str) -> Reply:
    path = f"/v1/transfers/{created.body['id']}/confirmation"
    return bank.request("POST", path, {"factor": "token", "code": code}, token=token)


@pytest.mark.requirement("NB-5.3.3-token")
def test_a_code_confirms_once_and_not_again_inside_its_minute(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, payee = people
    token = bank.log_in(payer)
    first, second = (bank.create(token, payer, payee, "10.00", f"key-tok-{i:03d}", factor="token") for i in range(2))
    # no SMS is sent for them
    bank.settle()
    assert bank.messages(payer) == [text for text in bank.messages(payer) if "验证码" not in text]
    code = shown(bank)
    assert confirm(bank, token, first, code).status == 200
    # the same code, and the one of the minute before, confirm nothing more
    for used in (code, shown(bank, -1)):
        with unchanged(bank, but=["JournalTable"]):
            reply = confirm(bank, token, second, used)
            assert (reply.code, reply.status) == ("token_code_used", 422)
    bank.clock.advance(dt.timedelta(seconds=60))
    assert confirm(bank, token, second, shown(bank)).status == 200
    assert bank.balance(payee.account) == 20_00


@pytest.mark.requirement("NB-5.3.4")
def test_a_token_ends_after_three_years_at_midnight(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, payee = people
    end = dt.datetime(2029, 11, 21, 0, 0, tzinfo=clock.SHANGHAI)
    bank.clock.set(end - dt.timedelta(minutes=2))
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "10.00", "key-tok-010", factor="token")
    # an instruction lives no longer than what confirms it
    assert created.body["valid_until"] == clock.to_text(end)
    bank.clock.set(end - dt.timedelta(milliseconds=1))
    assert bank.create(token, payer, payee, "10.00", "key-tok-011", factor="token").status == 201
    bank.clock.set(end)
    assert confirm(bank, token, created, shown(bank)).code == "transfer_expired"
    assert bank.create(token, payer, payee, "10.00", "key-tok-012", factor="token").code == "factor_not_active"
    listed = bank.request("GET", "/v1/factors", token=token).body["factors"]
    assert {f["factor"]: f["state"] for f in listed} == {"sms": "active", "token": "expired"}
    # a new one replaces it
    issue(bank, payer)
    assert bank.create(token, payer, payee, "10.00", "key-tok-013", factor="token").status == 201


@pytest.mark.requirement("NB-5.3.6")
def test_a_lost_token_stops_at_once(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, payee = people
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "10.00", "key-tok-020", factor="token")
    assert bank.request("POST", f"/v1/factors/{created.body['factor_id']}/loss", {}, token=token).status == 204
    with unchanged(bank, but=["JournalTable"]):
        assert confirm(bank, token, created, shown(bank)).code == "factor_not_active"
        # also a wrong code is told nothing more
        assert confirm(bank, token, created, "000000").code == "factor_not_active"
    with pytest.raises(FactorHeldAlready):
        issue(bank, payer)
    revoke_factor(payer.customer_id, created.body["factor_id"], teller_id=TELLER, now=bank.clock.now())
    issue(bank, payer)


def test_wrong_codes_of_a_token_count_with_the_others(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, payee = people
    token = bank.log_in(payer)
    wrong = next(c for c in ("000000", "111111", "222222", "333333") if c not in [shown(bank, i) for i in (-1, 0, 1)])
    replies = []
    for i in range(3):
        created = bank.create(token, payer, payee, "10.00", f"key-tok-03{i}", factor="token")
        replies += [confirm(bank, token, created, wrong).code for _ in range(4)] if created.status == 201 else []
    assert replies == ["code_wrong"] * 10 + ["code_guesses_exhausted"] * 2


def test_one_factor_cannot_stand_in_for_another(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, payee = people
    token = bank.log_in(payer)
    by_sms = bank.create(token, payer, payee, "10.00", "key-tok-040")
    by_token = bank.create(token, payer, payee, "10.00", "key-tok-041", factor="token")
    with unchanged(bank):
        assert confirm(bank, token, by_sms, shown(bank)).code == "factor_differs"
        assert bank.confirm(token, by_token.body["id"], "123456").code == "factor_differs"
    # and the same key with another factor is another request
    assert bank.create(token, payer, payee, "10.00", "key-tok-040", factor="token").code == "idempotency_key_reused"


@pytest.mark.requirement("NB-5.1.3")
def test_the_seed_is_nowhere_in_the_clear(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, _ = people
    rows = [row for row in table_items(bank, "FactorsTable") if row["customer_id"] == payer.customer_id]
    (row,) = [row for row in rows if row["method"] == "token"]
    assert SEED not in row["seed"]
    assert vault.decrypt(row["seed"], payer.customer_id, row["factor_id"]) == SEED
    everything = repr(state_of(bank))
    assert SEED.hex() not in everything
    assert repr(SEED)[2:-1] not in everything


@pytest.mark.parametrize(
    ("serial", "seed"), [("", SEED), ("TK 1", SEED), ("令牌", SEED), ("T" * 33, SEED), ("TK1", b"x" * 20)]
)
def test_a_token_that_does_not_fit_is_not_issued(bank: Bank, serial: str, seed: bytes) -> None:
    person = bank.sign_up("赵小明")
    with unchanged(bank), pytest.raises(FactorMalformed):
        issue(bank, person, serial, seed)
