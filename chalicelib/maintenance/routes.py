"""Notices over HTTP, without log-in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.maintenance import service
from chalicelib.platform import clock, fields
from chalicelib.platform.http import Api, Call, View

api = Api(__name__)


class NoticeView(View):
    """A suspension: planned ahead, or a special case (`urgent`)."""

    id: str
    kind: Literal["planned", "urgent"]
    state: Literal["planned", "running", "over", "withdrawn", "replaced"]
    published_at: fields.Timestamp
    withdrawn_at: fields.Timestamp | None
    starts_at: fields.Timestamp
    ends_at: fields.Timestamp
    planned_ends_at: Annotated[
        fields.Timestamp | None, Field(description="提前结束的，原定结束时间 / ended early: until when it was to last")
    ]
    shortened_at: Annotated[
        fields.Timestamp | None, Field(description="提前结束的公布时间 / ended early: when that was published")
    ]
    replaces: Annotated[str | None, Field(description="变更自哪项公告 / the notice that this one changes")]
    replaced_by: Annotated[str | None, Field(description="已由哪项公告代替 / the notice that took its place")]
    scope: Annotated[str, Field(description="暂停哪些服务 / what is suspended", examples=["transfers"])]
    scope_zh: str
    scope_en: str
    affects: Annotated[str, Field(description="影响范围 / what is affected")]
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    reason_zh: str | None
    reason_en: str | None
    alternatives_zh: str | None
    alternatives_en: str | None


class WayOut(View):
    """Where the bank serves its customers meanwhile (NB-5.1.8-6)."""

    text_zh: str
    text_en: str
    contact_zh: Annotated[str, Field(description="联系方式 / how to reach the bank", examples=["联系我行"])]
    contact_en: str
    working_hours: Annotated[str, Field(description="营业时间 / working hours, Shanghai", examples=["09:00-17:00"])]


class NoticeList(View):
    notices: list[NoticeView]
    way_out: WayOut


@api.operation("GET", "/v1/notices", zh="停机公告", en="Notices of suspended service", auth=None, answer=NoticeList)
def read_all(call: Call) -> NoticeList:
    """All current notices, the next first."""
    now = clock.now()
    way_out = service.way_out(now)
    return NoticeList(
        notices=[_view(notice, clock.to_text(now)) for notice in service.listed(now)],
        way_out=WayOut(
            text_zh=way_out.zh,
            text_en=way_out.en,
            contact_zh=way_out.contact_zh,
            contact_en=way_out.contact_en,
            working_hours=way_out.working_hours,
        ),
    )


def _view(notice: service.Notice, now_text: str) -> NoticeView:
    scope, reason, other = service.words_of_scope(notice.scope), notice.reason, notice.alternatives
    return NoticeView.model_validate(
        {
            "id": notice.notice_id,
            "kind": notice.kind,
            "state": notice.state_at(now_text),
            "published_at": notice.published_at,
            "withdrawn_at": notice.withdrawn_at,
            "starts_at": notice.starts_at,
            "ends_at": notice.ends_at,
            "planned_ends_at": notice.planned_ends_at,
            "shortened_at": notice.shortened_at,
            "replaces": notice.replaces,
            "replaced_by": notice.replaced_by,
            "scope": notice.scope,
            "scope_zh": scope.zh,
            "scope_en": scope.en,
            "affects": notice.affects,
            "title_zh": notice.title.zh,
            "title_en": notice.title.en,
            "text_zh": notice.text.zh,
            "text_en": notice.text.en,
            "reason_zh": reason.zh if reason else None,
            "reason_en": reason.en if reason else None,
            "alternatives_zh": other.zh if other else None,
            "alternatives_en": other.en if other else None,
        }
    )
