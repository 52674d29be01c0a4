"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, RANK_MALFORMED, Refusal


class BusinessDateMalformed(Refusal):
    code, status, rank = "business_date_malformed", 400, RANK_MALFORMED
    zh = "营业日须为八位日期，如 20261121。"
    en = "A business date is eight digits, such as 20261121."


class BusinessDayNotOver(Refusal):
    code, status, rank = "business_day_not_over", 409, RANK_INSTRUCTION
    zh = "营业日 {date} 尚未结束，不能试算或日终。"
    en = "Business date {date} is not over: it has no trial balance and cannot be closed."


class BusinessDayOutOfOrder(Refusal):
    code, status, rank = "business_day_out_of_order", 409, RANK_INSTRUCTION
    zh = "营业日须按顺序日终，下一个应为 {next}。"
    en = "Business dates close in order; the next one is {next}."


class BusinessDayPending(Refusal):
    """Workers have not passed the cut-off. Lines and legs that are due will come, or are with the dead letters."""

    code, status, rank, retry_after_s = "business_day_pending", 409, RANK_INSTRUCTION, 60
    zh = "营业日 {date} 尚有未入账内容：{accounts} 个账户的明细、{entries} 笔分录，稍后重试。"
    en = "Business date {date} has work pending: lines of {accounts} accounts, legs of {entries} entries; try later."


class BusinessDayUnbalanced(Refusal):
    code, status, rank = "business_day_unbalanced", 409, RANK_INSTRUCTION
    zh = "营业日 {date} 试算不平：差额 {difference} 元，{findings} 处不符，不能日终，请核查。"
    en = "Business date {date} does not balance: off by {difference}, {findings} findings; it cannot be closed."


class TillsNotClosed(Refusal):
    code, status, rank = "tills_not_closed", 409, RANK_INSTRUCTION
    zh = "营业日 {date} 尚有尾箱未轧账交回（柜员 {tills}），不能日终。"
    en = "Business date {date} cannot be closed while tills are out (tellers {tills})."
