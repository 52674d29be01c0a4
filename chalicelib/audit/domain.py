"""Kinds of events in a customer's own log. Pure; no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: its stable code and what it is called; `category` is what a reader filters by.

    An event of a kind that `tells` is told to the owner, in these words.
    """

    code: str
    category: str
    zh: str
    en: str
    tells: bool = False

    def text(self, language: str) -> str:
        """What it is called in `zh` or `en`."""
        return self.en if language == "en" else self.zh


LOGIN, DEVICE, SETTING = "login", "device", "setting"
CATEGORIES = (LOGIN, DEVICE, SETTING)

LOGGED_IN = Kind("logged_in", LOGIN, "登录成功", "logged in")
LOGGED_OUT = Kind("logged_out", LOGIN, "退出登录", "logged out")
LOGIN_REFUSED = Kind(
    "login_refused",
    LOGIN,
    "登录被拒绝（十分钟内多次只记一次）",
    "log-in refused (several within ten minutes are one row)",
)
LOCKED = Kind("locked", LOGIN, "因连续输错密码，登录已被锁定", "log-in was locked after wrong passwords", tells=True)
UNLOCKED = Kind("unlocked", LOGIN, "登录锁定已解除", "log-in was unlocked")
DEVICE_LOCKED = Kind(
    "device_locked",
    LOGIN,
    "因连续输错密码，一台已绑定设备上的登录已被锁定",
    "log-in on a bound device was locked after wrong passwords",
    tells=True,
)
DEVICE_UNLOCKED = Kind(
    "device_unlocked", LOGIN, "一台已绑定设备上的登录锁定已解除", "log-in on a bound device was unlocked"
)
SESSION_REVOKED = Kind("session_revoked", LOGIN, "会话已被终止", "a session was ended")

SIGNED_UP = Kind("signed_up", SETTING, "网上银行签约", "signed up for online banking")
EDITION_CHANGED = Kind("edition_changed", SETTING, "网上银行版本已变更", "the edition was changed", tells=True)
ONLINE_CLOSED = Kind("online_closed", SETTING, "网上银行已注销", "online banking was closed", tells=True)
ACCOUNT_BOUND = Kind("account_bound", SETTING, "账户或银行卡已绑定", "an account or card was bound", tells=True)
ACCOUNT_UNBOUND = Kind("account_unbound", SETTING, "账户或银行卡已解绑", "an account or card was unbound", tells=True)
IDENTITY_VERIFIED = Kind("identity_verified", SETTING, "实名认证通过", "the identity was verified")
IDENTITY_REFUSED = Kind("identity_refused", SETTING, "实名认证未通过", "the identity was not verified")
DOCUMENT_READ = Kind("document_read", SETTING, "识别证件照片", "the picture of a document was read")
DOCUMENT_UNREADABLE = Kind(
    "document_unreadable", SETTING, "证件照片未能识别", "the picture of a document could not be read"
)
FACE_MATCHED = Kind("face_matched", SETTING, "人脸比对通过", "a face was matched with the document")
FACE_REFUSED = Kind("face_refused", SETTING, "人脸比对未通过", "a face was not matched with the document")
PROFILE_CHANGED = Kind("profile_changed", SETTING, "个人资料已修改", "personal data were changed", tells=True)
NOTIFICATIONS_CHANGED = Kind(
    "notifications_changed", SETTING, "消息通知设置已修改", "the settings of notifications were changed", tells=True
)
TRANSFERS_SWITCHED_OFF = Kind(
    "transfers_switched_off", SETTING, "关闭网上转账", "online transfers switched off", tells=True
)
TRANSFERS_SWITCHED_ON = Kind(
    "transfers_switched_on", SETTING, "开启网上转账", "online transfers switched on", tells=True
)
TRANSFERS_STOPPED = Kind(
    "transfers_stopped", SETTING, "本行已停用网上转账", "the bank stopped online transfers", tells=True
)
TRANSFERS_RESUMED = Kind(
    "transfers_resumed",
    SETTING,
    "本行已解除网上转账停用",
    "the bank's stop of online transfers has ended",
    tells=True,
)
DEVICE_BOUND = Kind("device_bound", DEVICE, "绑定设备", "device bound", tells=True)
DEVICE_REVOKED = Kind("device_revoked", DEVICE, "解绑设备", "device revoked", tells=True)
DEVICE_LOST = Kind("device_lost", DEVICE, "设备挂失", "device reported lost", tells=True)
PHONE_CHANGED = Kind("phone_changed", SETTING, "更换预留手机号", "reserved phone changed")
LIMITS_CHANGED = Kind("limits_changed", SETTING, "修改限额", "limits changed", tells=True)
LIMITS_RAISED = Kind("limits_raised", SETTING, "调高限额", "limits raised", tells=True)
PAYEE_ADDED = Kind("payee_added", SETTING, "添加收款人", "a payee was added")
PAYEE_CHANGED = Kind("payee_changed", SETTING, "修改收款人备注名或分组", "a payee's alias or group was changed")
PAYEE_REMOVED = Kind("payee_removed", SETTING, "删除收款人", "a payee was removed")
PASSWORD_CHANGED = Kind("password_changed", SETTING, "查询密码已修改", "the query password was changed", tells=True)
LOGIN_NAME_CHANGED = Kind("login_name_changed", SETTING, "登录名已修改", "the login name was changed", tells=True)
PAYMENT_PASSWORD_SET = Kind(
    "payment_password_set", SETTING, "电子支付密码已设置", "a payment password was set", tells=True
)
PAYMENT_PASSWORD_LOCKED = Kind(
    "payment_password_locked",
    SETTING,
    "因连续输错，账户的电子支付密码已被锁定",
    "an account's payment password was locked after wrong ones",
    tells=True,
)
PAYMENT_PASSWORD_UNLOCKED = Kind(
    "payment_password_unlocked", SETTING, "账户的电子支付密码锁定已解除", "an account's payment password was unlocked"
)
WITHDRAWAL_PASSWORD_LOCKED = Kind(
    "withdrawal_password_locked",
    SETTING,
    "有人申请查询密码时连续出错，该账户的网上申请已被锁定",
    "applications for the query password by an account were locked after wrong ones",
    tells=True,
)
WITHDRAWAL_PASSWORD_UNLOCKED = Kind(
    "withdrawal_password_unlocked",
    SETTING,
    "账户的查询密码网上申请锁定已解除",
    "applications for the query password by an account were unlocked",
)
CASH_PASSWORD_LOCKED = Kind(
    "cash_password_locked",
    SETTING,
    "柜面取款时连续输错取款密码，该账户柜面取款已被锁定",
    "withdrawals over the counter from an account were locked after wrong passwords",
    tells=True,
)
CASH_PASSWORD_UNLOCKED = Kind(
    "cash_password_unlocked",
    SETTING,
    "账户的柜面取款锁定已解除",
    "withdrawals over the counter from an account were unlocked",
)
PASSWORD_RESET = Kind(
    "password_reset", SETTING, "查询密码已申请或重置", "the query password was applied for or reset", tells=True
)

