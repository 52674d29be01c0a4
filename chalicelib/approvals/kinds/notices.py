"""Notices of suspended service are published and taken back by two people, special cases too (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.approvals.domain import Decision, Kind, Proposal, Write
from chalicelib.approvals.kinds.parameter_change import BothLanguages
from chalicelib.maintenance.commands.publish_notice import plan_notice, plan_withdrawal
from chalicelib.maintenance.errors import NoticeClosed, NoticeMalformed, NoticeTooLate
from chalicelib.maintenance.service import Wish, Words
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Body
from chalicelib.staff import service as staff


class NewNotice(Body):
    """What customers are told; `urgent` is a special case, whose reason is the request's."""

    kind: Annotated[
        Literal["planned", "urgent"],
        Field(description="planned 计划公告，须提前；urgent 特殊公告 / planned: ahead; urgent: a special case"),
    ]
    starts_at: fields.Moment
    ends_at: fields.Moment
    affects: Annotated[
        str,
        StringConstraints(min_length=1, max_length=60, strip_whitespace=True),
        AfterValidator(fields.printable),
        Field(description="影响范围 / what is affected", examples=["transfers"]),
    ]
    title: Annotated[BothLanguages, Field(description="标题 / title")]
    text: Annotated[BothLanguages, Field(description="正文 / text")]


class NoticeWithdrawal(Body):
    """Which notice."""

    notice_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]


def _publish(payload: NewNotice, now: dt.datetime) -> Proposal:
    wish = Wish(
        payload.kind,
        clock.from_text(payload.starts_at),
        clock.from_text(payload.ends_at),
        payload.affects,
        Words(**payload.title.model_dump()),
        Words(**payload.text.model_dump()),
    )
    plan = plan_notice(wish, now)

    def writes(by: Decision) -> list[Write]:
        return [plan.write(by.approval_id, by.now)]

    return Proposal(
        branch_id=staff.HEAD_OFFICE,
        before={},
        after={**_facts(wish), "state": "published"},
        writes=writes,
        latest=plan.before,
    )


def _withdraw(payload: NoticeWithdrawal, now: dt.datetime) -> Proposal:
    plan = plan_withdrawal(payload.notice_id, now)
    known = _facts(plan.notice.wish())

    def writes(by: Decision) -> list[Write]:
        return [plan.write(by.now)]

    return Proposal(
        branch_id=staff.HEAD_OFFICE,
        before={**known, "state": "published"},
        after={**known, "state": "withdrawn"},
        writes=writes,
        latest=clock.from_text(plan.notice.ends_at),
    )


def _facts(wish: Wish) -> dict[str, str]:
    return {
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
    "affects": ("影响范围", "affects"),
    "title_zh": ("标题（中文）", "title in Chinese"),
    "title_en": ("标题（英文）", "title in English"),
    "text_zh": ("正文（中文）", "text in Chinese"),
    "text_en": ("正文（英文）", "text in English"),
    "state": ("状态", "state"),
}
NOTICE_PUBLICATION = Kind(
    code="notice.publish",
    zh="发布停机公告",
    en="publication of a notice",
    payload=NewNotice,
    words=_WORDS,
    makes=staff.NOTICES_PUBLISH,
    checks=staff.NOTICES_APPROVE,
    propose=_publish,
    refusals=(NoticeMalformed, NoticeTooLate),
)
NOTICE_WITHDRAWAL = Kind(
    code="notice.withdraw",
    zh="撤回停机公告",
    en="withdrawal of a notice",
    payload=NoticeWithdrawal,
    words=_WORDS,
    makes=staff.NOTICES_PUBLISH,
    checks=staff.NOTICES_APPROVE,
    propose=_withdraw,
    refusals=(NotFound, NoticeClosed),
)
