"""Tell customers of a notice, a page of them a message: by inbox alone, as an SMS to everybody costs what it tells."""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import service as customers
from chalicelib.maintenance import service as maintenance
from chalicelib.maintenance.commands.announce import page_message
from chalicelib.notifications import domain, store
from chalicelib.notifications.store import InboxItem
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, queues


def tell_page(notice_id: str, occasion: str, after: str, correlation_id: str, now: dt.datetime) -> int | None:
    """Put one occasion of a notice into the inboxes of the customers after that one, and ask for the next page; how
    many customers. None where it is no news any more: withdrawn, changed, or its time is over.

    Each is told once however often the page comes. Raises Retryable when the queue fails.
    """
    news = maintenance.news_at(notice_id, occasion, now)
    if news is None:
        return None
    notice, at = news
    zh, en = domain.notice_texts(
        parameters.value(parameters.NOTICE_TEXTS[occasion], now),
        title=(notice.title.zh, notice.title.en),
        text=(notice.text.zh, notice.text.en),
        starts_at=clock.from_text(notice.starts_at),
        ends_at=clock.from_text(notice.ends_at),
        is_change=notice.replaces is not None,
    )
    customer_ids, cursor = customers.customer_page(after or None)
    for customer_id in customer_ids:
        notification_id = f"{at}#{ids.derived_id('notice', customer_id, notice_id, occasion)}"
        store.put_once(InboxItem(customer_id, notification_id, kind="notice", text=zh, text_en=en, created_at=at))
    if cursor is not None:
        queues.send("notice_runs", [page_message(notice_id, occasion, cursor, correlation_id)])
    return len(customer_ids)
