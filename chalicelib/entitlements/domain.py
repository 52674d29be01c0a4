"""The table: operation x edition x factor x account kind (NB-5.4.1, YQ-4.1.3). Pure; no I/O, no clock.

A cell that no grant covers is not allowed, so what is unknown is refused. `docs/entitlements.md` prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EXPRESS = "express"
CREDIT_CARD = "credit_card"
PROFESSIONAL = "professional"
EDITIONS: Mapping[str, tuple[str, str]] = {
    EXPRESS: ("快速通道", "express"),
    CREDIT_CARD: ("信用卡版", "credit card"),
    PROFESSIONAL: ("专业版", "professional"),
}

NO_FACTOR = "none"
SMS = "sms"
TOKEN = "token"  # noqa: S105  # a factor's name
PHONE = "phone"
CLOUD = "cloud"
USB_KEY = "usb_key"
SMALL = "small"
PAYMENT_PASSWORD = "payment_password"  # noqa: S105  # a factor's name
FACTORS: Mapping[str, tuple[str, str]] = {
    NO_FACTOR: ("无（登录即可）", "none (being logged in)"),
    SMS: ("短信验证码", "SMS code"),
    TOKEN: ("动态令牌", "token"),
    PHONE: ("手机盾", "device key"),
    CLOUD: ("云证书", "cloud certificate"),
    USB_KEY: ("USBKey", "USB key"),
    PAYMENT_PASSWORD: ("电子支付密码", "electronic payment password"),
    SMALL: ("小额免密（客户约定金额内）", "none, within an amount that the customer agreed on"),
}

NO_ACCOUNT = "-"
FULL = "full"
QUERY = "query"
HELD = "held"
ACCOUNT_KINDS: Mapping[str, tuple[str, str]] = {
    NO_ACCOUNT: ("不涉及账户", "no account"),
    FULL: ("柜面签约账户", "contracted at the counter"),
    QUERY: ("网上追加账户（仅查询）", "added online: query-only"),
    HELD: ("未签约账户", "held, not signed up"),
    CREDIT_CARD: ("信用卡", "credit card"),
}

# What an edition signed up for may be narrowed to at log-in. The credit-card edition knows no settlement account.
_NARROWER: Mapping[str, frozenset[str]] = {
    EXPRESS: frozenset({EXPRESS}),
    CREDIT_CARD: frozenset({CREDIT_CARD}),
    PROFESSIONAL: frozenset({EXPRESS, CREDIT_CARD, PROFESSIONAL}),
}

SESSION_END = "session.end"
ACCOUNTS_READ = "accounts.read"
BILLS_READ = "bills.read"
BILLS_CHECK = "bills.check"
RECEIPTS_READ = "receipts.read"
DOCUMENTS_READ = "documents.read"
TRANSFERS_READ = "transfers.read"
NOTIFICATIONS_READ = "notifications.read"
SECURITY_READ = "security.read"
SECURITY_PROTECT = "security.protect"
PHONE_CHANGE = "phone.change"
PHONE_PROVE = "phone.prove"
EMAIL_BIND = "email.bind"
EMAIL_PROVE = "email.prove"
WECHAT_BIND = "wechat.bind"
NOTIFICATIONS_LESS = "notifications.less"
DEVICE_BIND = "device.bind"
CERTIFICATE_DOWNLOAD = "certificate.download"
CERTIFICATE_RENEW = "certificate.renew"
PIN_CHANGE = "pin.change"
STEP_UP = "step_up.confirm"
IDENTITY_VERIFY = "identity.verify"
PROFILE = "profile.manage"
CARD_BIND = "card.bind"
CARD_UNBIND = "card.unbind"
TRANSFERS_SWITCH_ON = "transfers.switch_on"
TRANSFERS_SWITCH_OFF = "transfers.switch_off"
LIMITS_READ = "limits.read"
LIMITS_LOWER = "limits.lower"
LIMITS_RAISE = "limits.raise"
TRANSFERS_OWN = "transfers.own"
TRANSFERS_OUTWARD = "transfers.outward"
TRANSFERS_REVOKE = "transfers.revoke"
PAYEES_READ = "payees.read"
PAYEES_MANAGE = "payees.manage"
PAYCODES_SHOW = "paycodes.show"
RECALLS = "recalls.manage"
ORDERS_STOP = "orders.stop"
ORDERS_MANAGE = "orders.manage"
ORDER_CREATE = "order.create"
ORDER_CHANGE = "order.change"
BATCH_CREATE = "batch.create"
PASSWORD_CHANGE = "password.change"  # noqa: S105  # an operation's name
LOGIN_NAME_CHANGE = "login_name.change"
PAYMENT_PASSWORD_MANAGE = "payment_password.manage"  # noqa: S105  # an operation's name
IMPORTANT_PAYMENT = "payments.important"


@dataclass(frozen=True, slots=True)
class Grant:
    """A block of allowed cells: every combination of these editions, factors and account kinds."""

    editions: frozenset[str]
    factors: frozenset[str]
    accounts: frozenset[str]

    def covers(self, edition: str, factor: str | None, account: str | None) -> bool:
        """Whether the cell lies in the block; None stands for any."""
        return (
            edition in self.editions
            and (factor is None or factor in self.factors)
            and (account is None or account in self.accounts)
        )


@dataclass(frozen=True, slots=True)
class Row:
    """An operation in words, and its grants."""

    zh: str
    en: str
    grants: tuple[Grant, ...]


_ALL = frozenset(EDITIONS)
_WITH_ACCOUNTS = frozenset({EXPRESS, PROFESSIONAL})
_PRO = frozenset({PROFESSIONAL})
_SESSION_ONLY = frozenset({NO_FACTOR})
_CERTIFICATES = frozenset({PHONE, CLOUD, USB_KEY})
# What a stolen phone with its SIM card does not give away.
_STRONG = _CERTIFICATES | {TOKEN}
_CONFIRMING = _STRONG | {SMS}
_NONE = frozenset({NO_ACCOUNT})
_SETTLEMENT = frozenset({FULL, QUERY, HELD})
_CARDS = frozenset({CREDIT_CARD})


def _own_accounts(factors: frozenset[str] = _SESSION_ONLY) -> tuple[Grant, ...]:
    """Whatever accounts an edition serves, whether they may pay or not."""
    return (
        Grant(_PRO, factors, _SETTLEMENT | _CARDS),
        Grant(frozenset({EXPRESS}), factors, _SETTLEMENT),
        Grant(frozenset({CREDIT_CARD}), factors, _CARDS),
    )


def _plain(editions: frozenset[str], factors: frozenset[str] = _SESSION_ONLY) -> tuple[Grant, ...]:
    """What concerns no account."""
    return (Grant(editions, factors, _NONE),)


TABLE: Mapping[str, Row] = {
    SESSION_END: Row("退出登录", "log out", _plain(_ALL)),
    ACCOUNTS_READ: Row("账户、资产、明细查询", "accounts, overview, movements", _own_accounts()),
    BILLS_READ: Row("月度账单", "monthly bills", _own_accounts()),
    BILLS_CHECK: Row("网上对账：确认、提出异议", "monthly bills: confirm, dispute", _own_accounts()),
    NOTIFICATIONS_READ: Row("消息", "notifications", _plain(_ALL)),
    SECURITY_READ: Row("本人日志、会话、设备查询", "own log, sessions and devices", _plain(_ALL)),
    SECURITY_PROTECT: Row(
        "下线会话、管理设备、挂失设备或认证工具",
        "end sessions, rename and end devices, report a device or factor lost",
        _plain(_ALL),
    ),
    PHONE_CHANGE: Row("更换预留手机号", "change the reserved phone", _plain(_PRO, _STRONG)),
    # Asked for by who may change it; the code goes to the new number.
    PHONE_PROVE: Row("验证新手机号", "prove the new phone", _plain(_PRO, frozenset({SMS}))),
    # Where messages go beside the phone; a new address is proved by a code that goes there.
    EMAIL_BIND: Row("设置通知邮箱", "set the address for messages", _plain(_ALL, _CONFIRMING)),
    EMAIL_PROVE: Row("验证通知邮箱", "prove that address", _plain(_ALL, frozenset({SMS}))),
    NOTIFICATIONS_LESS: Row("减少消息提醒", "be told of less", _plain(_ALL, _CONFIRMING)),
    WECHAT_BIND: Row("开通微信通知", "have messages by WeChat", _plain(_ALL, _CONFIRMING)),
    # Asked for at a log-in, whose password was right.
    DEVICE_BIND: Row("绑定新设备", "bind a new device", _plain(_ALL, frozenset({SMS}))),
    # The code is the counter's, and the old certificate confirms the new one.
    CERTIFICATE_DOWNLOAD: Row("下载数字证书", "download a certificate", _plain(_PRO, frozenset({SMS}))),
    CERTIFICATE_RENEW: Row("更新数字证书", "renew a certificate", _plain(_PRO, _CERTIFICATES)),
    PIN_CHANGE: Row("修改云证书 PIN", "change a cloud certificate's PIN", _plain(_PRO, frozenset({CLOUD}))),
    STEP_UP: Row("确认敏感操作", "confirm a sensitive operation", _plain(_ALL)),
    IDENTITY_VERIFY: Row("实名认证", "real-name verification", _plain(_ALL)),
    PROFILE: Row("个人资料查询与修改", "own data: see and change", _plain(_ALL)),
    # What is bound online is looked at and never pays.
    CARD_BIND: Row("网上绑定本人账户或卡", "bind own accounts and cards", _own_accounts(_CONFIRMING)),
    CARD_UNBIND: Row("解绑网上绑定的账户或卡", "unbind accounts and cards bound online", _own_accounts()),
    PASSWORD_CHANGE: Row("修改查询密码", "change the query password", _plain(_ALL)),
    LOGIN_NAME_CHANGE: Row("设置登录名", "set the login name", _plain(_ALL)),
    PAYMENT_PASSWORD_MANAGE: Row(
        "设置、重置、验证电子支付密码",
        "set, reset, verify the electronic payment password",
        (Grant(frozenset({EXPRESS}), _SESSION_ONLY, frozenset({FULL, HELD})),),
    ),
    IMPORTANT_PAYMENT: Row(
        "重要交易（不含转出）",
        "important transactions (no transfers out)",
        (
            Grant(frozenset({EXPRESS}), frozenset({PAYMENT_PASSWORD}), frozenset({FULL, HELD})),
            Grant(_PRO, _CONFIRMING, frozenset({FULL})),
        ),
    ),
    RECEIPTS_READ: Row("电子回单", "e-receipts", _plain(_WITH_ACCOUNTS)),
    # What a document shows is asked for by the row of what it is of.
    DOCUMENTS_READ: Row("申请、下载文件", "files: ask for and fetch", _plain(_ALL)),
    TRANSFERS_READ: Row("转账查询", "transfers: look up", _plain(_WITH_ACCOUNTS)),
    LIMITS_READ: Row("限额查询", "limits: look up", _plain(_WITH_ACCOUNTS)),
    # To lower a limit only protects: on whatever is the customer's own.
    LIMITS_LOWER: Row("调低限额", "limits: lower", (Grant(_PRO, _SESSION_ONLY, frozenset(ACCOUNT_KINDS)),)),
    LIMITS_RAISE: Row("调高限额", "limits: raise", (Grant(_PRO, _STRONG, frozenset({NO_ACCOUNT, FULL})),)),
    TRANSFERS_SWITCH_OFF: Row("关闭网上转账", "switch online transfers off", _plain(_PRO)),
    TRANSFERS_SWITCH_ON: Row("开启网上转账", "switch online transfers on", _plain(_PRO, _CONFIRMING)),
    # Names of others: for who may pay them, and for nobody else.
    PAYEES_READ: Row("收款人名册查询、核对收款人", "payee book and look-ups", _plain(_PRO)),
    PAYEES_MANAGE: Row("添加、修改、删除收款人", "payees: add, change, remove", _plain(_PRO)),
    PAYCODES_SHOW: Row(
        "出示、停用收款码", "receive codes: show, withdraw", (Grant(_PRO, _SESSION_ONLY, frozenset({FULL})),)
    ),
    # To agree is to pay, and takes what a transfer takes.
    RECALLS: Row("退回请求：提出、查询、撤回、拒绝", "recalls: ask, see, withdraw, refuse", _plain(_WITH_ACCOUNTS)),
    TRANSFERS_OWN: Row(
        "本人账户互转", "transfer between own accounts", (Grant(_PRO, _CONFIRMING | _SESSION_ONLY, frozenset({FULL})),)
    ),
    # To revoke only protects, as to stop an order does: whatever the edition is by now.
    TRANSFERS_REVOKE: Row("撤销未到账的转账", "transfers that have not arrived: revoke", _plain(_WITH_ACCOUNTS)),
    # To stop an order only protects: whatever the edition is by now.
    ORDERS_STOP: Row("预约转账查询、暂停、取消", "standing orders: look up, pause, cancel", _plain(_WITH_ACCOUNTS)),
    ORDERS_MANAGE: Row(
        "设立、变更、恢复预约转账",
        "standing orders: set up, change, resume",
        (Grant(_PRO, _CONFIRMING | _SESSION_ONLY, frozenset({FULL})),),
    ),
    # What is paid to others later is confirmed when it is ordered.
    ORDER_CREATE: Row("确认预约转账", "confirm an order to others", (Grant(_PRO, _CONFIRMING, frozenset({FULL})),)),
    ORDER_CHANGE: Row("确认变更预约转账", "confirm a change of one", (Grant(_PRO, _CONFIRMING, frozenset({FULL})),)),
    BATCH_CREATE: Row("确认批量转账", "confirm a batch of payments", (Grant(_PRO, _CONFIRMING, frozenset({FULL})),)),
    TRANSFERS_OUTWARD: Row("对外转账", "transfer to others", (Grant(_PRO, _CONFIRMING | {SMALL}, frozenset({FULL})),)),
}


def is_allowed(operation: str, edition: str, factor: str | None = None, account: str | None = None) -> bool:
    """What the table says; a factor or account kind of None asks for any. Raises KeyError for no such operation."""
    return any(grant.covers(edition, factor, account) for grant in TABLE[operation].grants)


def factors_for(operation: str, edition: str | None, account: str) -> tuple[str, ...]:
    """The factors by which an edition may do the operation on that kind of account, in the order of FACTORS.

    None for the edition is the counter, where there is no session: whatever some edition may. Raises KeyError for no
    such operation.
    """
    editions = EDITIONS if edition is None else (edition,)
    return tuple(factor for factor in FACTORS if any(is_allowed(operation, one, factor, account) for one in editions))


def account_kind(kind: str, right: str) -> str:
    """The account kind of the table from an account's kind and right: a card is a card whatever its right."""
    return CREDIT_CARD if kind == CREDIT_CARD else right


def session_edition(signed_up: str, wanted: str | None) -> str | None:
    """The edition that a session gets; None when more is wanted than was signed up for (NB-5.4.1-pro)."""
    if wanted is None:
        return signed_up
    return wanted if wanted in _NARROWER.get(signed_up, frozenset()) else None
