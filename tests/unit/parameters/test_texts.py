"""Texts as parameters: what may be proposed as one, and what is refused and why."""

from __future__ import annotations

import pytest

from chalicelib.parameters import domain, texts
from chalicelib.parameters.commands import change_parameter
from chalicelib.parameters.commands.change_parameter import Wish
from chalicelib.parameters.errors import MessageTextRefused
from chalicelib.parameters.shapes import MAX_ADDRESS, MessageText
from tests.unit.samples import NOW
from tests.unit.test_item_sizes import item_size

MESSAGES = [one for one in texts.ALL if isinstance(one, MessageText)]
CODE = texts.CODE_TEXTS["step_up"]
GOOD = {"zh": "【本行】{code}：{operation}", "en": "{code}: {operation}"}
MB = 1024 * 1024


@pytest.mark.parametrize("row", MESSAGES, ids=lambda row: row.name)
def test_a_default_has_all_that_it_must_and_nothing_else(row: MessageText) -> None:
    assert row.fault(row.default) is None
    assert row.required <= row.variables.keys()
    # what is declared is of use: it stands in the text
    for name in row.variables:
        assert f"{{{name}}}" in row.default["zh"]
    for name in row.required:
        lacking = {**row.default, "en": row.default["en"].replace(f"{{{name}}}", "")}
        assert row.fault(lacking) == (f"英文文本缺少占位符{{{name}}}", f"the text in English lacks {{{name}}}")


@pytest.mark.requirement("XJ-4.2-sms")
def test_what_travels_with_a_code_cannot_be_left_out() -> None:
    required = {name: row.required for name, row in texts.CODE_TEXTS.items()}
    assert all("code" in names for names in required.values())
    assert {"account", "amount", "counterparty", "counterparty_account"} <= required["transfer"]


@pytest.mark.requirement("YQ-4.2.2-alert")
def test_an_alert_says_account_amount_balance_time_and_reason() -> None:
    for row in texts.MOVEMENT_TEXTS.values():
        assert row.required == {"account", "amount", "balance", "at", "movement"}


@pytest.mark.parametrize(
    ("english", "why"),
    [
        ("{code}", "lacks {operation}"),
        ("{code} {operation} {password}", "has a placeholder that is not known: {password}"),
        ("{code} {operation} {}", "has a placeholder that is not known: {}"),
        ("{code} {operation} {0}", "has a placeholder that is not known: {0}"),
        ("{code} {operation} {code.x}", "has a placeholder that is not known: {code.x}"),
        ("{code} {operation} {code.__class__}", "has a placeholder that is not known: {code.__class__}"),
        ("{code} {operation} {code[0]}", "has a placeholder that is not known: {code[0]}"),
        ("{code} {operation} { code }", "has a placeholder that is not known: { code }"),
        ("{code!r} {operation}", "must have the placeholder as {code} and nothing more"),
        ("{code:>9} {operation}", "must have the placeholder as {code} and nothing more"),
        ("{code:{operation}} {operation}", "must have the placeholder as {code} and nothing more"),
        ("{code:>999999999} {operation}", "must have the placeholder as {code} and nothing more"),
        ("{code {operation}", "has braces that do not match"),
        ("{code} {operation} }", "has braces that do not match"),
        ("{code} {operation} {", "has braces that do not match"),
        ("{code!} {operation}", "has braces that do not match"),
        ("{{code}} {operation}", "lacks {code}"),
        ("", "must be of 1 to 300 printable characters"),
        ("{code} {operation}" + "x" * 283, "must be of 1 to 300 printable characters"),
        ("{code} {operation}\n", "must be of 1 to 300 printable characters"),
        ("{code} {operation}\u202e", "must be of 1 to 300 printable characters"),
        (7, "must be of 1 to 300 printable characters"),
    ],
)
def test_a_hostile_or_broken_text_is_refused_and_why_is_said(english: object, why: str) -> None:
    assert CODE.fault(GOOD) is None
    fault = CODE.fault({**GOOD, "en": english})
    assert fault is not None
    assert fault[1] == f"the text in English {why}"
    assert fault[0].startswith("英文文本")
    assert not CODE.admits({**GOOD, "en": english})


@pytest.mark.parametrize("value", [None, 7, "x", {"zh": GOOD["zh"]}, {**GOOD, "fr": "{code} {operation}"}])
def test_it_takes_both_languages_and_no_other(value: object) -> None:
    assert CODE.fault(value) == ("须有中文、英文各一条文本", "it takes one text in Chinese and one in English")


@pytest.mark.parametrize("chinese", ["{code}{operation}", "您好【本行】{code}{operation}", "【】{code}{operation}"])
def test_whose_message_it_is_stands_first(chinese: str) -> None:
    fault = CODE.fault({**GOOD, "zh": chinese})
    assert fault is not None
    assert fault[1] == "the text in Chinese must begin with a signature in 【】"


def test_the_refusal_is_in_both_languages() -> None:
    with pytest.raises(MessageTextRefused) as refused:
        change_parameter.plan_change(Wish(CODE.name, {**GOOD, "zh": "【本行】{code}"}, None, "d", "a"), NOW)
    assert refused.value.text("zh") == "消息文本 message.code.step_up 不符合要求：中文文本缺少占位符{operation}。"
    assert refused.value.text("en") == (
        "The value does not fit the message message.code.step_up: the text in Chinese lacks {operation}."
    )


def test_the_bounds_name_what_must_and_what_may_stand_in_it() -> None:
    assert CODE.bounds == '{"zh": 1..300, "en": 1..300} with {code} {operation} {valid_for}? {contact}?'


def test_all_texts_at_their_longest_are_one_read_of_the_table() -> None:
    def fullest(longest: int) -> int:
        both = {"M": {language: {"S": "字" * longest} for language in ("zh", "en")}}
        waits = {"M": {"value": both, "since": {"S": "2026-11-21T02:00:00.000Z"}}}
        scheduled = {"L": [waits] * domain.MAX_SCHEDULED}
        return item_size({"name": {"S": "x" * 64}, "value": both, "revision": {"N": "999"}, "scheduled": scheduled})

    # Of what is no text, the longest is an address, in letters of one byte.
    assert sum(fullest(getattr(one, "longest", MAX_ADDRESS // 3)) for one in domain.ALL.values()) < MB
