"""The inbox over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.notifications import service
from chalicelib.platform import fields
from chalicelib.platform.dynamo import decode_cursor, encode_cursor
from chalicelib.platform.errors import CursorMalformed
from chalicelib.platform.http import Api, Call, Query, View
from chalicelib.platform.masking import mask_account

api = Api(__name__)


class NotificationView(View):
    """One notification."""

    id: str
    kind: str
    text: Annotated[
        str,
        Field(description="按 Accept-Language；无英文者为中文 / by Accept-Language; Chinese where there is no English"),
    ]
    created_at: fields.Timestamp
    account: fields.MaskedAccount | None
    transfer_id: str | None


class NotificationPage(View):
    notifications: list[NotificationView]
    next_cursor: fields.Cursor | None


class NotificationQuery(Query):
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


@api.operation(
    "GET",
    "/v1/notifications",
    zh="消息列表，最新在前",
    en="Notifications, newest first",
    auth=identity.checks_session,
    entitlement=entitlements.NOTIFICATIONS_READ,
    query=NotificationQuery,
    answer=NotificationPage,
    refusals=(CursorMalformed,),
)
def read_page(call: Call) -> NotificationPage:
    """A page of the caller's inbox."""
    query = call.params(NotificationQuery)
    customer_id = call.caller.customer_id
    after = decode_cursor(query.cursor, "customer_id", customer_id, "notification_id")
    items, last = service.inbox_page(customer_id, query.limit, after)
    return NotificationPage(
        notifications=[
            NotificationView(
                id=item.notification_id.rpartition("#")[2],
                kind=item.kind,
                text=_text(item, call.language),
                created_at=item.created_at,
                account=mask_account(item.account_id) if item.account_id else None,
                transfer_id=item.entry_id,
            )
            for item in items
        ],
        next_cursor=encode_cursor(last),
    )


def _text(item: service.InboxItem, language: str) -> str:
    return item.text_en if language == "en" and item.text_en else item.text
