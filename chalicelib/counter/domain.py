"""Tills, the vault and vouchers: their states and rules. Pure; no I/O, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.counter.errors import (
    SecondPersonRequired,
    TillCountChanged,
    TillNotCounted,
    TillNotOpen,
    TillShort,
    VaultShort,
)
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s

OPEN, COUNTED, CLOSED = "open", "counted", "closed"
_REFERENCE = re.compile(r"[!-~]{8,64}")


def is_reference(text: str) -> bool:
    """8 to 64 visible ASCII characters: what makes a repeat harmless."""
    return _REFERENCE.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Till:
    """A teller's till of one business date. Amounts in fen; `cash_fen` is what should be in it now.

    `counted_fen` is what was found at the last count; the till is `counted` while that differs from `cash_fen`.
    """

    business_date: str
    teller_id: str
    branch_id: str
    state: str
    cash_fen: int
    opened_fen: int
    in_fen: int
    out_fen: int
    opened_at: str
    counted_fen: int | None = None
    counted_by: str | None = None
    closed_at: str | None = None
    checker_id: str | None = None

    @property
    def difference_fen(self) -> int:
        """What was found beyond what should be there: above zero is over (长款), below it short (短款)."""
        return 0 if self.counted_fen is None else self.counted_fen - self.cash_fen

    @classmethod
    def from_image(cls, image: Image) -> Till:
        """A till from its stored item."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})


def new_till(business_date: str, teller_id: str, branch_id: str, cash_fen: int, opened_at: str) -> Till:
    """A till as it is opened, with what was counted into it."""
    return Till(business_date, teller_id, branch_id, OPEN, cash_fen, cash_fen, 0, 0, opened_at)


# ---- rules of the writes that move cash. Each stands in the very transaction that posts the entry.


def till_open_rule(branch_id: str) -> Rule:
    """The till is open, and of this branch."""
    return Rule(
        "#state = :till_open AND #branch_id = :branch",
        {":till_open": s(OPEN), ":branch": s(branch_id)},
        lambda image: bool(image["state"] == OPEN and image["branch_id"] == branch_id),
        lambda _: TillNotOpen(),
    )


def till_cash_rule(amount_fen: int) -> Rule:
    """What leaves the till is in it."""
    return Rule(
        "#cash_fen >= :amount",
        {":amount": n(amount_fen)},
        lambda image: bool(image["cash_fen"] >= amount_fen),
        lambda _: TillShort(),
    )


def vault_cash_rule(amount_fen: int) -> Rule:
    """What leaves the vault is in it."""
    return Rule(
        "#cash_fen >= :amount",
        {":amount": n(amount_fen)},
        lambda image: bool(image["cash_fen"] >= amount_fen),
        lambda _: VaultShort(),
    )


def countable_rule() -> Rule:
    """The till is with its teller still: open, or counted and waiting."""
    return Rule(
        "#state IN (:till_open, :counted)",
        {":till_open": s(OPEN), ":counted": s(COUNTED)},
        lambda image: bool(image["state"] in (OPEN, COUNTED)),
        lambda _: TillNotOpen(),
    )


def expected_rule(cash_fen: int) -> Rule:
    """The till holds what the count was compared with; else it is read and compared again."""
    return Rule(
        "#cash_fen = :expected",
        {":expected": n(cash_fen)},
        lambda image: bool(image["cash_fen"] == cash_fen),
        None,
    )


def counted_rule() -> Rule:
    """A difference waits for a second person."""
    return Rule(
        "#state = :counted",
        {":counted": s(COUNTED)},
        lambda image: bool(image["state"] == COUNTED),
        lambda _: TillNotCounted(),
    )


def same_count_rule(counted_fen: int) -> Rule:
    """The count is the one that the second person looked at."""
    return Rule(
        "#counted_fen = :seen",
        {":seen": n(counted_fen)},
        lambda image: bool(image["counted_fen"] == counted_fen),
        lambda _: TillCountChanged(),
    )


def other_person_rule(checker_id: str) -> Rule:
    """Nobody checks their own till, nor a till that they counted (NB-5.1.5)."""
    return Rule(
        "#teller_id <> :checker AND (attribute_not_exists(#counted_by) OR #counted_by <> :checker)",
        {":checker": s(checker_id)},
        lambda image: bool(image["teller_id"] != checker_id and image.get("counted_by") != checker_id),
        lambda _: SecondPersonRequired(),
    )


def put_in(update: ItemUpdate, amount_fen: int) -> ItemUpdate:
    """Make an update of a till take in cash."""
    return update.set("#cash_fen = #cash_fen + :amount, #in_fen = #in_fen + :amount", amount=n(amount_fen))


def take_out(update: ItemUpdate, amount_fen: int) -> ItemUpdate:
    """Make an update of a till give cash out, if it is there."""
    update.require(till_cash_rule(amount_fen))
    return update.set("#cash_fen = #cash_fen - :amount, #out_fen = #out_fen + :amount", amount=n(amount_fen))


# ---- vouchers


