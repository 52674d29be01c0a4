"""Read documents; the commands do the rest."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.accounts import service as accounts
from chalicelib.documents import domain, file_store, store
from chalicelib.documents.domain import Document
from chalicelib.entitlements import service as entitlements
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids
from chalicelib.platform.errors import NotFound
from chalicelib.platform.queues import Message

if TYPE_CHECKING:  # workers import this module and know no HTTP
    from chalicelib.platform.callers import Caller

# What cannot be an id is not looked up.
_ID = re.compile(r"[a-z2-7]{26}")
# What a document shows is looked at by the right to look at it where it comes from.
_RIGHTS = {
    domain.RECEIPT: entitlements.RECEIPTS_READ,
    domain.RECEIPTS: entitlements.RECEIPTS_READ,
    domain.STATEMENT: entitlements.ACCOUNTS_READ,
    domain.BILL: entitlements.BILLS_READ,
}


@dataclass(frozen=True, slots=True)
class Link:
    """An address from which a document's file is fetched, and until when (time as text)."""

    address: str
    until: str


def document_id_of(customer_id: str, idempotency_key: str) -> str:
    """A document's id: the same for the same customer and key, for ever."""
    return ids.derived_id("document", customer_id, idempotency_key)


def document_of(caller: Caller, document_id: str, now: dt.datetime) -> Document:
    """A customer's own document as it is now.

    Raises NotFound for an unknown id, another customer's, or one that is gone: all look alike; EditionNotEntitled where
    the session may not look at what the document shows.
    """
    found = store.get(document_id) if _ID.fullmatch(document_id) else None
    if found is None or found.customer_id != caller.customer_id or found.is_gone(now):
        raise NotFound()
    require_right(caller, found.kind, found.account_id)
    return found


def require_right(caller: Caller, kind: str, account_id: str) -> None:
    """Raises NotFound, EditionNotEntitled where the session may not look, now, at what such a document shows: of an
    account, at that one. A link lives for minutes, a document for years, and rights end in between.
    """
    if account_id:
        accounts.account_for(caller, _RIGHTS[kind], account_id)
    else:
        entitlements.require(caller.edition, _RIGHTS[kind])


def link_of(document: Document, now: dt.datetime) -> Link | None:
    """A new link to the file of a document that is ready, else None. Whoever has it gets the file while it lives."""
    if document.state != domain.READY:
        return None
    lives_s = parameters.value(parameters.DOCUMENT_LINK_S, now)
    address = file_store.link(document.key, document.file_name, document.media_type, lives_s)
    return Link(address, clock.to_text(now + dt.timedelta(seconds=lives_s)))


def document_page(
    customer_id: str, limit: int, cursor: str | None, now: dt.datetime
) -> tuple[list[Document], str | None]:
    """One page of a customer's documents, newest first, without those that are gone; and the next one's cursor.

    Raises CursorMalformed.
    """
    documents, following = store.page(customer_id, limit, cursor)
    return [document for document in documents if not document.is_gone(now)], following


def asked_message(document_id: str, asked_at: str, correlation_id: str) -> Message:
    """Asks for a document's file; asking again makes nothing twice."""
    return Message(f"{document_id}#{asked_at}", "document.asked", document_id, correlation_id, {})
