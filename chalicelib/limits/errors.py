"""Refusals of this context; `limit` and `remaining` are decimal strings, or counts."""

from __future__ import annotations

from chalicelib.platform.errors import (
    RANK_ACCOUNT_COUNT,
    RANK_ACCOUNT_DAY,
    RANK_ACCOUNT_MONTH,
    RANK_ACCOUNT_YEAR,
    RANK_CUSTOMER_DAY,
    RANK_FACTOR,
    RANK_SINGLE,
    Refusal,
)


class LimitExceeded(Refusal):
    """Base: a limit would be exceeded."""

    status = 422


class SingleLimitExceeded(LimitExceeded):
    code, rank = "single_limit_exceeded", RANK_SINGLE
    zh = "超过该账户单笔限额 {limit} 元。"
    en = "Over the account's limit for one transfer, {limit}."


class SmallAmountExceeded(LimitExceeded):
    """XJ-5.3-small: without the owner's agreement the amount is 0."""

    code, rank = "small_amount_exceeded", RANK_SINGLE
    zh = "超过您约定的小额免密单笔金额 {limit} 元（0.00 为未开通）；请选择其他确认方式，或在限额管理中开通、调整。"
    en = (
        "Over the {limit} that you agreed may be paid without confirmation (0.00: not agreed). Choose another way to "
        "confirm, or change it among your limits."
    )


class CustomerDayLimitExceeded(LimitExceeded):
    code, rank = "customer_day_limit_exceeded", RANK_CUSTOMER_DAY
    zh = "超过您当日对外转账限额 {limit} 元，今日剩余 {remaining} 元。"
    en = "Over your daily outward limit of {limit}; {remaining} remains today."


class NoCertificateLimitExceeded(LimitExceeded):
    code, rank = "no_certificate_day_limit_exceeded", RANK_CUSTOMER_DAY
    zh = "未使用数字证书的当日累计限额为 {limit} 元，今日剩余 {remaining} 元；请使用数字证书或到网点办理。"
    en = "Without a certificate {limit} a day; {remaining} remains today. Use a certificate or a branch."


class StrictDayLimitExceeded(LimitExceeded):
    """Electronic payment guideline no. 1, where the strict policy rules."""

    code, rank = "strict_day_limit_exceeded", RANK_CUSTOMER_DAY
    zh = "未使用数字证书的当日累计支付不得超过 {limit} 元，今日剩余 {remaining} 元；请使用数字证书。"
    en = "Without a certificate {limit} a day may be paid; {remaining} remains today. Use a certificate."


class StaticCodeLimitExceeded(LimitExceeded):
    """PBoC 2017 no. 296: what is printed may have been exchanged, so little is paid by it."""

    code, rank = "static_code_limit_exceeded", RANK_CUSTOMER_DAY
    zh = "扫静态收款码每日累计付款不得超过 {limit} 元，今日剩余 {remaining} 元；请收款人出示动态收款码。"
    en = "By static codes {limit} a day may be paid; {remaining} remains today. Ask the payee for a fresh code."


class NoFactorLimitExceeded(LimitExceeded):
    """XJ-5.3-small."""

    code, rank = "no_factor_day_limit_exceeded", RANK_CUSTOMER_DAY
    zh = "小额免密的当日累计限额为 {limit} 元，今日剩余 {remaining} 元；请使用验证码等方式确认。"
    en = "Without confirmation {limit} a day; {remaining} remains today. Confirm with a code or another factor."


class AccountDayLimitExceeded(LimitExceeded):
    code, rank = "account_day_limit_exceeded", RANK_ACCOUNT_DAY
    zh = "超过该账户日累计限额 {limit} 元，今日剩余 {remaining} 元。"
    en = "Over the account's daily limit of {limit}; {remaining} remains today."


class AccountMonthLimitExceeded(LimitExceeded):
    code, rank = "account_month_limit_exceeded", RANK_ACCOUNT_MONTH
    zh = "超过该账户月累计限额 {limit} 元，本月剩余 {remaining} 元。"
    en = "Over the account's monthly limit of {limit}; {remaining} remains this month."


class AccountYearLimitExceeded(LimitExceeded):
    code, rank = "account_year_limit_exceeded", RANK_ACCOUNT_YEAR
    zh = "超过该账户年累计限额 {limit} 元，本年剩余 {remaining} 元。"
    en = "Over the account's yearly limit of {limit}; {remaining} remains this year."


class AccountCountLimitExceeded(LimitExceeded):
    code, rank = "account_day_count_exceeded", RANK_ACCOUNT_COUNT
    zh = "超过该账户每日笔数限额 {limit} 笔。"
    en = "Over the account's number of transfers a day, {limit}."


class LimitAboveCeiling(Refusal):
    """XJ-5.3-limit: no factor and no sign-up sets a limit above the bank's own ceiling; two people may, by request."""

    code, status, rank = "limit_above_ceiling", 422, RANK_FACTOR
    zh = "超过我行规定的最高限额 {ceiling}，请在该额度内设置；确需更高的须到网点单独申请调整限额。"
    en = "Above the bank's own ceiling for this limit, {ceiling}; more takes a request of its own at a branch."