CODE_GUESSES_EXHAUSTED = Kind(
    "code_guesses_exhausted", SETTING, "验证码错误次数过多", "too many wrong codes", tells=True
)
FACTOR_ISSUED = Kind("factor_issued", SETTING, "开通认证工具", "factor issued", tells=True)
FACTOR_LOST = Kind("factor_lost", SETTING, "挂失认证工具", "factor reported lost", tells=True)
FACTOR_LOCKED = Kind(
    "factor_locked", SETTING, "云证书因 PIN 错误次数过多已锁定", "cloud certificate locked after wrong PINs", tells=True
)
FACTOR_RESTORED = Kind("factor_restored", SETTING, "解除认证工具挂失或锁定", "loss report or lock lifted", tells=True)
FACTOR_REVOKED = Kind("factor_revoked", SETTING, "注销认证工具", "factor revoked", tells=True)
FACTOR_RENEWED = Kind("factor_renewed", SETTING, "更新数字证书", "certificate renewed", tells=True)
FACTOR_PIN_CHANGED = Kind(
    "factor_pin_changed", SETTING, "云证书 PIN 已修改", "the PIN of the cloud certificate was changed", tells=True
)
ORDER_CREATED = Kind("order_created", SETTING, "设立预约转账", "standing order set up", tells=True)
ORDER_CHANGED = Kind("order_changed", SETTING, "变更预约转账", "standing order changed", tells=True)
ORDER_PAUSED = Kind("order_paused", SETTING, "暂停预约转账", "standing order paused")
ORDER_RESUMED = Kind("order_resumed", SETTING, "恢复预约转账", "standing order resumed")
ORDER_CANCELLED = Kind("order_cancelled", SETTING, "取消预约转账", "standing order cancelled")

ALL = {
    kind.code: kind
    for kind in (
        LOGGED_IN,
        LOGGED_OUT,
        LOGIN_REFUSED,
        LOCKED,
        UNLOCKED,
        DEVICE_LOCKED,
        DEVICE_UNLOCKED,
        SESSION_REVOKED,
        SIGNED_UP,
        EDITION_CHANGED,
        ONLINE_CLOSED,
        ACCOUNT_BOUND,
        ACCOUNT_UNBOUND,
        IDENTITY_VERIFIED,
        IDENTITY_REFUSED,
        DOCUMENT_READ,
        DOCUMENT_UNREADABLE,
        FACE_MATCHED,
        FACE_REFUSED,
        PROFILE_CHANGED,
        NOTIFICATIONS_CHANGED,
        TRANSFERS_SWITCHED_OFF,
        TRANSFERS_SWITCHED_ON,
        TRANSFERS_STOPPED,
        TRANSFERS_RESUMED,
        LIMITS_CHANGED,
        LIMITS_RAISED,
        PHONE_CHANGED,
        DEVICE_BOUND,
        DEVICE_REVOKED,
        DEVICE_LOST,
        CODE_GUESSES_EXHAUSTED,
        FACTOR_ISSUED,
        FACTOR_LOST,
        FACTOR_LOCKED,
        FACTOR_RESTORED,
        FACTOR_REVOKED,
        FACTOR_RENEWED,
        PAYEE_ADDED,
        PAYEE_CHANGED,
        PAYEE_REMOVED,
        FACTOR_PIN_CHANGED,
        PASSWORD_CHANGED,
        LOGIN_NAME_CHANGED,
        PAYMENT_PASSWORD_SET,
        PAYMENT_PASSWORD_LOCKED,
        PAYMENT_PASSWORD_UNLOCKED,
        WITHDRAWAL_PASSWORD_LOCKED,
        WITHDRAWAL_PASSWORD_UNLOCKED,
        CASH_PASSWORD_LOCKED,
        CASH_PASSWORD_UNLOCKED,
        PASSWORD_RESET,
        ORDER_CREATED,
        ORDER_CHANGED,
        ORDER_PAUSED,
        ORDER_RESUMED,
        ORDER_CANCELLED,
    )
}
