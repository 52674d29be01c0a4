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


class MessageTextMalformed(Refusal):
    code, status, rank = "message_text_malformed", 422, RANK_MALFORMED
    zh = "消息文本 {name} 须有中文、英文各一条，每条1至{longest}个可显示字符，花括号成对，中文以【签名】开头。"
    en = (
        "The message {name} takes one text in Chinese and one in English, each of 1 to {longest} printable characters "
        "and with braces in pairs, the Chinese one beginning with a signature in lenticular brackets."
    )


class MessagePlaceholderUnknown(Refusal):
    code, status, rank = "message_placeholder_unknown", 422, RANK_MALFORMED
    zh = "消息文本 {name} 中的占位符 {placeholder} 不可用；可用的有：{known}，须原样书写。"
    en = "The message {name} cannot have the placeholder {placeholder}; it may have {known}, each written just so."


class MessagePlaceholderMissing(Refusal):
    code, status, rank = "message_placeholder_missing", 422, RANK_MALFORMED
    zh = "消息文本 {name} 的中文、英文中均须有占位符 {placeholder}。"
    en = "The message {name} must have the placeholder {placeholder}, in Chinese and in English."


class ParameterEffectiveDateRefused(Refusal):
    code, status, rank = "parameter_effective_date_refused", 422, RANK_MALFORMED
    zh = "生效时间须不早于 {earliest} 且不晚于 {latest}（上海时间）。"
    en = "The effective date must be from {earliest} to {latest}, Shanghai time."


class ParameterScheduleFull(Refusal):
    code, status, rank = "parameter_schedule_full", 422, RANK_MALFORMED
    zh = "该参数待生效的变更已达上限（{most} 项）。"
    en = "The parameter has {most} changes that wait for their moment already; no more are taken."
