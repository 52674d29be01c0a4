"""A whole customer's life, and then a search: nothing of class C3 is stored, queued, told or logged anywhere."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key

from chalicelib.customers.commands.change_phone import begin_at_counter, complete_at_counter
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.customers.domain import IdentityDocument
from chalicelib.factors import vault
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.identity import providers as captchas
from chalicelib.ledger import service as ledger
from chalicelib.notifications import providers
from chalicelib.platform import aws, ids, totp
from tests.chain.bank import LIMITS, PASSWORD, TELLER, Bank, Person, Reply
from tests.chain.device import Device
from tests.chain.probe import table_items, wrong_code
from tests.chain.searched import MESSAGES, Secret, found, listening, readings
from tests.chain.signers import certified, cloud_certified, confirm_signed, download_code, signed

ID_NUMBER = "110105199003074210"
WITHDRAWAL, WRONG_WITHDRAWAL = "493817", "493871"
PAYMENT, WRONG_PAYMENT = "826350", "826305"
PIN, WRONG_PIN = "7415926", "7415962"
WRONG, MISTYPED, SECOND, THIRD = "Wrong-Horse-7", "Typed-As-A-Name-9", "Another-Lamp-8", "Orange-Tractor-5"
NEW_PHONE = "13700009999"
GRANTED = ("answers",)


class Life:
    """One customer, and every secret value that came up."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        wish = AccountWish("savings", ledger.RIGHT_FULL, LIMITS, withdrawal_password=WITHDRAWAL)
        document = IdentityDocument.of("resident_id", ID_NUMBER)
        form = {"accounts": (wish,), "document": document, "birth_date": "19900307", "deposit": "7654321.09"}
        self.payer: Person = bank.sign_up("欧阳震华", **form)  # type: ignore[arg-type]  # a form's fields by name
        self.payee = bank.sign_up("上官婉儿")
        self.secrets: list[Secret] = []
        self.token = ""

    def note(self, name: str, value: str | bytes, *lawful: str) -> None:
        self.secrets.append(Secret(name, value, lawful))

    def post(self, path: str, body: object, status: int = 201, method: str = "POST") -> Reply:
        reply = self.bank.request(method, path, body, token=self.token or None)
        assert reply.status == status, reply
        return reply

    def log_in(self, password: str, **more: object) -> None:
        self.token = ""
        body = {"login_name": self.payer.login_name, "password": password, **more}
        self.granted(self.post("/v1/sessions", body))

    def granted(self, grant: Reply) -> None:
        self.token = str(grant.body["access_token"])
        self.note("access token", self.token, *GRANTED)
        self.note("signature of an access token", self.token.rpartition(".")[2], *GRANTED)
        self.refresh_token = str(grant.body["refresh_token"])
        self.note("refresh token", self.refresh_token.rpartition(".")[2], *GRANTED)

    def code(self, what: str, thing: str) -> str:
        """The code that came by SMS."""
        self.bank.settle()
        code = self.bank.code_for(self.payer, thing)
        self.note(f"code of {what}", code, MESSAGES)
        return code

    def keep(self, name: str, key: EllipticCurvePrivateKey) -> None:
        number = key.private_numbers().private_value
        self.note(name, number.to_bytes(32))
        self.note(f"{name} as a number", str(number))

    # ---- what the customer does -------------------------------------------------------------
    def guess_and_solve_a_captcha(self) -> None:
        for name, password in [(MISTYPED, WRONG), *[(self.payer.login_name, WRONG)] * 3]:
            self.post("/v1/sessions", {"login_name": name, "password": password}, 401)
        for given in ("WRONG", None):
            captcha_id = self.post("/v1/captchas", {"login_name": self.payer.login_name}).body["captcha_id"]
            answer = captchas.answer_of(captcha_id)
            self.note("captcha's answer", answer)
            captcha = {"captcha_id": captcha_id, "text": given or answer}
            if given:
                body = {"login_name": self.payer.login_name, "password": PASSWORD, "captcha": captcha}
                self.post("/v1/sessions", body, 403)
            else:
                self.log_in(PASSWORD, captcha=captcha)

    def bind_a_device(self) -> None:
        device = Device(self.bank, self.payer)
        self.keep("the device's key", device.key)
        step_up = device.asked()
        code = self.code("a device", step_up)
        assert device.enter(step_up, wrong_code(code)).code == "code_wrong"
        self.granted(device.enter(step_up, code))

    def renew(self) -> None:
        self.granted(self.post("/v1/sessions/refresh", {"refresh_token": self.refresh_token}, 200))

    def transfer(self, key: str, amount: str, **more: str) -> Reply:
        created = self.bank.create(self.token, self.payer, self.payee, amount, key, **more)
        assert created.status == 201, created
        return created

    def transfer_by_sms(self) -> None:
        created = self.transfer("key-search-sms", "12.34")
        thing = created.body["id"]
        self.code("a transfer", thing)
        self.bank.clock.advance(dt.timedelta(seconds=61))
        self.post(f"/v1/transfers/{thing}/codes", None, 202)
        code = self.code("a transfer, again", thing)
        assert self.bank.confirm(self.token, thing, wrong_code(code)).code == "code_wrong"
        assert self.bank.confirm(self.token, thing, code).status == 200

    def transfer_by_token(self) -> None:
        seed = ids.random_bytes(totp.SEED_BYTES)
        self.note("seed", seed)
        self.note("seed in base32", base64.b32encode(seed).decode().rstrip("="))
        now = self.bank.clock.now()
        issue_token(self.payer.customer_id, serial=self.bank.blank("token"), seed=seed, teller_id=TELLER, now=now)
        created = self.transfer("key-search-token", "23.45", factor="token")
        code = totp.code_at(seed, totp.step_at(now))
        path = f"/v1/transfers/{created.body['id']}/confirmation"
        self.note("token's code", code)
        near = {totp.code_at(seed, totp.step_at(now) + drift) for drift in (-1, 0, 1)}
        wrong = next(one for one in ("000000", "111111", "222222", "333333") if one not in near)
        self.post(path, {"factor": "token", "code": wrong}, 422)
        self.post(path, {"factor": "token", "code": code}, 200)

    def transfer_by_certificate(self) -> None:
        signer = certified(self.bank, self.payer, self.token)
        self.keep("the certificate's key", signer.key)
        self.note("download code", download_code(self.bank, self.payer, signer.factor_id), MESSAGES)
        created = self.transfer("key-search-cert", "34.56", factor="certificate")
        assert confirm_signed(self.bank, self.token, created, signed(signer, created)).status == 200

    def transfer_by_cloud_certificate(self) -> None:
        factor_id = cloud_certified(self.bank, self.payer, self.token, PIN)
        self.note("download code of the cloud", download_code(self.bank, self.payer, factor_id), MESSAGES)
        (row,) = [one for one in table_items(self.bank, "FactorsTable") if one["factor_id"] == factor_id]
        number = vault.decrypt(row["private_key"], self.payer.customer_id, factor_id)
        self.keep("the cloud certificate's key", derive_private_key(int.from_bytes(number), SECP256R1()))
        created = self.transfer("key-search-cloud", "45.67", factor="certificate")
        path = f"/v1/transfers/{created.body['id']}/confirmation"
        self.post(path, {"factor": "certificate", "pin": WRONG_PIN}, 422)
        self.post(path, {"factor": "certificate", "pin": PIN}, 200)

    def switch_transfers(self) -> None:
        path = "/v1/settings/transfers"
        self.post(path, {"on": False}, 200, "PUT")
        refused = self.post(path, {"on": True}, 403, "PUT")
        self.code("a step-up", refused.body["facts"]["step_up"])
        headers = self.bank.step_up(self.token, self.payer, refused)
        assert self.bank.request("PUT", path, {"on": True}, token=self.token, headers=headers).status == 200

    def change_password(self) -> None:
        for old, new, status in ((WRONG, SECOND, 422), (PASSWORD, "qwertyuiop", 422), (PASSWORD, SECOND, 200)):
            self.post("/v1/credentials/password", {"old_password": old, "new_password": new}, status)

    def set_a_payment_password(self) -> None:
        self.log_in(SECOND, edition="express")
        path = f"/v1/accounts/{self.payer.account}/payment-password"
        self.post(path, {"query_password": SECOND, "payment_password": PAYMENT}, 204, "PUT")
        self.post(f"{path}/verification", {"payment_password": WRONG_PAYMENT}, 422)
        self.post(f"{path}/verification", {"payment_password": PAYMENT}, 204)

    def apply_for_a_password(self) -> None:
        self.token = ""
        stated = {"name": self.payer.name, "id_number": ID_NUMBER, "phone": self.payer.phone}
        stated |= {"account_id": self.payer.account}
        self.post("/v1/password-applications", {**stated, "withdrawal_password": WRONG_WITHDRAWAL}, 202)
        applied = self.post("/v1/password-applications", {**stated, "withdrawal_password": WITHDRAWAL}, 202)
        self.bank.settle()
        (text,) = [text for text in self.bank.messages(self.payer) if "申请或重置查询密码" in text]
        code = text.split("验证码")[1][:6]
        self.note("code of an application", code, MESSAGES)
        path = f"/v1/password-applications/{applied.body['application_id']}/confirmation"
        self.post(path, {"code": wrong_code(code), "password": THIRD}, 422)
        self.post(path, {"code": code, "password": THIRD}, 204)
        self.log_in(THIRD)

    def change_the_phone(self) -> None:
        now, customer_id = self.bank.clock.now(), self.payer.customer_id
        begun = begin_at_counter(customer_id, NEW_PHONE, teller_id=TELLER, correlation_id="counter-1", now=now)
        self.bank.settle()
        (text,) = [item.text for item in providers.LocalMessageItem.query(NEW_PHONE)]
        code = text.split("验证码")[1][:6]
        self.note("code of a phone", code, MESSAGES)
        complete_at_counter(customer_id, begun.challenge_id, code, teller_id=TELLER, now=now)

    def leave(self) -> None:
        assert self.bank.request("DELETE", "/v1/sessions/current", token=self.token).status == 204
        self.bank.settle()


