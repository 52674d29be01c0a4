"""Step-ups confirmed by a token and by a certificate: the real ones, end to end (XJ-5.3-limit, NB-5.3.3)."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.factors.commands.end_factor import report_loss, revoke_factor
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.notifications import providers
from chalicelib.platform import totp
from chalicelib.stepup import verifiers
from tests.chain import signers
from tests.chain.bank import TELLER, Bank, Reply
from tests.chain.probe import account_image, unchanged
from tests.chain.two_people import done

SEED = b"seed of a token that nobody holds"[:32]
RAISED = {"single": "60000.00"}


class Phone:
    """A logged-in customer who wants a higher limit."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.person = bank.sign_up("赵小明", deposit="100.00")
        self.token = bank.log_in(self.person)

    def ask(self, step_up: str | None = None) -> Reply:
        headers = {"step-up": step_up} if step_up else {}
        path = f"/v1/accounts/{self.person.account}/limits"
        return self.bank.request("PATCH", path, RAISED, token=self.token, headers=headers)

    def asked(self) -> dict[str, Any]:
        refused = self.ask()
        assert (refused.status, refused.code) == (403, "step_up_required"), refused
        read = self.bank.request("GET", f"/v1/step-ups/{refused.body['facts']['step_up']}", token=self.token)
        assert read.body["factors"] == refused.body["facts"]["factors"].split(",")
        return dict(read.body)

    def confirm(self, step_up: str, **proof: str) -> Reply:
        return self.bank.request("POST", f"/v1/step-ups/{step_up}/confirmation", proof, token=self.token)

    @property
    def limit(self) -> int:
        return int(account_image(self.person.account)["limit_single"])


@pytest.fixture
def phone(bank: Bank) -> Phone:
    return Phone(bank)


@pytest.mark.requirement("XJ-5.3-limit")
def test_with_the_reserved_phone_alone_the_branch_raises_limits(phone: Phone) -> None:
    assert phone.ask().code == "strong_factor_required"


@pytest.mark.requirement("NB-5.3.3-cert")
@pytest.mark.requirement("XJ-5.3-limit")
def test_a_certificate_signs_the_canonical_form_and_the_limit_is_raised(bank: Bank, phone: Phone) -> None:
    signer = signers.certified(bank, phone.person, phone.token)
    asked = phone.asked()
    message = base64.b64decode(asked["canonical"])
    # given signatures that are not: over another form, by another key, no signature at all
    with unchanged(bank, but=("ChallengesTable",)):
        for wrong in (signer.sign(message + b" "), signers.Signer().sign(message), "A" * 86 + "=="):
            refused = phone.confirm(asked["id"], factor="certificate", signature=wrong)
            assert (refused.status, refused.code) == (422, "signature_wrong"), wrong
            asked = phone.asked()
            message = base64.b64decode(asked["canonical"])
    # when the right one comes, then just this is done
    assert phone.confirm(asked["id"], factor="certificate", signature=signer.sign(message)).status == 200
    assert phone.ask(asked["id"]).status == 200
    assert phone.limit == 60_000_00
    # and it is used up
    assert (
        phone.confirm(asked["id"], factor="certificate", signature=signer.sign(message)).code == "step_up_not_awaiting"
    )


