"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_PAYEE, Refusal


class NoChannelOpen(Refusal):
    """No row of the table takes the payment at that moment; `opens` is when one does, where that is known."""

    code, status, rank = "no_channel_open", 422, RANK_PAYEE
    zh = "当前没有可办理该金额和到账方式的跨行渠道，最近开放时间：{opens}。"
    en = "No channel to other banks takes this amount and speed now; one opens at {opens}."


class AmountUnroutable(Refusal):
    """No row of the table takes the amount at that speed, whenever it is."""

    code, status, rank = "amount_unroutable", 422, RANK_PAYEE
    zh = "没有可办理该金额和到账方式的跨行渠道。"
    en = "No channel to other banks takes this amount at this speed."


class CalendarUnknown(Refusal):
    """The holidays of a year are decreed in the autumn before it: nobody guesses whether a day is a working day."""

    code, status, rank = "calendar_unknown", 503, RANK_PAYEE
    zh = "{day}是否为工作日尚未公布或尚未更新，暂不能办理该笔业务。"
    en = "Whether {day} is a working day is not known yet, so this payment cannot be made now."
