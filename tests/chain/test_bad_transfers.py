"""POST /v1/transfers refuses what does not fit, in both languages, and changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import State, state_of, unchanged

KEY = "key-bad-0001"
ABSENT = object()


@dataclass
class World:
    """A payer who is logged in, a payee, and a stranger."""

    bank: Bank
    payer: Person
    payee: Person
    stranger: Person
    token: str
    state: State

    def body(self, **changes: Any) -> dict[str, Any]:
        """A transfer that would pass, with changes; ABSENT leaves a field out."""
        fit = {
            "payer_account": self.payer.account,
            "payee_account": self.payee.account,
            "payee_name": self.payee.name,
            "amount": "10.00",
            "currency": "CNY",
            "purpose": "货款",
        }
        return {name: value for name, value in {**fit, **changes}.items() if value is not ABSENT}

    def post(self, body: Any = None, *, key: str | None = KEY, language: str = "zh", **more: Any) -> Reply:
        """Send it."""
        headers = {"accept-language": language, **({"idempotency-key": key} if key is not None else {})}
        return self.bank.request("POST", "/v1/transfers", body, token=self.token, headers=headers, **more)

    def assert_refused(self, code: str, status: int, body: Any = None, **more: Any) -> Reply:
        """Refused with that code in both languages, and not a row differs."""
        chinese, english = self.post(body, **more), self.post(body, language="en", **more)
        for reply, language in ((chinese, "zh-CN"), (english, "en")):
            assert (reply.code, reply.status) == (code, status), reply
            assert reply.headers["Content-Language"] == language
            assert reply.body["type"] == f"urn:rural-bank:problem:{code}"
        assert chinese.body["detail"] != english.body["detail"]
        assert english.body["detail"].isascii()
        assert state_of(self.bank) == self.state
        return chinese


@pytest.fixture(scope="module")
def _people(_bank_of_module: Bank) -> World:
    bank = _bank_of_module
    payer = bank.sign_up("赵小明", deposit="1000.00")
    payee, stranger = bank.sign_up("钱红", deposit="1.00"), bank.sign_up("孙伟", deposit="500.00")
    bank.settle()
    token = bank.log_in(payer)
    return World(bank, payer, payee, stranger, token, state_of(bank))


@pytest.fixture
def world(shared_bank: Bank, _people: World) -> World:
    return _people


KEYS = {
    "missing": None,
    "empty": "",
    "short": "k" * 7,
    "long": "k" * 65,
    "space": "key 00001",
    "leading space": " key-0001",
    "chinese": "钥匙钥匙钥匙钥匙",
    "full-width digits": "１２３４５６７８",
    "newline at the end": "key-00001\n",
    "slash": "key/00001",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_an_idempotency_key_must_be_well_formed(world: World, key: str | None) -> None:
    world.assert_refused("idempotency_key_missing", 400, world.body(), key=key)


AMOUNTS = {
    "float": (10.5, "amount_malformed"),
    "int": (10, "amount_malformed"),
    "null": (None, "amount_malformed"),
    "bool": (True, "amount_malformed"),
    "list": (["10.00"], "amount_malformed"),
    "empty": ("", "amount_malformed"),
    "three decimals": ("1.234", "amount_malformed"),
    "no decimals after the point": ("1.", "amount_malformed"),
    "no digit before the point": (".50", "amount_malformed"),
    "negative": ("-1", "amount_malformed"),
    "plus": ("+1.00", "amount_malformed"),
    "leading zero": ("01.00", "amount_malformed"),
    "space": (" 1.00", "amount_malformed"),
    "newline at the end": ("1.00\n", "amount_malformed"),
    "separators": ("1,000.00", "amount_malformed"),
    "exponent": ("1e3", "amount_malformed"),
    "hex": ("0x10", "amount_malformed"),
    "infinity": ("Infinity", "amount_malformed"),
    "full-width": ("１２", "amount_malformed"),
    "arabic digits": ("١٢", "amount_malformed"),
    "underscore": ("1_000", "amount_malformed"),
    "zero": ("0", "amount_out_of_range"),
    "zero with decimals": ("0.00", "amount_out_of_range"),
    "10^14 yuan": ("100000000000000", "amount_out_of_range"),
    "10^13 yuan and a fen": ("10000000000000.01", "amount_out_of_range"),
    "a hundred digits": ("9" * 100, "amount_malformed"),
}


@pytest.mark.parametrize(("amount", "code"), AMOUNTS.values(), ids=AMOUNTS)
def test_an_amount_must_be_a_decimal_string(world: World, amount: Any, code: str) -> None:
    world.assert_refused(code, 400, world.body(amount=amount))


FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    **{f"without {name}": ({name: ABSENT}, name, "missing") for name in ("payer_account", "payee_name", "amount")},
    "unknown field": ({"remark": "x"}, "remark", "unknown_field"),
    "fee is not the customer's": ({"fee": "0.00"}, "fee", "unknown_field"),
    "account as number": ({"payer_account": 9000010000000000017}, "payer_account", "wrong_type"),
    "account null": ({"payee_account": None}, "payee_account", "wrong_type"),
    "account of letters": ({"payee_account": "abcdefghijkl"}, "payee_account", "malformed"),
    "account full-width": ({"payee_account": "９" * 12}, "payee_account", "malformed"),
    "account too long": ({"payee_account": "9" * 20}, "payee_account", "malformed"),
    "account with newline": ({"payee_account": "9" * 12 + "\n"}, "payee_account", "malformed"),
    "house account": ({"payee_account": "H-CASH-0001"}, "payee_account", "malformed"),
    "purpose too long": ({"purpose": "款" * 41}, "purpose", "too_long"),
    "purpose null": ({"purpose": None}, "purpose", "wrong_type"),
    "purpose with NUL": ({"purpose": "a\x00b"}, "purpose", "malformed"),
    "purpose with newline": ({"purpose": "a\nb"}, "purpose", "malformed"),
    "purpose right-to-left": ({"purpose": "款\u202e款"}, "purpose", "malformed"),
    "purpose zero-width": ({"purpose": "款\u200b款"}, "purpose", "malformed"),
    "name empty": ({"payee_name": ""}, "payee_name", "too_short"),
    "name of spaces": ({"payee_name": " \u3000 "}, "payee_name", "too_short"),
    "name too long": ({"payee_name": "钱" * 31}, "payee_name", "too_long"),
    "name right-to-left": ({"payee_name": "钱\u2067红"}, "payee_name", "malformed"),
    "name with escape": ({"payee_name": "钱\x1b[2J"}, "payee_name", "malformed"),
    "name as list": ({"payee_name": ["钱红"]}, "payee_name", "wrong_type"),
    "factor unknown": ({"factor": "pigeon"}, "factor", "not_allowed"),
    "at once without its time": ({"factor": "none"}, "valid_until", "missing"),
    "at once with no time": ({"factor": "none", "valid_until": None}, "valid_until", "missing"),
    **{
        f"the time of {factor} is the bank's": (
            {"factor": factor, "valid_until": "2026-11-21T10:05:00+08:00"},
            "valid_until",
            "not_allowed",
        )
        for factor in ("sms", "token", "certificate")
    },
    "time as number": ({"factor": "none", "valid_until": 1795226700}, "valid_until", "wrong_type"),
    **{
        f"time {text!r}": ({"factor": "none", "valid_until": text}, "valid_until", "malformed")
        for text in (
            "",
            "soon",
            "2026-11-21T10:05:00",  # no offset: whose five past ten?
            "2026-11-21",
            "20261121T100500+0800",
            "2026-11-21 10:05:00+08:00",
            "2026-11-21T10:05+08:00",
            "2026-W47-6T10:05:00+08:00",
            "2026-02-30T10:05:00+08:00",
            "2026-11-21T10:05:60+08:00",
            "2026-11-21T10:05:00+08",
            "2026-11-21T10:05:00+24:00",
            "2026-11-21T10:05:00.Z",
            "2026-11-21T10:05:00Z\n",
            "２０２６-11-21T10:05:00Z",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "99999-12-31T23:59:59Z",
        )
    },
}


@pytest.mark.parametrize(("changes", "field", "field_code"), FIELDS.values(), ids=FIELDS)
def test_a_field_that_does_not_fit_is_named(world: World, changes: dict[str, Any], field: str, field_code: str) -> None:
    reply = world.assert_refused("malformed_request", 400, world.body(**changes))
    assert {"field": field, "code": field_code} in reply.body["errors"]


@pytest.mark.parametrize("currency", ["USD", "cny", "", None, 156, "CNY "], ids=repr)
def test_only_one_currency(world: World, currency: Any) -> None:
    world.assert_refused("currency_unsupported", 400, world.body(currency=currency))


DEEP = 4000
RAW: dict[str, tuple[str | bytes | None, str, int]] = {
    "array": ("[]", "malformed_request", 400),
    "string": ('"x"', "malformed_request", 400),
    "number": ("1", "malformed_request", 400),
    "null": ("null", "malformed_request", 400),
    "no body": (None, "malformed_json", 400),
    "empty": ("", "malformed_json", 400),
    "cut off": ('{"amount": "1', "malformed_json", 400),
    "not json": ("amount=1", "malformed_json", 400),
    "NaN": ('{"amount": NaN}', "amount_malformed", 400),
    "trailing": ("{} {}", "malformed_json", 400),
    "deep": ("[" * DEEP + "]" * DEEP, "malformed_json", 400),
    "too large": ('{"purpose": "' + "x" * 16 * 1024 + '"}', "body_too_large", 413),
    "too large in bytes, not in characters": ('{"purpose": "' + "款" * 6000 + '"}', "body_too_large", 413),
    "too large in base64": (b"{" + b" " * 16 * 1024 + b"}", "body_too_large", 413),
    "not utf-8": (b'{"amount": "\xff\xfe"}', "malformed_json", 400),
    "utf-16": ('{"amount": "1"}'.encode("utf-16"), "malformed_json", 400),
    "NUL byte": (b'{"amount": "1"}\x00', "malformed_json", 400),
    "lone surrogate": ('{"purpose": "\\ud800"}', "malformed_json", 400),
}


@pytest.mark.parametrize(("raw", "code", "status"), RAW.values(), ids=RAW)
def test_a_body_must_be_a_json_object(world: World, raw: str | bytes | None, code: str, status: int) -> None:
    world.assert_refused(code, status, raw=raw)


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "*/*",
        "text/plain, application/json",
        "text/plain; application/json",
        "",
    ],
)
def test_the_media_type_is_json(world: World, media_type: str) -> None:
    world.assert_refused("unsupported_media_type", 415, world.body(), media_type=media_type or None)


def test_base64_and_a_charset_are_taken(world: World) -> None:
    # given what API Gateway may make of the same request, the answer is about its contents
    raw = json.dumps(world.body(payee_name="钱绿"), ensure_ascii=False).encode()
    for media_type in ("application/json", "Application/JSON; charset=utf-8"):
        # A payee that does not match is counted as a guess, and nothing else differs.
        with unchanged(world.bank, but=["CustomersTable"]):
            refused = world.post(raw=raw, media_type=media_type)
        assert (refused.code, refused.status) == ("payee_unavailable", 422)
    world.state = state_of(world.bank)
