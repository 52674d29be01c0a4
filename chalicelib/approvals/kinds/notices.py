"""Notices of suspended service are published and taken back by two people, special cases too (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.approvals.domain import Decision, Kind, Proposal, Write
from chalicelib.approvals.kinds.parameter_change import BothLanguages
from chalicelib.maintenance.commands.publish_notice import (
    Publication,
    plan_change,
    plan_early_end,
    plan_notice,
    plan_withdrawal,
)
from chalicelib.maintenance.errors import (
    NoticeBoardFull,
    NoticeClosed,
    NoticeMalformed,
    NoticeNotRunning,
    NoticeTooLate,
)
from chalicelib.maintenance.service import Notice, Wish, Words, words_of_scope
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.texts import printable
from chalicelib.staff import service as staff


class NewNotice(Body):
    """What customers are told; `urgent` is a special case, whose reason is the request's."""

    kind: Annotated[
        Literal["planned", "urgent"],
        Field(description="planned 计划公告，须提前；urgent 特殊公告 / planned: ahead; urgent: a special case"),
    ]
    starts_at: fields.Moment
    ends_at: fields.Moment
    scope: Annotated[
        Literal[
            "everything",
            "transfers",
            "other_banks",
            "standing_orders",
            "batches",
            "scanned_codes",
            "cards",
            "sign_up",
            "settings",
            "nothing",
        ],
        Field(description="暂停哪些服务；nothing 仅公告 / what is suspended; nothing: an announcement only"),
    ] = "nothing"
    affects: Annotated[
        str,
        StringConstraints(min_length=1, max_length=60, strip_whitespace=True),
        AfterValidator(printable),
        Field(description="影响范围 / what is affected", examples=["transfers"]),
    ]
    title: Annotated[BothLanguages, Field(description="标题 / title")]
    text: Annotated[BothLanguages, Field(description="正文 / text")]
    reason: Annotated[BothLanguages | None, Field(description="原因（对客户）/ why, for customers")] = None
    alternatives: Annotated[
        BothLanguages | None, Field(description="替代办法，缺省为网点 / what to do meanwhile; a branch, if left out")
    ] = None


class NoticeWithdrawal(Body):
    """Which notice."""

    notice_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class NoticeChange(NewNotice):
    """Which notice, and all that its next version says."""

    notice_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]


def _wish(payload: NewNotice) -> Wish:
    return Wish(
        payload.kind,
        clock.from_text(payload.starts_at),
        clock.from_text(payload.ends_at),
        payload.affects,
        Words(**payload.title.model_dump()),
        Words(**payload.text.model_dump()),
        payload.scope,
        Words(**payload.reason.model_dump()) if payload.reason else None,
        Words(**payload.alternatives.model_dump()) if payload.alternatives else None,
    )


def _publish(payload: NewNotice, now: dt.datetime) -> Proposal:
    return _published(plan_notice(_wish(payload), now), {})


def _change(payload: NoticeChange, now: dt.datetime) -> Proposal:
    plan = plan_change(payload.notice_id, _wish(payload), now)
    return _published(plan, _known(plan.changes))


def _published(plan: Publication, before: dict[str, str]) -> Proposal:
    def writes(by: Decision) -> list[Write]:
        return [*plan.writes(by.approval_id, by.now)]

    return Proposal(
        branch_id=staff.HEAD_OFFICE,
        before=before,
        after={**_facts(plan.wish), "state": "published"},
        writes=writes,
        latest=plan.before,
    )


def _withdraw(payload: NoticeWithdrawal, now: dt.datetime) -> Proposal:
    plan = plan_withdrawal(payload.notice_id, now)
    return _closed(plan.notice, "withdrawn", lambda by: [*plan.writes(by.now)])


def _end(payload: NoticeWithdrawal, now: dt.datetime) -> Proposal:
    plan = plan_early_end(payload.notice_id, now)
    return _closed(plan.notice, "ended_early", lambda by: [*plan.writes(by.now)])


def _closed(notice: Notice, state: str, writes: Callable[[Decision], list[Write]]) -> Proposal:
    known = _known(notice)
    return Proposal(
        branch_id=staff.HEAD_OFFICE,
        before=known,
        after={**known, "state": state},
        writes=writes,
        latest=clock.from_text(notice.ends_at),
    )


def _known(notice: Notice | None) -> dict[str, str]:
    return {**_facts(notice.wish()), "state": "published"} if notice is not None else {}


def _facts(wish: Wish) -> dict[str, str]:
    scope = words_of_scope(wish.scope)
    facts = {"scope": f"{wish.scope} {scope.zh} / {scope.en}"}
    for name, words in (("reason", wish.reason), ("alternatives", wish.alternatives)):
        if words is not None:
            facts |= {f"{name}_zh": words.zh, f"{name}_en": words.en}
    return facts | {
        "kind": wish.kind,
        "starts_at": clock.to_local_text(wish.starts_at),
        "ends_at": clock.to_local_text(wish.ends_at),
        "affects": wish.affects,
        "title_zh": wish.title.zh,
        "title_en": wish.title.en,
        "text_zh": wish.text.zh,
        "text_en": wish.text.en,
    }


_WORDS = {
    "kind": ("类别（planned 计划，urgent 特殊）", "kind"),
    "starts_at": ("开始时间（上海）", "starts at (Shanghai)"),
    "ends_at": ("结束时间（上海）", "ends at (Shanghai)"),
    "scope": ("暂停的服务", "what is suspended"),
    "affects": ("影响范围", "affects"),
    "title_zh": ("标题（中文）", "title in Chinese"),
    "title_en": ("标题（英文）", "title in English"),
    "text_zh": ("正文（中文）", "text in Chinese"),
    "text_en": ("正文（英文）", "text in English"),
    "reason_zh": ("原因（中文）", "reason in Chinese"),
    "reason_en": ("原因（英文）", "reason in English"),
    "alternatives_zh": ("替代办法（中文）", "alternatives in Chinese"),
    "alternatives_en": ("替代办法（英文）", "alternatives in English"),
    "state": ("状态", "state"),
}
_SHARED: dict[str, Any] = {"words": _WORDS, "makes": staff.NOTICES_PUBLISH, "checks": staff.NOTICES_APPROVE}
NOTICE_PUBLICATION = Kind(
    code="notice.publish",
    zh="发布停机公告",
    en="publication of a notice",
    payload=NewNotice,
    propose=_publish,
    refusals=(NoticeMalformed, NoticeTooLate, NoticeBoardFull),
    **_SHARED,
)
NOTICE_CHANGE = Kind(
    code="notice.change",
    zh="变更停机公告",
    en="change of a notice",
    payload=NoticeChange,
    propose=_change,
    refusals=(NotFound, NoticeClosed, NoticeMalformed, NoticeTooLate, NoticeBoardFull),
    **_SHARED,
)
NOTICE_WITHDRAWAL = Kind(
    code="notice.withdraw",
    zh="撤回停机公告",
    en="withdrawal of a notice",
    payload=NoticeWithdrawal,
    propose=_withdraw,
    refusals=(NotFound, NoticeClosed),
    **_SHARED,
)
NOTICE_END = Kind(
    code="notice.end",
    zh="提前结束停机",
    en="early end of a suspension",
    payload=NoticeWithdrawal,
    propose=_end,
    refusals=(NotFound, NoticeClosed, NoticeNotRunning),
    **_SHARED,
)
