"""What a customer asks for, and the document that comes of it. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from chalicelib.documents.errors import DocumentPeriodRefused, DocumentTooManyReceipts
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, Rule, s

RECEIPT, RECEIPTS, STATEMENT, BILL = "receipt", "receipts", "statement", "bill"
TRANSFER, REVERSAL = "transfer", "reversal"
WAITING, READY, FAILED = "waiting", "ready", "failed"
# As printed these are vouchers, and are kept as such (NB-5.1.6-2); what else there is can be made again.
VOUCHERS = frozenset({RECEIPT, RECEIPTS})
_FOLDERS = {True: "vouchers", False: "statements"}
# What one archive holds at most, whatever the parameter says: the engine reads so many items at once.
MAX_RECEIPTS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, as it was said: of a receipt its transfer and which of the two; of several their transfers,
    or an account and a period; of a statement those; of a bill an account and a month. What does not apply is empty.
    """

    kind: str
    format: str
    language: str
    transfer_ids: tuple[str, ...] = ()
    of: str = TRANSFER
    account_id: str = ""
    first_date: str = ""
    last_date: str = ""
    month: str = ""

    def digest(self) -> bytes:
        """The first 128 bits of the SHA-256 that tells this request from any other."""
        form = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(form.encode()).digest()[:16]


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed, whoever asks: `book` has its prints by number, `line` is its place among a document's papers."""

    book: str
    line: str


def receipt_paper(entry_id: str) -> Paper:
    """An entry's receipt."""
    return Paper(f"{RECEIPT}#{entry_id}", entry_id)


def lines_paper(document: Document) -> Paper:
    """A list of movements (业务流水清单): an account's statement of a period, or its bill of a month.

    A file that has gone and is made anew is another print of the same paper.
    """
    key = f"{document.account_id}#{document.first_date}#{document.last_date}"
    return Paper(f"{document.kind}#{key}", f"{key}#{document.expires_at}")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as stored. `entry_ids` are whose receipts it holds; of a statement there are an account and business
    dates instead. `expires_at` (epoch, s) is when it goes, 0 where it is kept as a voucher.

    `asked_at` is when it was asked for last, `tries` how often it was tried since. Of one that is ready there are size
    and SHA-256 (hex), of one that failed why, as its customer is told.
    """

    document_id: str
    customer_id: str
    kind: str
    format: str
    language: str
    file_name: str
    media_type: str
    created_at: str
    asked_at: str
    request_digest: bytes
    correlation_id: str
    entry_ids: tuple[str, ...] = ()
    account_id: str = ""
    first_date: str = ""
    last_date: str = ""
    state: str = WAITING
    tries: int = 0
    expires_at: int = 0
    size_bytes: int = 0
    sha256: str = ""
    ended_at: str = ""
    code: str = ""
    zh: str = ""
    en: str = ""

    @property
    def key(self) -> str:
        """Where its file lies: by the document's id, so that made twice it is there once.

        What goes lies by when it goes, too: asked for again after that it is made anew, and not found where the bucket
        has yet to let go of it.
        """
        place = f"{_FOLDERS[self.kind in VOUCHERS]}/{self.document_id}"
        return f"{place}/{self.expires_at}" if self.expires_at else place

    def is_gone(self, now: dt.datetime) -> bool:
        """Whether its time is over; the row may outlast it by days."""
        return 0 < self.expires_at <= int(now.timestamp())

    def may_be_asked_again(self, now: dt.datetime, after_s: int) -> bool:
        """Whether asking again makes it again: it failed, it is gone, or it waits longer than it should."""
        late = clock.from_text(self.asked_at) + dt.timedelta(seconds=after_s) <= now
        return self.state == FAILED or self.is_gone(now) or (self.state == WAITING and late)

    @classmethod
    def from_image(cls, image: Image) -> Document:
        """A document from its stored row."""
        found = {field.name: image[field.name] for field in fields(cls) if field.name in image}
        return cls(**{**found, "entry_ids": tuple(found.get("entry_ids", ()))})


def stored(document: Document) -> dict[str, Any]:
    """The fields that say something, by name."""
    facts = {field.name: getattr(document, field.name) for field in fields(document)}
    return {**{name: value for name, value in facts.items() if value}, "entry_ids": list(document.entry_ids)}


def not_ready_rule() -> Rule:
    """The file is not noted yet; where it is, somebody else was quicker and nothing is lost."""
    return Rule("#state <> :ready", {":ready": s(READY)}, lambda image: image.get("state") != READY, None)


def as_read_rule(asked_at: str) -> Rule:
    """Nobody has asked again since it was read; where somebody has, that does."""
    return Rule("#asked_at = :seen", {":seen": s(asked_at)}, lambda image: image.get("asked_at") == asked_at, None)


def require_period(first_date: str, last_date: str, today: str, most_days: int) -> None:
    """Raises DocumentPeriodRefused unless first and last business date make a period of what has begun."""
    first, last = (dt.date.fromisoformat(text) for text in (first_date, last_date))
    if not first_date <= last_date <= today or (last - first).days >= most_days:
        raise DocumentPeriodRefused(today=today, most=str(most_days))


def require_few(count: int, most: int) -> None:
    """Raises DocumentTooManyReceipts for more than `most`."""
    if count > most:
        raise DocumentTooManyReceipts(most=str(most))
