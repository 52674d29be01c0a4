"""Texts as parameters: what may be proposed as one, and what is refused and why."""

from __future__ import annotations

import pytest

from chalicelib.parameters import domain, known, texts
from chalicelib.parameters.commands import change_parameter
from chalicelib.parameters.commands.change_parameter import Wish
from chalicelib.parameters.errors import MessagePlaceholderMissing, MessagePlaceholderUnknown, MessageTextMalformed
from chalicelib.parameters.shapes import MAX_ADDRESS, MessageText
from tests.unit.samples import NOW
from tests.unit.test_item_sizes import item_size

MESSAGES = [one for one in texts.MESSAGES if isinstance(one, MessageText)]
CODE = texts.CODE_TEXTS["step_up"]
GOOD = {"zh": "【本行】{code}：{operation}", "en": "{code}: {operation}"}
MB = 1024 * 1024


@pytest.mark.parametrize("row", MESSAGES, ids=lambda row: row.name)
def test_a_default_has_all_that_it_must_and_nothing_else(row: MessageText) -> None:
    row.require(row.default)
    assert row.required <= row.variables.keys()
    # what is declared is of use: it stands in the text
    for name in row.variables:
        assert f"{{{name}}}" in row.default["zh"]
    for name in row.required:
        for language in ("zh", "en"):
            with pytest.raises(MessagePlaceholderMissing) as refused:
                row.require({**row.default, language: row.default[language].replace(f"{{{name}}}", "")})
            assert refused.value.facts == {"name": row.name, "placeholder": f"{{{name}}}"}


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
    ("english", "placeholder"),
    [
        ("{code} {operation} {password}", "{password}"),
        ("{code} {operation} {}", "{}"),
        ("{code} {operation} {0}", "{0}"),
        ("{code} {operation} {code.x}", "{code.x}"),
        ("{code} {operation} {code.__class__}", "{code.__class__}"),
        ("{code} {operation} {code[0]}", "{code[0]}"),
        ("{code} {operation} { code }", "{ code }"),
        ("{code!r} {operation}", "{code}"),
        ("{code:>9} {operation}", "{code}"),
        ("{code:{operation}} {operation}", "{code}"),
        ("{code:>999999999} {operation}", "{code}"),
    ],
)
def test_a_placeholder_is_a_name_that_is_declared_and_nothing_more(english: str, placeholder: str) -> None:
    assert CODE.admits(GOOD)
    assert not CODE.admits({**GOOD, "en": english})
    with pytest.raises(MessagePlaceholderUnknown) as refused:
        CODE.require({**GOOD, "en": english})
    assert refused.value.facts["placeholder"] == placeholder


@pytest.mark.parametrize("english", ["x", "{code}", "{{code}} {operation}", "code operation"])
def test_what_must_be_told_cannot_be_left_out(english: str) -> None:
    with pytest.raises(MessagePlaceholderMissing):
        CODE.require({**GOOD, "en": english})


@pytest.mark.parametrize(
    "value",
    [
        *(
            {**GOOD, "en": english}
            for english in (
                "{code {operation}",
                "{code} {operation} }",
                "{code} {operation} {",
                "{code!} {operation}",
                "",
                "{code} {operation}" + "x" * 283,
                "{code} {operation}\n",
                "{code} {operation}\u202e",
                7,
            )
        ),
        # whose message it is stands first
        *({**GOOD, "zh": f"{before}{{code}}{{operation}}"} for before in ("", "您好【本行】", "【】", "【{contact}】")),
        None,
        7,
        "x",
        {"zh": GOOD["zh"]},
        {**GOOD, "fr": "{code} {operation}"},
    ],
    ids=str,
)
def test_it_takes_both_languages_printable_signed_and_with_braces_in_pairs(value: object) -> None:
    with pytest.raises(MessageTextMalformed):
        CODE.require(value)
    assert not CODE.admits(value)


def test_the_longest_is_taken() -> None:
    assert CODE.admits({**GOOD, "en": "{code} {operation}" + "x" * 282})


def test_a_change_is_refused_in_both_languages() -> None:
    with pytest.raises(MessagePlaceholderMissing) as refused:
        change_parameter.plan_change(Wish(CODE.name, {**GOOD, "zh": "【本行】{code}"}, None, "d", "a"), NOW)
    assert refused.value.text("zh") == "消息文本 message.code.step_up 的中文、英文中均须有占位符 {operation}。"
    assert refused.value.text("en") == (
        "The message message.code.step_up must have the placeholder {operation}, in Chinese and in English."
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
    assert sum(fullest(getattr(one, "longest", MAX_ADDRESS // 3)) for one in known.ALL.values()) < MB
