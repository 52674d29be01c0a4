"""Ask for what is due: found by key in each part, and handed out through a queue.

Rows stay until the order's own write takes them away, so nothing is lost with a message; what is asked for twice is
executed once.
"""

from __future__ import annotations

import datetime as dt

from chalicelib.orders import store
from chalicelib.platform import clock, queues
from chalicelib.platform.queues import Message

ROWS_A_PAGE = 100
# Of each of the eight parts, oldest first: 16,000 orders a run. What is left is the next run's.
PAGES_A_PART = 20


def find_due(now: dt.datetime, correlation_id: str) -> int:
    """Ask that whatever is due at `now` be executed; how many orders were asked for.

    Reads what is due and nothing else. Raises Retryable when the queue fails: the next run begins anew.
    """
    asked = 0
    for rows in store.due_pages(clock.to_text(now), ROWS_A_PAGE, PAGES_A_PART):
        queues.send("orders", [_message(row, correlation_id) for row in rows])
        asked += len(rows)
    return asked


def _message(row: store.OrderDue, correlation_id: str) -> Message:
    return Message(f"{row.due}#{row.date}", "order.due", row.order_id, correlation_id, {"due_date": row.date})