@pytest.mark.requirement("YQ-4.1.3")
def test_the_table_says_which_certificate_would_do(bank: Bank, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a customer with a phone certificate and a token, and a bank that takes neither to raise limits
    signer = signers.certified(bank, phone.person, phone.token)
    given_token(bank, phone)
    row = entitlements.TABLE["limits.raise"]
    usb_keys = replace(row, grants=tuple(replace(grant, factors=frozenset({"usb_key"})) for grant in row.grants))
    with monkeypatch.context() as patched:
        patched.setitem(entitlements.TABLE, "limits.raise", usb_keys)
        refused = phone.ask()
        assert (refused.code, refused.body["facts"]["factors"]) == ("strong_factor_required", "certificate")
    # when it takes tokens, then the certificate confirms nothing, though its owner holds it
    tokens = replace(row, grants=tuple(replace(grant, factors=frozenset({"token", "usb_key"})) for grant in row.grants))
    monkeypatch.setitem(entitlements.TABLE, "limits.raise", tokens)
    asked = phone.asked()
    assert asked["factors"] == ["token"]
    signature = signer.sign(base64.b64decode(asked["canonical"]))
    assert phone.confirm(asked["id"], factor="certificate", signature=signature).code == "factor_not_accepted"
    assert phone.confirm(asked["id"], **with_token(bank)).status == 200
    assert phone.ask(asked["id"]).status == 200


@pytest.mark.requirement("NB-5.4.1-pro")
def test_another_certificate_than_the_table_takes_does_not_stand_in(
    bank: Bank, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a challenge that a cloud certificate may confirm, and a phone's certificate beside it
    signer = signers.certified(bank, phone.person, phone.token)
    asked = phone.asked()
    monkeypatch.setattr(verifiers, "factors_held", lambda customer_id, now: ("cloud",))
    other = phone.asked()
    assert (asked["factors"], other["factors"]) == (["certificate"], ["certificate"])
    signature = signer.sign(base64.b64decode(other["canonical"]))
    assert phone.confirm(other["id"], factor="certificate", signature=signature).code == "factor_not_active"
    signature = signer.sign(base64.b64decode(asked["canonical"]))
    assert phone.confirm(asked["id"], factor="certificate", signature=signature).status == 200


@pytest.mark.requirement("NB-5.3.6")
def test_a_certificate_reported_lost_confirms_nothing(bank: Bank, phone: Phone) -> None:
    signer = signers.certified(bank, phone.person, phone.token)
    asked = phone.asked()
    report_loss(phone.person.customer_id, signer.factor_id, bank.clock.now())
    signature = signer.sign(base64.b64decode(asked["canonical"]))
    assert phone.confirm(asked["id"], factor="certificate", signature=signature).code == "factor_not_active"
    assert phone.ask().code == "strong_factor_required"


@pytest.mark.requirement("NB-5.3.3-token")
def test_a_tokens_code_confirms_once_whatever_it_is_for(bank: Bank, phone: Phone) -> None:
    now = bank.clock.now()
    issue_token(phone.person.customer_id, serial=bank.blank("token"), seed=SEED, teller_id=TELLER, now=now)
    code = totp.code_at(SEED, totp.step_at(now))
    first, second = phone.asked(), phone.asked()
    assert phone.confirm(first["id"], factor="token", code=code).status == 200
    assert phone.ask(first["id"]).status == 200
    # then the same code confirms neither another step-up nor a transfer
    assert phone.confirm(second["id"], factor="token", code=code).code == "token_code_used"
    payee = bank.sign_up("钱红")
    created = bank.create(phone.token, phone.person, payee, "1.00", "key-token-used", factor="token")
    assert created.status == 201, created
    path = f"/v1/transfers/{created.body['id']}/confirmation"
    used = bank.request("POST", path, {"factor": "token", "code": code}, token=phone.token)
    assert used.code == "token_code_used"
    # and the next minute's does
    bank.clock.advance(dt.timedelta(seconds=60))
    code = totp.code_at(SEED, totp.step_at(bank.clock.now()))
    assert phone.confirm(second["id"], factor="token", code=code).status == 200


@pytest.mark.requirement("NB-5.3.3-token")
def test_wrong_token_codes_are_counted_with_those_of_transfers(bank: Bank, phone: Phone) -> None:
    now = bank.clock.now()
    issue_token(phone.person.customer_id, serial=bank.blank("token"), seed=SEED, teller_id=TELLER, now=now)
    right = {totp.code_at(SEED, totp.step_at(now) + drift) for drift in (-1, 0, 1)}
    wrong = next(code for code in ("000000", "111111", "222222", "333333") if code not in right)
    codes = []
    for _ in range(3):
        asked = phone.asked()
        codes += [phone.confirm(asked["id"], factor="token", code=wrong).code for _ in range(4)]
    assert codes[:10] == ["code_wrong"] * 10
    assert set(codes[10:]) == {"code_guesses_exhausted"}


def given_token(bank: Bank, phone: Phone) -> str:
    now = bank.clock.now()
    return issue_token(phone.person.customer_id, serial=bank.blank("token"), seed=SEED, teller_id=TELLER, now=now)


def with_token(bank: Bank) -> dict[str, str]:
    return {"factor": "token", "code": totp.code_at(SEED, totp.step_at(bank.clock.now()))}


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.parametrize("end", ["lost", "revoked"])
@pytest.mark.parametrize("factor", ["token", "certificate"])
def test_what_a_factor_confirmed_is_not_done_once_it_is_lost(bank: Bank, phone: Phone, factor: str, end: str) -> None:
    # given a step-up confirmed by somebody who holds the factor, and another factor beside it
    if factor == "token":
        factor_id = given_token(bank, phone)
        asked = phone.asked()
        assert phone.confirm(asked["id"], **with_token(bank)).status == 200
    else:
        given_token(bank, phone)
        signer = signers.certified(bank, phone.person, phone.token)
        factor_id, asked = signer.factor_id, phone.asked()
        signature = signer.sign(base64.b64decode(asked["canonical"]))
        assert phone.confirm(asked["id"], factor="certificate", signature=signature).status == 200
    before = phone.limit
    # when it is reported lost, or staff end it
    if end == "lost":
        report_loss(phone.person.customer_id, factor_id, bank.clock.now())
    else:
        revoke_factor(phone.person.customer_id, factor_id, teller_id=TELLER, now=bank.clock.now())
    # then nothing is done by it: what else is held has to confirm anew
    refused = phone.ask(asked["id"])
    wanted = "strong_factor_required" if factor == "token" else "step_up_required"
    assert (refused.status, refused.code) == (403, wanted)
    assert phone.limit == before
    if factor == "certificate":
        assert refused.body["facts"]["step_up"] != asked["id"]
        assert refused.body["facts"]["factors"] == "token"


@pytest.mark.requirement("NB-5.3.6")
def test_what_a_code_by_sms_confirmed_is_not_done_once_its_loss_is_reported(bank: Bank, phone: Phone) -> None:
    def switch(*, on: bool, step_up: str = "") -> Reply:
        headers = {"step-up": step_up} if step_up else {}
        return bank.request("PUT", "/v1/settings/transfers", {"on": on}, token=phone.token, headers=headers)

    bank.settle()
    assert switch(on=False).status == 200
    asked = switch(on=True).body["facts"]["step_up"]
    bank.settle()
    assert phone.confirm(asked, factor="sms", code=bank.code_for(phone.person, asked)).status == 200
    bank.clock.advance(dt.timedelta(seconds=1))
    report_loss(phone.person.customer_id, "sms", bank.clock.now())
    assert switch(on=True, step_up=asked).code == "strong_factor_required"
    # nor once staff have lifted it: the code went to a phone that somebody else may have had
    done("factor.lift_loss", customer_id=phone.person.customer_id, factor_id="sms")
    again = switch(on=True, step_up=asked)
    assert (again.code, again.body["facts"]["factors"]) == ("step_up_required", "sms")


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.requirement("NB-5.3.7-2")
def test_a_change_of_phone_that_a_lost_factor_asked_for_is_not_completed(bank: Bank, phone: Phone) -> None:
    factor_id = given_token(bank, phone)
    new = "13700009999"

    def begin(step_up: str = "") -> Reply:
        headers = {"step-up": step_up} if step_up else {}
        return bank.request("POST", "/v1/settings/phone-changes", {"phone": new}, token=phone.token, headers=headers)

    asked = begin().body["facts"]["step_up"]
    assert phone.confirm(asked, **with_token(bank)).status == 200
    change = begin(asked)
    assert change.status == 202, change
    bank.settle()
    change_id = change.body["id"]
    items = providers.LocalMessageItem.query(new)
    (text,) = [item.text for item in items if f"#{change_id}#code#" in item.message_id]
    code = str(text.split("验证码")[1][:6])
    report_loss(phone.person.customer_id, factor_id, bank.clock.now())
    path = f"/v1/settings/phone-changes/{change_id}/confirmation"
    refused = bank.request("POST", path, {"code": code}, token=phone.token)
    assert (refused.status, refused.code) == (422, "factor_not_active")
    assert customers.profile_of(phone.person.customer_id).phone == phone.person.phone


@pytest.mark.requirement("NB-5.3.6")
def test_a_step_up_that_nobody_confirmed_is_none(bank: Bank, phone: Phone) -> None:
    given_token(bank, phone)
    asked = phone.asked()
    refused = phone.ask(asked["id"])
    assert refused.code == "step_up_required"
    assert refused.body["facts"]["step_up"] != asked["id"]
