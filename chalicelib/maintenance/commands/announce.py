"""Have customers told of notices: what has come is found by a schedule, and a page of customers is a message."""

from __future__ import annotations

import datetime as dt

from chalicelib.maintenance import domain, store
from chalicelib.maintenance.domain import Notice
from chalicelib.platform import queues, updates
from chalicelib.platform.queues import Message


def announce(now: dt.datetime, correlation_id: str) -> int:
    """Ask that all customers be told of what is news at `now`; how many occasions were asked for.

    Asked for first and noted then: a crash in between asks twice, and each customer is told once. Raises Retryable.
    """
    asked = 0
    for notice in store.all_notices():
        for occasion in domain.news_of(notice, now):
            queues.send("notice_runs", [page_message(notice.notice_id, occasion, "", correlation_id)])
            notice = _noted(notice, occasion)  # noqa: PLW2901  # the next note adds to this one
            asked += 1
    return asked


def page_message(notice_id: str, occasion: str, after: str, correlation_id: str) -> Message:
    """The customers after that one, empty for the first page, are to be told."""
    return Message(
        f"notice#{notice_id}#{occasion}#{after}",
        "notice.run_page",
        notice_id,
        correlation_id,
        {"occasion": occasion, "after": after},
    )


def _noted(notice: Notice, occasion: str) -> Notice:
    updates.insist(store.note_told(notice, occasion))
    return store.read(notice.notice_id) or notice
