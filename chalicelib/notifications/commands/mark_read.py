"""Note what of their inbox a customer has read."""

from __future__ import annotations

from collections.abc import Collection

from chalicelib.notifications import store
from chalicelib.notifications.states import Head
from chalicelib.platform.errors import NotFound


def mark_read(customer_id: str, *, numbers: Collection[int] = (), up_to: int | None = None) -> Head:
    """Note that messages are read: some by their numbers, or all up to one; the inbox's head then.

    Said again it changes nothing. What arrived meanwhile stays unread. Raises NotFound for a number that no message
    has; TryAgain, OutcomeUnknown (say the same again).
    """

    def marked(head: Head) -> Head:
        if max([*numbers, up_to or 0]) > head.arrived:
            raise NotFound()
        return head.with_read(numbers) if up_to is None else head.with_read_to(up_to)

    return store.move_head(customer_id, marked)
