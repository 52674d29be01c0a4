"""Small amounts without a factor (小额免密): agreed on by the owner, quoted, and bounded for one payment and a day."""

from __future__ import annotations

import pytest

from chalicelib.customers import service as customers
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.stepup import service as stepup
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.conftest import GIVEN
from tests.chain.probe import unchanged

pytestmark = pytest.mark.requirement("XJ-5.3-small")


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def payee(bank: Bank) -> Person:
    return bank.sign_up("钱红")


class Phone:
    """A logged-in customer who agrees on small amounts and pays them."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.person = bank.sign_up("赵小明", deposit="5000.00")
        reply = bank.request("POST", "/v1/sessions", {"login_name": self.person.login_name, "password": PASSWORD})
        self.token = reply.body["access_token"]
        session_id = reply.body["refresh_token"].split(".")[1]
        self.caller = Caller(self.person.customer_id, session_id, "professional")

    def agree(self, amount: str) -> Reply:
        """Ask for it, and confirm with the certificate where that is asked for."""
        body = {"single_without_factor": amount}
        reply = self.bank.request("PATCH", "/v1/limits", body, token=self.token)
        if reply.status == 200 or reply.code != "step_up_required":
            return reply
        step_up = str(reply.body["facts"]["step_up"])
        stepup.confirm(self.caller, step_up, GIVEN, clock.now())
        return self.bank.request("PATCH", "/v1/limits", body, token=self.token, headers={"step-up": step_up})

    def create(self, payee: Person, amount: str, key: str) -> Reply:
        return self.bank.create(self.token, self.person, payee, amount, key, factor="small")

    def confirm(self, created: Reply, **more: str) -> Reply:
        path = f"/v1/transfers/{created.body['id']}/confirmation"
        return self.bank.request("POST", path, {"factor": "small", **more}, token=self.token)

    def pay(self, payee: Person, amount: str, key: str) -> Reply:
        created = self.create(payee, amount, key)
        return self.confirm(created) if created.status == 201 else created


@pytest.fixture
def phone(bank: Bank, certificates: list[bytes]) -> Phone:
    return Phone(bank)


def test_nobody_pays_so_who_has_not_agreed(bank: Bank, phone: Phone, payee: Person) -> None:
    with unchanged(bank):
        refused = phone.create(payee, "0.01", "key-small-01")
    assert (refused.status, refused.code) == (422, "small_amount_exceeded")
    assert refused.body["facts"] == {"limit": "0.00"}
    seen = bank.request("GET", "/v1/limits", token=phone.token).body["customer"]
    assert seen["single_without_factor"] == "0.00"


def test_agreed_with_a_strong_factor_quoted_and_paid_without_a_code(bank: Bank, phone: Phone, payee: Person) -> None:
    # given an agreement that a certificate has confirmed
    asked = bank.request("PATCH", "/v1/limits", {"single_without_factor": "200.00"}, token=phone.token)
    assert (asked.code, asked.body["facts"]["factors"]) == ("step_up_required", "certificate")
    assert phone.agree("200.00").body["single_without_factor"] == "200.00"
    # when a payment is made, it is quoted first, and no code is sent
    sent = len(bank.messages(phone.person))
    created = phone.create(payee, "200.00", "key-small-02")
    assert (created.status, created.body["state"], created.body["factor"]) == (201, "awaiting", "small")
    assert created.body["payee_name"] != payee.name
    bank.settle()
    assert not [text for text in bank.messages(phone.person)[sent:] if "验证码" in text]
    # then a mere confirmation moves the money, once
    done = phone.confirm(created)
    assert (done.status, done.body["state"]) == (200, "posted")
    assert phone.confirm(created).headers["Idempotency-Hit"] == "true"
    assert bank.balance(payee.account) == 200_00
    # and its evidence holds: the bank's seal that this session confirmed this digest
    bank.settle()
    receipt = bank.request("GET", f"/v1/transfers/{created.body['id']}/receipt", token=phone.token)
    assert (receipt.status, receipt.body["factor"]) == (200, "small")


def test_one_payment_and_the_day_are_exact_at_the_edge(bank: Bank, phone: Phone, payee: Person) -> None:
    assert phone.agree("500.00").status == 200
    assert phone.create(payee, "500.01", "key-small-10").body["facts"] == {"limit": "500.00"}
    assert phone.pay(payee, "500.00", "key-small-11").status == 200
    assert phone.pay(payee, "499.99", "key-small-12").status == 200
    refused = phone.pay(payee, "0.02", "key-small-13")
    assert refused.code == "no_factor_day_limit_exceeded"
    assert refused.body["facts"] == {"limit": "1000.00", "remaining": "0.01"}
    assert phone.pay(payee, "0.01", "key-small-14").status == 200
    # the next day begins at midnight in Shanghai
    image = customers.customer_of(phone.person.customer_id)
    assert image is not None
    assert image.image["nofactor_20261121"] == 0


def test_what_was_agreed_is_lowered_at_once_also_for_what_waits(bank: Bank, phone: Phone, payee: Person) -> None:
    phone.agree("100.00")
    created = phone.create(payee, "100.00", "key-small-20")
    assert phone.agree("99.99").body["single_without_factor"] == "99.99"
    with unchanged(bank, but=["JournalTable"]):
        refused = phone.confirm(created)
    assert (refused.code, refused.body["facts"]) == ("small_amount_exceeded", {"limit": "99.99"})
    # ending the agreement needs no factor
    assert phone.agree("0.00").body["single_without_factor"] == "0.00"
    assert phone.create(payee, "0.01", "key-small-21").code == "small_amount_exceeded"


def test_the_bank_bounds_it_too_when_the_money_moves(bank: Bank, phone: Phone, payee: Person) -> None:
    above = phone.agree("500.01")
    assert (above.code, above.body["facts"]) == ("limit_above_ceiling", {"ceiling": "500.00"})
    phone.agree("500.00")
    created = phone.create(payee, "300.00", "key-small-30")
    parameters.set_value(parameters.NO_FACTOR_SINGLE_FEN.name, 299_99)
    refused = phone.confirm(created)
    assert (refused.code, refused.body["facts"]) == ("small_amount_exceeded", {"limit": "299.99"})
    # the stricter law's ceiling without a certificate holds here as well
    parameters.set_value(parameters.FACTOR_POLICY.name, "strict")
    parameters.set_value(parameters.STRICT_SINGLE_FEN.name, 50_00)
    assert phone.confirm(created).body["facts"] == {"limit": "50.00"}


def test_another_way_of_confirming_does_not_pass_for_it_nor_it_for_another(
    bank: Bank, phone: Phone, payee: Person
) -> None:
    phone.agree("100.00")
    by_code = bank.create(phone.token, phone.person, payee, "10.00", "key-small-40")
    refused = phone.confirm(by_code)
    assert (refused.status, refused.code) == (409, "factor_differs")
    small = phone.create(payee, "10.00", "key-small-41")
    assert bank.confirm(phone.token, small.body["id"], "000000").code == "factor_differs"
    # it carries nothing, and confirms no step-up
    assert phone.confirm(small, code="123456").code == "malformed_request"
    asked = bank.request("PATCH", "/v1/limits", {"day_outward": "900000.00"}, token=phone.token)
    path = f"/v1/step-ups/{asked.body['facts']['step_up']}/confirmation"
    assert bank.request("POST", path, {"factor": "small"}, token=phone.token).code == "malformed_request"
    # a code is asked for no more than a signature
    assert bank.request("POST", f"/v1/transfers/{small.body['id']}/codes", {}, token=phone.token).code == (
        "factor_not_accepted"
    )
    assert bank.balance(payee.account) == 0


def test_another_customer_cannot_confirm_it(bank: Bank, phone: Phone, payee: Person) -> None:
    phone.agree("100.00")
    created = phone.create(payee, "10.00", "key-small-50")
    path = f"/v1/transfers/{created.body['id']}/confirmation"
    assert bank.request("POST", path, {"factor": "small"}, token=bank.log_in(payee)).code == "not_found"
    assert phone.confirm(created).status == 200
