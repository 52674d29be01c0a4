"""Notices over HTTP, without log-in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.maintenance import service
from chalicelib.platform import clock, fields
from chalicelib.platform.http import Api, Call, View

api = Api(__name__)


class NoticeView(View):
    """A planned suspension."""

    id: str
    state: Literal["planned", "running", "over"]
    published_at: fields.Timestamp
    starts_at: fields.Timestamp
    ends_at: fields.Timestamp
    affects: Annotated[str, Field(description="影响范围 / what is affected")]
    text_zh: str
    text_en: str


class WayOut(View):
    """Where the bank serves its customers meanwhile (NB-5.1.8-6)."""

    text_zh: str
    text_en: str
    working_hours: Annotated[str, Field(description="营业时间 / working hours, Shanghai", examples=["09:00-17:00"])]


class NoticeList(View):
    notices: list[NoticeView]
    way_out: WayOut


@api.operation("GET", "/v1/notices", zh="停机公告", en="Planned suspensions", auth=None, answer=NoticeList)
def read_all(call: Call) -> NoticeList:
    """All current notices, the next first."""
    now = clock.now()
    way_out = service.way_out(now)
    return NoticeList(
        notices=[_view(notice, clock.to_text(now)) for notice in service.listed(now)],
        way_out=WayOut(text_zh=way_out.zh, text_en=way_out.en, working_hours=way_out.working_hours),
    )


def _view(notice: service.Notice, now_text: str) -> NoticeView:
    state: Literal["planned", "running", "over"] = "running"
    if now_text < notice.starts_at:
        state = "planned"
    elif now_text >= notice.ends_at:
        state = "over"
    return NoticeView(
        id=notice.notice_id,
        state=state,
        published_at=notice.published_at,
        starts_at=notice.starts_at,
        ends_at=notice.ends_at,
        affects=notice.affects,
        text_zh=notice.zh,
        text_en=notice.en,
    )