@dataclass(frozen=True, slots=True)
class VoucherKind:
    """A kind of voucher: its code, its title, and the words of its facts in the order in which they are printed."""

    code: str
    zh: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VoucherDraft:
    """A voucher before it has a number. `facts` are text, masked as the bank's forms do; amounts in fen.

    `request` tells it from another under the same reference: a digest of what was asked for.
    """

    kind: VoucherKind
    teller_id: str
    at: str
    facts: Mapping[str, str]
    amount_fen: int | None = None
    checker_id: str | None = None
    entry_id: str | None = None
    customer_id: str | None = None
    request: str = ""


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher as stored, for ever as it was. `number` is branch, business date and place in that day's row."""

    number: str
    kind: str
    branch_id: str
    business_date: str
    teller_id: str
    at: str
    facts: dict[str, str] = field(default_factory=dict)
    amount_fen: int | None = None
    checker_id: str | None = None
    entry_id: str | None = None
    customer_id: str | None = None
    request: str = ""

    @classmethod
    def from_image(cls, image: Image) -> Voucher:
        """A voucher from its stored row."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})


@dataclass(frozen=True, slots=True)
class Number:
    """A place in a branch's row of vouchers of one business date, 1 the first; without gaps."""

    branch_id: str
    business_date: str
    place: int

    def __str__(self) -> str:
        return f"{self.branch_id}-{self.business_date}-{self.place:06d}"

    @classmethod
    def parse(cls, text: str) -> Number | None:
        """The number that `str` wrote, or None."""
        match = _NUMBER.fullmatch(text)
        return cls(match[1], match[2], int(match[3])) if match else None


_NUMBER = re.compile(r"([0-9A-Z]{4,10})-([0-9]{8})-([0-9]{6})")

_CASH = {"account": "账号", "holder": "户名", "reference": "业务参考号"}
CASH_IN = VoucherKind("cash_in", "现金存款凭证", _CASH)
CASH_OUT = VoucherKind("cash_out", "现金取款凭证", {**_CASH, "document": "核对证件"})
TILL_OPENED = VoucherKind("till_opened", "尾箱领用单", {"till": "尾箱"})
TILL_CLOSED = VoucherKind(
    "till_closed",
    "尾箱轧账交回单",
    {"till": "尾箱", "opened": "领用金额", "in": "现金收入", "out": "现金付出", "counted": "清点金额"},
)
TILL_DIFFERENCE = VoucherKind(
    "till_difference",
    "现金长短款记账凭证",
    {"till": "尾箱", "expected": "账面金额", "counted": "清点金额", "side": "长款/短款", "reason": "原因"},
)
VAULT_MOVED = VoucherKind(
    "vault_moved", "现金调拨单", {"direction": "调拨方向", "reason": "事由", "reference": "业务参考号"}
)

_COURT = {
    "account": "账号",
    "holder": "户名",
    "authority": "执行机关",
    "document": "法律文书号",
    "officers": "执行人员证件",
}
_ORDER = {**_COURT, "amount": "冻结金额", "until": "冻结止期", "state": "状态"}
COURT_FROZEN = VoucherKind("court_frozen", "协助冻结存款回执", _ORDER)
COURT_RENEWED = VoucherKind("court_renewed", "协助续行冻结存款回执", _ORDER)
COURT_LIFTED = VoucherKind("court_lifted", "协助解除冻结存款回执", _ORDER)
COURT_ENQUIRY = VoucherKind("court_enquiry", "协助查询存款回执", {**_COURT, "period": "查询期间"})

_ACCOUNT = {"account": "账号", "holder": "户名", "state": "账户状态"}
ACCOUNT_FROZEN = VoucherKind("account_frozen", "账户冻结回执", _ACCOUNT)
ACCOUNT_UNFROZEN = VoucherKind("account_unfrozen", "账户解冻回执", _ACCOUNT)
ACCOUNT_LOST = VoucherKind("account_lost", "账户挂失回执", _ACCOUNT)
ACCOUNT_FOUND = VoucherKind("account_found", "账户解除挂失回执", _ACCOUNT)
SIGNED_UP = VoucherKind(
    "signed_up",
    "网上银行签约回执",
    {
        "customer": "客户号",
        "holder": "户名",
        "accounts": "签约账户",
        "phone": "预留手机号",
        "edition": "版本",
        "limit": "每日对外限额",
        "factors": "认证方式",
    },
)

KINDS: Mapping[str, VoucherKind] = {
    kind.code: kind
    for kind in (
        CASH_IN,
        CASH_OUT,
        TILL_OPENED,
        TILL_CLOSED,
        TILL_DIFFERENCE,
        VAULT_MOVED,
        COURT_FROZEN,
        COURT_RENEWED,
        COURT_LIFTED,
        COURT_ENQUIRY,
        ACCOUNT_FROZEN,
        ACCOUNT_UNFROZEN,
        ACCOUNT_LOST,
        ACCOUNT_FOUND,
        SIGNED_UP,
    )
}
