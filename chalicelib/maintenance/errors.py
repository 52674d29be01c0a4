"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_MALFORMED, Refusal


class NoticeTooLate(Refusal):
    """NB-5.1.8-5."""

    code, status, rank = "notice_too_late", 422, RANK_MALFORMED
    zh = "计划停机须至少提前 {lead_h} 小时公告。"
    en = "A planned suspension must be announced at least {lead_h} hours ahead."


class NoticeMalformed(Refusal):
    code, status, rank = "notice_malformed", 422, RANK_MALFORMED
    zh = "公告内容不完整，或结束时间不晚于开始时间。"
    en = "The notice is incomplete, or it ends before it starts."


class NoticeIdTaken(Refusal):
    code, status, rank = "notice_id_taken", 409, RANK_MALFORMED
    zh = "该公告编号已被使用。"
    en = "This notice id has been used."
