"""A customer's own log over HTTP (日志查询, YQ-4.2.2-log)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.audit import service
from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.platform import clock, fields
from chalicelib.platform.dynamo import decode_cursor, encode_cursor
from chalicelib.platform.errors import CursorMalformed
from chalicelib.platform.http import Api, Call, Query, View

api = Api(__name__)


class SecurityEventView(View):
    """One event; `facts` are masked."""

    id: str
    kind: Annotated[str, Field(description="不变的代码 / a code that never changes", examples=["logged_in"])]
    category: str
    text: Annotated[str, Field(description="按 Accept-Language / by Accept-Language")]
    at: fields.Timestamp
    session_id: str | None
    device_id: str | None
    current_session: Annotated[bool, Field(description="是否本次会话 / whether this very session did it")]
    facts: dict[str, str]


class SecurityEventPage(View):
    events: list[SecurityEventView]
    next_cursor: fields.Cursor | None


class SecurityEventQuery(Query):
    """A period of dates (Shanghai), both included, a category, and a page."""

    category: Annotated[
        Literal["login", "device", "setting"] | None,
        Field(description="类别：登录、设备、设置 / category"),
    ] = None
    date_from: Annotated[fields.CalendarDate | None, Field(description="起始日期（上海）/ first date (Shanghai)")] = (
        None
    )
    date_to: Annotated[fields.CalendarDate | None, Field(description="截止日期（上海）/ last date (Shanghai)")] = None
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


@api.operation(
    "GET",
    "/v1/security-events",
    zh="日志查询，最新在前；一页可能不满，以 next_cursor 为准",
    en="The caller's own log, newest first; a page may be short, next_cursor tells whether there is more",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_READ,
    query=SecurityEventQuery,
    answer=SecurityEventPage,
    refusals=(CursorMalformed,),
)
def read_log(call: Call) -> SecurityEventPage:
    """A page of the caller's log-ins, devices and changed settings."""
    query = call.params(SecurityEventQuery)
    caller = call.caller
    since = clock.start_of_day(query.date_from) if query.date_from else None
    before = clock.start_of_day(query.date_to) + dt.timedelta(days=1) if query.date_to else None
    after = decode_cursor(query.cursor, "customer_id", caller.customer_id, "event")
    if since and before and since >= before:
        return SecurityEventPage(events=[], next_cursor=None)
    if after is not None and not service.is_in_period(after["event"]["S"], since, before):
        raise CursorMalformed()  # the engine takes no start outside what is asked for
    events, last = service.page(
        caller.customer_id, since=since, before=before, category=query.category, limit=query.limit, after=after
    )
    return SecurityEventPage(
        events=[
            SecurityEventView(
                id=event.event.rpartition("#")[2],
                kind=event.kind.code,
                category=event.kind.category,
                text=event.kind.text(call.language),
                at=event.at,
                session_id=event.session_id,
                device_id=event.device_id,
                current_session=event.session_id == caller.session_id,
                facts=event.facts,
            )
            for event in events
        ],
        next_cursor=encode_cursor(last),
    )
