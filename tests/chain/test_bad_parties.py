"""Transfers between parties that may not: refused alike where a difference would tell a secret (NB-5.1.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from tests.chain.bank import LIMITS, Bank, Person, Reply
from tests.chain.probe import force_account, force_customer, same_refusal, state_of, unchanged

UNKNOWN = "9000010000000000017"
TWO_ACCOUNTS = (AccountWish("savings", ledger.RIGHT_FULL, LIMITS), AccountWish("savings", ledger.RIGHT_QUERY, LIMITS))


@pytest.fixture(scope="module")
def _people(_bank_of_module: Bank) -> tuple[Person, Person, Person]:
    bank = _bank_of_module
    payer = bank.sign_up("赵小明", deposit="1000.00", accounts=TWO_ACCOUNTS)
    bank.deposit(payer.signed.account_ids[1], 100_00)
    payee, stranger = bank.sign_up("钱红", deposit="1.00"), bank.sign_up("孙伟", deposit="500.00")
    bank.settle()
    return payer, payee, stranger


class Case:
    """One payer, logged in, and requests that differ in one place."""

    def __init__(self, bank: Bank, people: tuple[Person, Person, Person]) -> None:
        self.bank = bank
        self.payer, self.payee, self.stranger = people
        self.token = bank.log_in(self.payer)

    def post(self, language: str = "zh", **changes: Any) -> Reply:
        body = {
            "payer_account": self.payer.account,
            "payee_account": self.payee.account,
            "payee_name": self.payee.name,
            "amount": "10.00",
            **changes,
        }
        headers = {"idempotency-key": "key-party-01", "accept-language": language}
        return self.bank.request("POST", "/v1/transfers", body, token=self.token, headers=headers)


@pytest.fixture
def case(shared_bank: Bank, _people: tuple[Person, Person, Person]) -> Case:
    return Case(shared_bank, _people)


@pytest.mark.requirement("NB-5.1.4")
def test_another_customers_account_pays_as_little_as_an_unknown_one(case: Case) -> None:
    with unchanged(case.bank):
        for language in ("zh", "en"):
            unknown = case.post(language, payer_account=UNKNOWN)
            anothers = case.post(language, payer_account=case.stranger.account)
            own_payee = case.post(language, payer_account=case.payee.account, payee_account=case.payer.account)
            assert (unknown.code, unknown.status) == ("not_found", 404)
            assert same_refusal(unknown, anothers)
            assert same_refusal(unknown, own_payee)


@pytest.mark.requirement("NB-5.1.4")
@pytest.mark.parametrize("state", ["dormant", "closed"])
def test_another_customers_account_hides_its_state_too(case: Case, state: str) -> None:
    # given another customer's account in some state
    force_account(case.bank, case.stranger.account, state=state)
    # then as payer it looks unknown, as payee it looks like a wrong name
    assert same_refusal(case.post(payer_account=UNKNOWN), case.post(payer_account=case.stranger.account))
    closed = case.post(payee_account=case.stranger.account, payee_name="孙伟")
    assert same_refusal(case.post(payee_account=UNKNOWN), closed)
    force_account(case.bank, case.stranger.account, state="open")


@pytest.mark.requirement("NB-5.1.4")
def test_an_unknown_payee_and_a_wrong_name_are_one_answer(case: Case) -> None:
    # Each is counted as a guess on the payer's record, and nothing else differs.
    with unchanged(case.bank, but=["CustomersTable"]):
        unknown = case.post(payee_account=UNKNOWN)
        assert (unknown.code, unknown.status) == ("payee_unavailable", 422)
        for name in ("钱绿", "*红", "钱 红", "钱", "赵小明"):
            assert same_refusal(unknown, case.post(payee_name=name))
    # and only spaces around a name are forgiven: the same request with them is accepted elsewhere
    assert case.payee.name not in str(unknown.body)


def test_payer_and_payee_must_differ(case: Case) -> None:
    with unchanged(case.bank):
        reply = case.post(payee_account=case.payer.account, payee_name=case.payer.name)
        assert (reply.code, reply.status) == ("same_payer_and_payee", 422)


@pytest.mark.requirement("NB-5.4.1-pro")
def test_a_query_only_account_never_pays(case: Case) -> None:
    with unchanged(case.bank):
        query_only = case.payer.signed.account_ids[1]
        reply = case.post(payer_account=query_only)
        assert (reply.code, reply.status) == ("account_query_only", 403)
        own = case.post(payer_account=query_only, payee_account=case.payer.account, payee_name=case.payer.name)
        assert own.code == "account_query_only"


Spoil = Callable[[Case], None]
SPOILT: dict[str, tuple[Spoil, str, int]] = {
    **{
        f"payer {state}": (
            lambda c, state=state: force_account(c.bank, c.payer.account, state=state),  # type: ignore[misc]
            "account_not_active",
            422,
        )
        for state in ("frozen", "closed", "dormant", "lost")
    },
    **{
        f"payee {state}": (
            lambda c, state=state: force_account(c.bank, c.payee.account, state=state),  # type: ignore[misc]
            "payee_unavailable",
            422,
        )
        for state in ("dormant", "closed")
    },
    "switched off": (lambda c: force_customer(c.bank, c.payer, transfers_on=False), "transfers_switched_off", 422),
    "express": (lambda c: force_customer(c.bank, c.payer, edition="express"), "edition_not_entitled", 403),
    "credit card": (lambda c: force_customer(c.bank, c.payer, edition="credit_card"), "edition_not_entitled", 403),
    "customer frozen": (lambda c: force_customer(c.bank, c.payer, state="frozen"), "customer_not_active", 422),
}


@pytest.mark.requirement("XJ-4.4-switch")
@pytest.mark.requirement("NB-5.4.1-express")
@pytest.mark.parametrize(("spoil", "code", "status"), SPOILT.values(), ids=SPOILT)
def test_who_may_not_pay_is_told_why(case: Case, spoil: Spoil, code: str, status: int) -> None:
    spoil(case)
    # A payee that does not match is counted as a guess on the payer's record.
    but = ["CustomersTable"] if code == "payee_unavailable" else []
    state = state_of(case.bank, but=but)
    chinese, english = case.post("zh"), case.post("en")
    assert (chinese.code, chinese.status) == (english.code, english.status) == (code, status)
    assert english.body["detail"].isascii()
    assert not chinese.body["detail"].isascii()
    assert state_of(case.bank, but=but) == state
    # and a transfer between own accounts is refused alike, save for what is the payee's, and the switch,
    # which is for outward transfers only
    if code not in ("payee_unavailable", "transfers_switched_off"):
        second = case.payer.signed.account_ids[1]
        assert case.post(payee_account=second, payee_name=case.payer.name).code == code
    force_account(case.bank, case.payer.account, state="open")
    force_account(case.bank, case.payee.account, state="open")
    force_customer(case.bank, case.payer, transfers_on=True, edition="professional", state="active")
