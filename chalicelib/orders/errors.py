"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_FACTOR, RANK_INSTRUCTION, RANK_MALFORMED, Refusal


class OrderDatesUnfit(Refusal):
    code, status, rank = "order_dates_unfit", 400, RANK_MALFORMED
    zh = "日期不符：首次日期须在今日起一年内且符合所选周期；截止日期与次数只能选一项，不早于首次日期，不超过其后十年。"
    en = (
        "The dates do not fit: the first is a date of the schedule, from today on and within a year; the end is a date "
        "or a count, not before the first date and within ten years."
    )


class OrdersTooMany(Refusal):
    code, status, rank = "orders_too_many", 422, RANK_INSTRUCTION
    zh = "未结束的预约与定期转账已达上限（{most}项），请先取消不再需要的计划。"
    en = "There are as many open orders as there may be ({most}); cancel one that is no longer needed."


class OrderNotOpen(Refusal):
    code, status, rank = "order_not_open", 409, RANK_INSTRUCTION
    zh = "该计划当前状态（{state}）不能变更。"
    en = "The order cannot be changed in its state ({state})."


class OrderOvertaken(Refusal):
    """Somebody else was quicker: it is read and judged again. No caller sees this."""

    code, status = "order_overtaken", 409
    zh = "该计划刚刚发生变化，请重试。"
    en = "The order has just changed; try again."


class OrderFactorLost(Refusal):
    """NB-5.3.6: what a lost factor confirmed is not executed from the report on, until its loss is lifted."""

    code, status, rank = "order_factor_lost", 422, RANK_FACTOR
    zh = "确认该计划所用的认证工具已挂失或锁定，请重新设立该计划。"
    en = "The factor that confirmed the order was reported lost or is locked; please set the order up anew."
