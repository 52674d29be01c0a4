"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, RANK_MALFORMED, Refusal


class NoticeTooLate(Refusal):
    """NB-5.1.8-5."""

    code, status, rank = "notice_too_late", 422, RANK_MALFORMED
    zh = "计划停机须至少提前 {lead_h} 小时公告；确有特殊情况的，请作为特殊公告（urgent）申请。"
    en = "A planned suspension must be announced at least {lead_h} hours ahead; a special case is asked for as urgent."


class NoticeMalformed(Refusal):
    code, status, rank = "notice_malformed", 422, RANK_MALFORMED
    zh = "公告的结束时间须晚于开始时间，且尚未过去。"
    en = "A notice must end after it starts, and not in the past."


class NoticeClosed(Refusal):
    code, status, rank = "notice_closed", 409, RANK_INSTRUCTION
    zh = "该公告已撤回，或所述时段已结束。"
    en = "The notice was withdrawn, or its time is over."
