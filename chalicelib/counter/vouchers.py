"""Vouchers: their numbers, and what each kind of them says. Pure; no I/O, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.platform.dynamo import Image


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
# A correction's side says which way the cash goes back: the drawer gives (红字存款) or gets (红字取款).
CASH_CORRECTED = VoucherKind(
    "cash_corrected",
    "现金冲账凭证（红字）",
    {**_CASH, "corrects": "冲销原凭证号", "side": "冲账方向", "reason": "冲账原因"},
)
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
COURT_TRANSFERRED = VoucherKind(
    "court_transferred",
    "协助扣划存款回执",
    {**_COURT, "order": "据以冻结文书号", "held": "尚冻结金额", "taken": "累计已扣划", "state": "冻结状态"},
)
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
        "day_limits": "账户日限额",
        "factors": "认证方式",
    },
)
_PERSON = {"customer": "客户号", "holder": "户名", "document": "核对证件"}
EDITION_CHANGED = VoucherKind(
    "edition_changed",
    "网上银行版本变更回执",
    {
        **_PERSON,
        "edition": "变更后版本",
        "accounts": "签约账户",
        "limit": "每日对外限额",
        "factor": "认证方式",
    },
)
_TRANSFERS = {"customer": "客户号", "holder": "户名", "state": "网上转账"}
TRANSFERS_STOPPED = VoucherKind("transfers_stopped", "网上转账停用回执", {**_TRANSFERS, "reason": "原因"})
TRANSFERS_RESUMED = VoucherKind("transfers_resumed", "网上转账启用回执", _TRANSFERS)
ONLINE_CLOSED = VoucherKind("online_closed", "网上银行注销回执", {**_PERSON, "state": "状态"})
PHONE_CHANGED = VoucherKind("phone_changed", "预留手机号变更回执", {**_PERSON, "phone": "变更后手机号"})
PASSWORD_RESET = VoucherKind(
    "password_reset", "查询密码重置回执", {**_PERSON, "application": "申请编号", "until": "有效期至"}
)
LOGIN_UNLOCKED = VoucherKind("login_unlocked", "网上银行解锁回执", _PERSON)
LIMITS_CHANGED = VoucherKind(
    "limits_changed",
    "网上银行限额调整回执",
    {
        "customer": "客户号",
        "account": "账号",
        "single": "单笔限额",
        "day": "日累计限额",
        "month": "月累计限额",
        "year": "年累计限额",
        "count": "日累计笔数",
        "day_outward": "每日对外限额",
        "day_without_certificate": "未用证书日限额",
        "day_without_factor": "小额免密日限额",
    },
)
_FACTOR = {**_PERSON, "factor": "认证工具", "serial": "序列号", "state": "状态"}
FACTOR_ISSUED = VoucherKind("factor_issued", "认证工具发放回执", _FACTOR)
CERTIFICATE_APPLIED = VoucherKind("certificate_applied", "数字证书申请回执", _FACTOR)
FACTOR_LOST = VoucherKind("factor_lost", "认证工具挂失回执", _FACTOR)
FACTOR_FOUND = VoucherKind("factor_found", "认证工具解除挂失回执", _FACTOR)
FACTOR_ENDED = VoucherKind("factor_ended", "认证工具注销回执", _FACTOR)
_BLANKS = {"blanks": "空白介质", "serials": "序列号", "count": "数量"}
BLANKS_RECEIVED = VoucherKind("blanks_received", "空白介质入库单", {**_BLANKS, "order": "单号"})
BLANKS_MOVED = VoucherKind(
    "blanks_moved", "空白介质调拨单", {**_BLANKS, "from": "调出机构", "to": "调入机构", "order": "单号"}
)
BLANKS_SPOILED = VoucherKind("blanks_spoiled", "空白介质作废单", {**_BLANKS, "reason": "原因"})
BLANKS_RETURNED = VoucherKind("blanks_returned", "空白介质退库单", {**_BLANKS, "reason": "原因"})

KINDS: Mapping[str, VoucherKind] = {
    kind.code: kind
    for kind in (
        CASH_IN,
        CASH_OUT,
        CASH_CORRECTED,
        TILL_OPENED,
        TILL_CLOSED,
        TILL_DIFFERENCE,
        VAULT_MOVED,
        COURT_FROZEN,
        COURT_RENEWED,
        COURT_LIFTED,
        COURT_TRANSFERRED,
        COURT_ENQUIRY,
        ACCOUNT_FROZEN,
        ACCOUNT_UNFROZEN,
        ACCOUNT_LOST,
        ACCOUNT_FOUND,
        SIGNED_UP,
        EDITION_CHANGED,
        TRANSFERS_STOPPED,
        TRANSFERS_RESUMED,
        ONLINE_CLOSED,
        PHONE_CHANGED,
        PASSWORD_RESET,
        LOGIN_UNLOCKED,
        LIMITS_CHANGED,
        FACTOR_ISSUED,
        CERTIFICATE_APPLIED,
        FACTOR_LOST,
        FACTOR_FOUND,
        FACTOR_ENDED,
        BLANKS_RECEIVED,
        BLANKS_MOVED,
        BLANKS_SPOILED,
        BLANKS_RETURNED,
    )
}
