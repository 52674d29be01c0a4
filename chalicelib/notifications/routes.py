"""The inbox over HTTP."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from pydantic import Field, model_validator

from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.notifications import service
from chalicelib.notifications.commands.mark_read import mark_read
from chalicelib.platform import fields
from chalicelib.platform.dynamo import decode_cursor, encode_cursor
from chalicelib.platform.errors import CursorMalformed, NotFound, OutcomeUnknown, TryAgain
from chalicelib.platform.headers import is_known
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View
from chalicelib.platform.masking import mask_account

api = Api(__name__)

_Number = Annotated[
    int, Field(ge=1, description="消息序号，按到达顺序 / the message's number, in the order of arrival", examples=[17])
]
_Unread = Annotated[int, Field(description="未读条数 / how many messages are not read", examples=[3])]


class NotificationView(View):
    """One notification."""

    id: str
    number: Annotated[
        int | None,
        Field(description="序号，用于标记已读；早期消息无序号，视为已读 / to mark it as read; older ones have none"),
    ]
    kind: str
    text: Annotated[
        str,
        Field(description="按 Accept-Language；无英文者为中文 / by Accept-Language; Chinese where there is no English"),
    ]
    created_at: fields.Timestamp
    is_read: bool
    account: fields.MaskedAccount | None
    transfer_id: str | None


class NotificationPage(View):
    notifications: list[NotificationView]
    unread: _Unread
    next_cursor: fields.Cursor | None


class NotificationQuery(Query):
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


@api.operation(
    "GET",
    "/v1/notifications",
    zh="消息列表，最新在前；可用 ETag 与 If-None-Match 轮询，未变化时答复 304",
    en="Notifications, newest first; poll by ETag and If-None-Match: 304 while nothing has changed",
    auth=identity.checks_session,
    entitlement=entitlements.NOTIFICATIONS_READ,
    query=NotificationQuery,
    answer=NotificationPage,
    refusals=(CursorMalformed,),
    also=(304,),
)
def read_page(call: Call) -> Answer:
    """A page of the caller's inbox. Where nothing has arrived or was read since, one item is all that is read."""
    query = call.params(NotificationQuery)
    customer_id = call.caller.customer_id
    after = decode_cursor(query.cursor, "customer_id", customer_id, "notification_id")
    # Before the page: what arrives in between is in the page, and the next poll tells of it again.
    head = service.head_of(customer_id)
    etag = {"ETag": _tag(head, query, call.language), "Vary": "Accept-Language"}
    if is_known(call.header("if-none-match"), etag["ETag"]):
        return Answer(None, 304, etag)
    items, last = service.inbox_page(customer_id, query.limit, after)
    page = NotificationPage(
        notifications=[
            NotificationView(
                id=item.notification_id.rpartition("#")[2],
                number=_number(item),
                kind=item.kind,
                text=_text(item, call.language),
                created_at=item.created_at,
                is_read=head.is_read(_number(item)),
                account=mask_account(item.account_id) if item.account_id else None,
                transfer_id=item.entry_id,
            )
            for item in items
        ],
        unread=head.unread,
        next_cursor=encode_cursor(last),
    )
    return Answer(page, headers=etag)


def _tag(head: service.Head, query: NotificationQuery, language: str) -> str:
    """Of this page, in this language, of this customer: an app that keeps one for another finds it of no use."""
    of = json.dumps([head.customer_id, head.revision, query.limit, query.cursor, language])
    return f'"{hashlib.sha256(of.encode()).hexdigest()[:32]}"'


def _number(item: service.InboxItem) -> int | None:
    return None if item.number is None else int(item.number)


def _text(item: service.InboxItem, language: str) -> str:
    return item.text_en if language == "en" and item.text_en else item.text


class ReadMarks(Body):
    """Which messages were read: some by their numbers, or all up to one."""

    numbers: Annotated[
        list[_Number] | None, Field(min_length=1, max_length=100, description="已读的各条 / each of them")
    ] = None
    up_to: Annotated[_Number | None, Field(description="此前（含）全部已读 / all up to this one")] = None

    @model_validator(mode="after")
    def _is_one(self) -> ReadMarks:
        fields.present_if(self.up_to, wanted=self.numbers is None)
        return self


class UnreadView(View):
    unread: _Unread


@api.operation(
    "POST",
    "/v1/notifications/read-marks",
    zh="标记消息为已读（可重复提交）",
    en="Mark notifications as read (may be sent again)",
    auth=identity.checks_session,
    entitlement=entitlements.NOTIFICATIONS_READ,
    body=ReadMarks,
    answer=UnreadView,
    refusals=(NotFound, TryAgain, OutcomeUnknown),
)
def mark(call: Call) -> UnreadView:
    """What arrived since the customer looked stays unread."""
    body = call.json(ReadMarks)
    head = mark_read(call.caller.customer_id, numbers=body.numbers or (), up_to=body.up_to)
    return UnreadView(unread=head.unread)