@pytest.mark.requirement("YQ-4.1.2")
def test_no_secret_of_a_whole_life_is_anywhere(
    bank: Bank, logged: io.StringIO, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    # given everything a library may say, too
    caplog.set_level("DEBUG", "rural-bank")
    with listening(bank, logged) as heard:
        # when a customer signs up and does all that takes a secret, right and wrong
        life = Life(bank)
        life.guess_and_solve_a_captcha()
        life.bind_a_device()
        life.renew()
        life.transfer_by_sms()
        life.transfer_by_token()
        life.transfer_by_certificate()
        life.transfer_by_cloud_certificate()
        life.switch_transfers()
        life.change_password()
        life.set_a_payment_password()
        life.apply_for_a_password()
        life.change_the_phone()
        life.leave()
    for value in (PASSWORD, WRONG, MISTYPED, SECOND, THIRD, "qwertyuiop"):
        life.note(f"password {value}", value)
    for value in (WITHDRAWAL, WRONG_WITHDRAWAL, PAYMENT, WRONG_PAYMENT, PIN, WRONG_PIN):
        life.note(f"password {value}", value)
    for name in ("CodeSecret", "IdentitySecret", "IdentityProviderSecret"):
        life.note(name, aws.secretsmanager().get_secret_value(SecretId=bank.references[name])["SecretString"])
    out = capsys.readouterr()
    places = heard.places(bank) | {"output": out.out + out.err, "library logs": caplog.text}
    # then none of it is where it does not belong
    assert found(life.secrets, places) == []
    # and the search had something to search: each place knows the customer, what was sent carries the codes
    for place in ("writes", "messages", "events", "answers", "table SessionsTable", "table CredentialsTable"):
        assert life.payer.customer_id in places[place], place
    assert "code sent" in places["log"]
    everywhere = [Secret(one.name, one.value) for one in life.secrets]
    shown = {one.rpartition(" in ")[2] for one in found(everywhere, places)}
    assert shown == {"answers", MESSAGES}
    assert len([one for one in life.secrets if MESSAGES in one.lawful]) == 8


SOUGHT = [Secret("pin", "493817"), Secret("password", "Correct-Horse-7"), Secret("key", bytes(range(128, 160)))]


@pytest.mark.parametrize("secret", SOUGHT, ids=lambda one: one.name)
def test_the_search_finds_a_secret_however_it_is_written(secret: Secret) -> None:
    raw = secret.value if isinstance(secret.value, bytes) else secret.value.encode()
    encoded = base64.b64encode(raw).decode()
    kept = {
        "text": raw.decode("latin-1"),
        "bytes": raw,
        "base64": encoded,
        "base64 in a sentence": f"value={encoded}.",
        "base64 inside base64's groups": base64.b64encode(b"x:" + raw).decode(),
        "base64 for addresses": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "PEM": base64.encodebytes(bytes(40) + b":" + raw).decode(),
        "hex": raw.hex(),
        "JSON in JSON": json.dumps({"body": json.dumps({"value": encoded})}),
        "DynamoDB's JSON": {"M": {"x": {"L": [{"B": encoded}]}}},
        "a mapping's key": {raw.decode("latin-1"): 1},
    }
    for way, content in kept.items():
        places = {"here": "\n".join(readings(content))}
        assert found([secret], places) == [f"{secret.name} in here"], way
        assert found([Secret(secret.name, secret.value, ("here",))], places) == []


def test_a_long_number_is_no_code() -> None:
    places = {"here": "\n".join(readings({"account": "9004938170012", "id": "a493817b"}))}
    assert found([Secret("pin", "493817")], places) == []
