"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, RANK_MALFORMED, RANK_SESSION, Refusal


class NoticeTooLate(Refusal):
    """NB-5.1.8-5."""

    code, status, rank = "notice_too_late", 422, RANK_MALFORMED
    zh = "计划停机须至少提前 {lead_h} 小时公告；确有特殊情况的，请作为特殊公告（urgent）申请。"
    en = "A planned suspension must be announced at least {lead_h} hours ahead; a special case is asked for as urgent."


class NoticeMalformed(Refusal):
    code, status, rank = "notice_malformed", 422, RANK_MALFORMED
    zh = "公告的结束时间须晚于开始时间，且尚未过去；开始、结束均不得距今超过一年。"
    en = "A notice must end after it starts, and not in the past; neither may be over a year from now."


class NoticeClosed(Refusal):
    code, status, rank = "notice_closed", 409, RANK_INSTRUCTION
    zh = "该公告已撤回，或所述时段已结束。"
    en = "The notice was withdrawn, or its time is over."


class NoticeBoardFull(Refusal):
    """What every function instance knows of suspensions stays short."""

    code, status, rank = "notice_board_full", 409, RANK_INSTRUCTION
    zh = "已公告且尚未结束的停机不能超过 {most} 项。"
    en = "At most {most} announced suspensions can be waiting or going on."


class NoticeNotRunning(Refusal):
    code, status, rank = "notice_not_running", 409, RANK_INSTRUCTION
    zh = "该公告所述时段尚未开始，不能提前结束；如不再需要，请撤回。"
    en = "The notice's time has not begun, so it cannot be ended early; withdraw it if it is no longer wanted."


class UnderMaintenance(Refusal):
    """NB-5.1.8-6. Told before anything else is looked at; `facts` carry the notice and where the bank serves meanwhile,
    in both languages.
    """

    code, status, rank = "under_maintenance", 503, RANK_SESSION
    zh = "该服务正在停机维护，预计 {until} 恢复，请届时再试；急需办理的，请在营业时间到本行任一网点。"
    en = "This service is suspended until {until} (Shanghai); try again then, or visit any of our branches meanwhile."

    def __init__(self, *, retry_after_s: int = 1, **facts: str) -> None:
        super().__init__(**facts)
        self.retry_after_s = retry_after_s
