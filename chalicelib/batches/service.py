"""Read batches; the commands do the rest."""

from __future__ import annotations

import hashlib
import re

from chalicelib.batches import store
from chalicelib.batches.domain import Batch, Line
from chalicelib.platform import ids
from chalicelib.platform.errors import NotFound
from chalicelib.platform.queues import Message

# What cannot be an id is not looked up.
_ID = re.compile(r"[a-z2-7]{26}")


def batch_id_of(customer_id: str, idempotency_key: str) -> str:
    """A batch's id: the same for the same customer and key, for ever."""
    return ids.derived_id("batch", customer_id, idempotency_key)


def entry_id_of(batch_id: str, number: int) -> str:
    """A line's payment: the same for the same batch and line, for ever."""
    return ids.derived_id("batch", batch_id, str(number))


def request_digest_of(batch_id: str, number: int) -> bytes:
    """Of what the payment is for, not of what it says: whatever was posted for this line is this line's."""
    return hashlib.sha256(f"{batch_id}#{number}".encode()).digest()[:16]


def batch_of(customer_id: str, batch_id: str) -> tuple[Batch, list[Line]]:
    """A customer's own batch and its lines as they are now.

    Raises NotFound for an unknown id or another customer's: both look alike.
    """
    found = store.read(batch_id) if _ID.fullmatch(batch_id) else None
    if found is None or found[0].customer_id != customer_id:
        raise NotFound()
    return found


def batch_page(customer_id: str, limit: int, cursor: str | None) -> tuple[list[Batch], str | None]:
    """One page of a customer's batches, newest first, and the next one's cursor. Raises CursorMalformed."""
    return store.page(customer_id, limit, cursor)


def told(batch_id: str) -> tuple[Batch, list[Line]] | None:
    """A batch whose end is to be told; None while that is not readable."""
    found = store.read(batch_id)
    return None if found is None or not found[0].ended_at else found


def confirmed_message(batch_id: str, correlation_id: str) -> Message:
    """Asks for the payments of a batch; asking again pays nothing twice."""
    return Message(f"{batch_id}#confirmed", "batch.confirmed", batch_id, correlation_id, {})


def ended_message(batch_id: str, correlation_id: str) -> Message:
    """Tells that some of a batch was not paid; telling it again does no harm."""
    return Message(f"{batch_id}#ended", "batch.ended", batch_id, correlation_id, {})
