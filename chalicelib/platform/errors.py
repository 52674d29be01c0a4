"""Refusals: one class and one stable code each. `platform.http` turns them into RFC 9457 problem+json.

A Refusal is permanent and the caller's to act on. Retryable means nothing was decided: try again.
"""

from __future__ import annotations

from typing import ClassVar

# What states are called in Chinese sentences; the facts of a problem keep the stable English word.
_ZH_WORDS = {
    "open": "正常",
    "dormant": "睡眠",
    "frozen": "冻结",
    "lost": "挂失",
    "closed": "销户",
    "awaiting": "待确认",
    "posted": "已入账",
    "pending": "待到账",
    "cancelled": "已撤销",
    "held": "资金已圈存",
    "released": "已解除圈存",
    "expired": "已过期",
    "asked": "待答复",
    "agreed": "已同意",
    "refused": "已拒绝",
    "withdrawn": "已撤回",
    "returned": "已退回",
    "waiting": "待对账",
    "confirmed": "已确认",
    "disputed": "有异议",
    "resolved": "异议已办结",
    "unanswered": "逾期未答复",
    "taken": "处理中",
    "replied": "已答复",
    "missing": "不存在",
    "active": "有效",
    "applied": "待下载",
    "revoked": "已吊销",
    "locked": "已锁定",
    "sms": "短信验证码",
    "token": "动态令牌",
    "certificate": "数字证书",
    "phone": "手机盾",
    "cloud": "云证书",
    "usb_key": "USBKey",
    "branch": "网点柜面",
    "none": "无",
}


class Refusal(Exception):
    """A request is refused and nothing was changed.

    `code` never changes once published. `zh` and `en` say what the customer can do; `{name}` in them is
    filled from the facts given. `rank` is the place in the documented order of refusals: when several
    rules are broken, the lowest is told. `retry_after_s` is set when trying again later makes sense.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    zh: ClassVar[str]
    en: ClassVar[str]
    rank: ClassVar[int] = 0
    retry_after_s: int | None = None

    def __init__(self, **facts: str) -> None:
        super().__init__(self.code)
        self.facts = facts

    @property
    def is_fault(self) -> bool:
        """Whether it is the bank that could not, whatever was asked."""
        return self.status >= 500

    def text(self, language: str) -> str:
        """The sentence for `language` (`zh` or `en`)."""
        if language == "en":
            return self.en.format(**self.facts)
        return self.zh.format(**{name: _in_chinese(value) for name, value in self.facts.items()})


def _in_chinese(fact: str) -> str:
    """A word, or a list of words (`phone,usb_key`), in Chinese; anything else stays as it is."""
    words = fact.split(",")
    return "、".join(_ZH_WORDS[word] for word in words) if all(word in _ZH_WORDS for word in words) else fact


class Retryable(Exception):
    """A worker could not finish for a passing reason; the same message is to be tried again."""


# Ranks follow the order of refusals in docs/errors.md: lower is told first.
RANK_SESSION = 10
RANK_MALFORMED = 20
RANK_KEY_REUSED = 30
RANK_INSTRUCTION = 35
RANK_RIGHT = 50
RANK_PAYER = 60
RANK_SWITCH = 70
RANK_PAYEE = 80
RANK_FACTOR = 90
RANK_SINGLE = 100
RANK_CUSTOMER_DAY = 110
RANK_ACCOUNT_DAY = 120
RANK_ACCOUNT_MONTH = 130
RANK_ACCOUNT_YEAR = 140
RANK_ACCOUNT_COUNT = 150
RANK_FUNDS = 160


class MalformedRequest(Refusal):
    """The body or a parameter does not fit the contract; `errors` lists where and how."""

    code, status, rank = "malformed_request", 400, RANK_MALFORMED
    zh = "请求内容不符合接口约定，请检查 errors 中列出的字段。"
    en = "The request does not fit the contract; see the fields listed in errors."

    def __init__(self, errors: list[dict[str, str]] | None = None, **facts: str) -> None:
        super().__init__(**facts)
        self.errors = errors or []


class MalformedJson(Refusal):
    code, status, rank = "malformed_json", 400, RANK_MALFORMED
    zh = "请求体不是有效的 JSON。"
    en = "The request body is not valid JSON."


class IdempotencyKeyMissing(Refusal):
    code, status, rank = "idempotency_key_missing", 400, RANK_MALFORMED
    zh = "缺少 Idempotency-Key 请求头，或其格式不正确（8 至 64 个字母、数字、连字符、下划线）。"
    en = "The Idempotency-Key header is missing or malformed (8 to 64 letters, digits, - and _)."


class BodyTooLarge(Refusal):
    code, status, rank = "body_too_large", 413, RANK_MALFORMED
    zh = "请求体过大，最多 {max_bytes} 字节。"
    en = "The request body is too large; at most {max_bytes} bytes."


class UnsupportedMediaType(Refusal):
    code, status, rank = "unsupported_media_type", 415, RANK_MALFORMED
    zh = "请使用 Content-Type: application/json。"
    en = "Use Content-Type: application/json."


class MethodNotAllowed(Refusal):
    code, status, rank = "method_not_allowed", 405, RANK_MALFORMED
    zh = "该地址不支持此方法。"
    en = "This address does not support the method."


class NotFound(Refusal):
    """Also the answer for what belongs to another customer (NB-5.1.4): the two look alike."""

    code, status, rank = "not_found", 404, RANK_MALFORMED
    zh = "未找到所请求的内容。"
    en = "What was asked for was not found."


class AmountMalformed(Refusal):
    code, status, rank = "amount_malformed", 400, RANK_MALFORMED
    zh = '金额须为字符串，如 "1234.56"，不带符号，最多两位小数。'
    en = 'An amount is a string such as "1234.56": no sign, at most two decimals.'


class AmountOutOfRange(Refusal):
    code, status, rank = "amount_out_of_range", 400, RANK_MALFORMED
    zh = "金额超出允许范围：须大于零且不超过 10,000,000,000,000.00 元。"
    en = "The amount is out of range: above zero and at most 10,000,000,000,000.00."


class CurrencyUnsupported(Refusal):
    code, status, rank = "currency_unsupported", 400, RANK_MALFORMED
    zh = "仅支持人民币（CNY）。"
    en = "Only CNY is supported."


class CursorMalformed(Refusal):
    code, status, rank = "cursor_malformed", 400, RANK_MALFORMED
    zh = "翻页游标无效，请使用上一页返回的 next_cursor。"
    en = "The cursor is not valid; use next_cursor of the page before."


class TryAgain(Refusal):
    """Contention or a throttle outlasted the time budget; nothing was changed."""

    code, status, retry_after_s = "try_again", 503, 1
    zh = "系统繁忙，本次未执行，请稍后重试（发起转账须用同一 Idempotency-Key）。"
    en = "The system is busy and nothing was done; try again (a transfer with the same Idempotency-Key)."


class OutcomeUnknown(Refusal):
    """The engine did not answer in time: the write may or may not have happened."""

    code, status, retry_after_s = "outcome_unknown", 503, 2
    zh = "处理结果暂时未知，请原样重发本请求（发起转账须用同一 Idempotency-Key），切勿另行发起。"
    en = "The outcome is not known yet; send this very request again (a transfer with the same Idempotency-Key)."


class InternalError(Refusal):
    """Our fault. The correlation id in the answer leads to the log."""

    code, status = "internal_error", 500
    zh = "系统内部错误，请稍后重试或联系客服，并提供 correlation_id。"
    en = "An internal error; try later or contact us with the correlation_id."
