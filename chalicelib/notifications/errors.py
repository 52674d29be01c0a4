"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, Refusal


class ChannelNotOffered(Refusal):
    code, status, rank = "channel_not_offered", 422, RANK_INSTRUCTION
    zh = "本行暂未开通该通知渠道，请选择其他渠道。"
    en = "The bank does not offer this channel for messages yet; please choose another one."


class ChannelNotBound(Refusal):
    code, status, rank = "channel_not_bound", 422, RANK_INSTRUCTION
    zh = "您选择的通知渠道“{channel}”尚未绑定，请先绑定。"
    en = "You chose a channel that is not bound yet: {channel}. Please bind it first."


class ChannelUnavailable(Refusal):
    code, status, rank, retry_after_s = "channel_unavailable", 503, RANK_INSTRUCTION, 60
    zh = "该通知渠道暂时无法连接，未作任何更改，请稍后重新发起。"
    en = "The channel could not be reached, and nothing was changed; please begin again later."


class WechatCodeInvalid(Refusal):
    code, status, rank = "wechat_code_invalid", 422, RANK_INSTRUCTION
    zh = "微信授权已失效，请在手机银行重新授权。"
    en = "The authorisation by WeChat is over; please authorise again in the app."
