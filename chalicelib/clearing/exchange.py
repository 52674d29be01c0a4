"""The clearing network by files: an order goes out as one message, answers come as status reports (ISO 20022)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chalicelib.clearing import file_store, messages, schemas
from chalicelib.clearing.domain import Answer, Order, Reported, request_id
from chalicelib.clearing.errors import AnswerRefused

TRANSFER, INITIATION = "pacs.008", "pain.001"
# A report on one payment has some 2,000 bytes.
MAX_BYTES = 1_000_000


class Sent(NamedTuple):
    """What an order is sent as: the name of the message, and how it is written."""

    message: str
    write: Callable[[Order], bytes]


SENT_AS = {
    TRANSFER: Sent(schemas.CREDIT_TRANSFER, messages.credit_transfer),
    INITIATION: Sent(schemas.INITIATION, messages.initiation),
}


class FileExchange:
    """Clearing itself (`pacs.008`), or a bank that passes on what its customers initiate (`pain.001`)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._sent = SENT_AS[name]

    def send(self, order: Order) -> None:
        """Write the order's file; one that is there stays, so that who carries files sees each once."""
        file_store.put_once(f"{file_store.OUTBOX}{self._sent.message}/{order.entry_id}.xml", self._sent.write(order))

    def enquire(self, entry_id: str, sent_at: dt.datetime, now: dt.datetime) -> Answer | None:  # noqa: ARG002  # what a file says holds at any time
        """The first end that a file has brought for a payment; None while none has."""
        kept = file_store.files(_ends_of(entry_id))
        for file in sorted(kept, key=lambda file: (file.since, file.key)):
            data = file_store.read(file.key)
            for reported in messages.read_report(data) if data is not None else ():
                if reported.ids == {entry_id}:
                    return reported.answer()
        return None

    def chase(self, order: Order, now: dt.datetime) -> None:
        """Ask for a status, once an hour at most. What a crash kept from being written goes out before that."""
        self.send(order)
        asked = request_id(order.entry_id, now)
        data = messages.status_request(order, self._sent.message, asked, now)
        file_store.put_once(f"{file_store.OUTBOX}{schemas.STATUS_REQUEST}/{asked}.xml", data)


def keep(entry_id: str, data: bytes, is_end: bool) -> None:
    """Keep what was said of a payment; `enquire` finds an end from here on, whatever happens next."""
    name = f"{file_store.digest_of(data)}.xml"
    file_store.put_once(_ends_of(entry_id) + name if is_end else f"{file_store.ANSWERS}{entry_id}/note-{name}", data)


def refused_reports(business_date: str) -> Iterator[Reported]:
    """What files that were set aside on a date say of payments, as far as they can be read."""
    for file in file_store.files(f"{file_store.REFUSED}{business_date}/"):
        data = file_store.read(file.key) if file.size_bytes <= MAX_BYTES else None
        if data is not None:
            try:
                yield from messages.read_report(data)
            except AnswerRefused:
                continue


def _ends_of(entry_id: str) -> str:
    return f"{file_store.ANSWERS}{entry_id}/end-"
