"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_MALFORMED, Refusal


class ParameterUnknown(Refusal):
    code, status, rank = "parameter_unknown", 404, RANK_MALFORMED
    zh = "没有名为 {name} 的参数。"
    en = "There is no parameter named {name}."


class ParameterOutOfBounds(Refusal):
    code, status, rank = "parameter_out_of_bounds", 422, RANK_MALFORMED
    zh = "参数 {name} 的取值不符合要求，应为：{bounds}。"
    en = "The value does not fit parameter {name}; it must be {bounds}."


class MessageTextRefused(Refusal):
    code, status, rank = "message_text_refused", 422, RANK_MALFORMED
    zh = "消息文本 {name} 不符合要求：{why_zh}。"
    en = "The value does not fit the message {name}: {why_en}."


class ParameterEffectiveDateRefused(Refusal):
    code, status, rank = "parameter_effective_date_refused", 422, RANK_MALFORMED
    zh = "生效时间须不早于 {earliest} 且不晚于 {latest}（上海时间）。"
    en = "The effective date must be from {earliest} to {latest}, Shanghai time."


class ParameterScheduleFull(Refusal):
    code, status, rank = "parameter_schedule_full", 422, RANK_MALFORMED
    zh = "该参数待生效的变更已达上限（{most} 项）。"
    en = "The parameter has {most} changes that wait for their moment already; no more are taken."
