"""Note which requests nobody decided on in time, so that the list of open ones holds no others."""

from __future__ import annotations

import datetime as dt

from chalicelib.approvals import store
from chalicelib.approvals.commands.end_request import expire
from chalicelib.approvals.errors import ApprovalRefusal
from chalicelib.platform import clock, log
from chalicelib.platform.errors import OutcomeUnknown, TryAgain

PAGE = 100
# What is left is the next run's.
MAX_PAGES = 20


def expire_requests(now: dt.datetime, correlation_id: str) -> int:
    """End the open requests whose time is over; how many. Two runs at once end each once."""
    ended, cursor = 0, None
    for _ in range(MAX_PAGES):
        found, cursor = store.open_page(PAGE, cursor)
        for approval in found:
            if approval.expires_at > clock.to_text(now):
                continue
            try:
                expire(approval, now=now, correlation_id=correlation_id)
            except (ApprovalRefusal, TryAgain, OutcomeUnknown) as refusal:
                # Somebody was quicker, or the next run does it.
                log.logger.info("a request is left", extra={"approval_id": approval.approval_id, "code": refusal.code})
                continue
            ended += 1
        if cursor is None:
            break
    return ended
