"""Field types that requests and answers share. Descriptions go into the contract, Chinese and English."""

from __future__ import annotations

import re
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from chalicelib.platform import clock
from chalicelib.platform.errors import AmountMalformed, CurrencyUnsupported
from chalicelib.platform.money import CURRENCY, Money
from chalicelib.platform.texts import printable

DECIMAL_PATTERN = r"^(0|[1-9][0-9]{0,13})(\.[0-9]{1,2})?$"
SIGNED_DECIMAL_PATTERN = r"^-?(0|[1-9][0-9]{0,13})\.[0-9]{2}$"
_RFC_3339 = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
T = TypeVar("T")
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


def _moment(text: str) -> str:
    # Python reads more forms of ISO 8601 than RFC 3339 has, and a time without offset would be guessed at.
    if not _RFC_3339.fullmatch(text):
        raise ValueError("not a time of RFC 3339")
    try:
        return clock.to_text(clock.from_text(text))
    except OverflowError as error:
        raise ValueError("a time before or after all years") from error


def _calendar_date(text: str) -> str:
    clock.start_of_day(text)  # raises ValueError for a day that no calendar has
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
BankCode = Annotated[
    str,
    Field(description="行号 / a bank's clearing code", pattern="^[0-9]{12}$", examples=["999100000018"]),
]
PersonName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=30, strip_whitespace=True),
    AfterValidator(printable),
    Field(description="户名 / account holder's name"),
]
Purpose = Annotated[
    str,
    StringConstraints(max_length=40, strip_whitespace=True),
    AfterValidator(printable),
    Field(description="用途 / purpose"),
]
Timestamp = Annotated[str, Field(description="时间，UTC / time, UTC", examples=["2026-11-21T08:30:00.000Z"])]
# A time that a request states: read into UTC with milliseconds, what is finer is cut off.
Moment = Annotated[
    str,
    AfterValidator(_moment),
    Field(
        description="时间，RFC 3339，须带时区 / time, RFC 3339 with its offset",
        json_schema_extra={"format": "date-time"},
        examples=["2026-11-21T16:30:00+08:00"],
    ),
]
BusinessDate = Annotated[str, Field(description="会计日期（上海）/ business date (Shanghai)", examples=["20261121"])]
# A date that a request states.
CalendarDate = Annotated[str, Field(pattern="^(19|20)[0-9]{6}$"), AfterValidator(_calendar_date)]
MaskedAccount = Annotated[
    str, Field(description="部分遮蔽的账号 / account number, masked", examples=["900001*********0017"])
]
MaskedName = Annotated[str, Field(description="部分遮蔽的户名 / name, masked", examples=["*小明"])]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=512), Field(description="翻页游标 / page cursor")]
PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE, description="每页条数 / rows a page")]
EntryId = Annotated[str, Field(description="转账编号 / transfer id", examples=["mzxw6ytboi2dkmrrgu4tembxge"])]

# Shown to its owner only, never in a message.
DeviceName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff ._-]{0,19}$"),
    Field(description="设备名称 / what the customer calls the device", examples=["我的手机"]),
]


def present_if(value: T, *, wanted: bool) -> T:
    """What a validator of an optional field answers where other fields say whether it is to be there."""
    if (value is None) == wanted:
        raise PydanticCustomError("missing" if value is None else "extra_forbidden", "by the other fields")
    return value
