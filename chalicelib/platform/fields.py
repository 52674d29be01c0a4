"""Field types that requests and answers share. Descriptions go into the contract, Chinese and English."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from chalicelib.platform.errors import AmountMalformed, CurrencyUnsupported
from chalicelib.platform.money import CURRENCY, Money

DECIMAL_PATTERN = r"^(0|[1-9][0-9]{0,13})(\.[0-9]{1,2})?$"
SIGNED_DECIMAL_PATTERN = r"^-?(0|[1-9][0-9]{0,13})\.[0-9]{2}$"
MAX_PAGE = 100
DEFAULT_PAGE = 20


def _amount(value: object) -> object:
    if not isinstance(value, str):
        raise AmountMalformed()
    Money.parse(value)
    return value


def _currency(value: object) -> object:
    if value != CURRENCY:
        raise CurrencyUnsupported()
    return value


def _printable(text: str) -> str:
    # Control and format characters could hide or reorder what a person reads before confirming.
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in text):
        raise ValueError("a character that cannot be shown")
    return text


# The reading refuses with its own codes (amount_malformed, amount_out_of_range, currency_unsupported).
AmountText = Annotated[
    str,
    BeforeValidator(_amount),
    Field(
        description="金额，元，字符串 / amount in yuan, a string",
        pattern=DECIMAL_PATTERN,
        examples=["1234.56"],
    ),
]
CurrencyText = Annotated[
    str, BeforeValidator(_currency), Field(description="币种 / currency", pattern="^CNY$", examples=["CNY"])
]
SignedAmount = Annotated[
    str,
    Field(
        description="金额，元；负数为支出 / amount in yuan; negative leaves the account",
        pattern=SIGNED_DECIMAL_PATTERN,
        examples=["-1234.56"],
    ),
]
AccountId = Annotated[
    str,
    Field(description="账号 / account number", pattern="^[0-9]{10,19}$", examples=["9000010000000000017"]),
]
PersonName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=30, strip_whitespace=True),
    AfterValidator(_printable),
    Field(description="户名 / account holder's name"),
]
Purpose = Annotated[
    str,
    StringConstraints(max_length=40, strip_whitespace=True),
    AfterValidator(_printable),
    Field(description="用途 / purpose"),
]
Timestamp = Annotated[str, Field(description="时间，UTC / time, UTC", examples=["2026-11-21T08:30:00.000Z"])]
BusinessDate = Annotated[str, Field(description="会计日期（上海）/ business date (Shanghai)", examples=["20261121"])]
MaskedAccount = Annotated[
    str, Field(description="部分遮蔽的账号 / account number, masked", examples=["900001*********0017"])
]
MaskedName = Annotated[str, Field(description="部分遮蔽的户名 / name, masked", examples=["*小明"])]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=512), Field(description="翻页游标 / page cursor")]
PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE, description="每页条数 / rows a page")]
EntryId = Annotated[str, Field(description="转账编号 / transfer id", examples=["mzxw6ytboi2dkmrrgu4tembxge"])]
