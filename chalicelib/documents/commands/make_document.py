"""Make a document's file: once, however often it is told, and whatever crashes in between."""

from __future__ import annotations

import datetime as dt
from typing import BinaryIO

from chalicelib.documents import file_store, formats, store
from chalicelib.documents.commands.count_print import count_print
from chalicelib.documents.commands.zip_receipts import receipt_for, write_one
from chalicelib.documents.domain import FAILED, READY, RECEIPT, RECEIPTS, VOUCHERS, Document, lines_paper
from chalicelib.documents.errors import DocumentNotMade
from chalicelib.documents.file_store import Lock, Made
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.errors import OutcomeUnknown, Refusal, TryAgain

# A message comes so often and then is a dead letter; a test holds the queue to it.
MAX_TRIES = 4
GONE = "gone"
_UNLOCKED = "none"


def make_document(document_id: str, now: dt.datetime) -> str:
    """Make what was asked for and note it; how the document stands then: `ready`, `failed`, or `gone`.

    What is made already is found, not made again. A refusal ends it as failed, with code and sentence. Whatever else is
    raised is tried again; the last try stands as failed (`document_not_made`) from before it begins, so that one that
    ends without a word does, too. Raises what a maker raises, TryAgain, OutcomeUnknown.
    """
    document = store.get(document_id)
    if document is None or document.is_gone(now):
        return GONE
    if document.state == READY:
        return READY
    tries, at = document.tries + 1, clock.to_text(now)
    if not store.note_try(document_id, tries, DocumentNotMade() if tries >= MAX_TRIES else None, at):
        return READY
    try:
        made = file_store.found(document.key) or _made(document, now)
    except (TryAgain, OutcomeUnknown):
        # Nothing is known to be wrong with what was asked for.
        raise
    except Refusal as refusal:
        store.note_failed(document_id, refusal, at)
        return FAILED
    store.note_ready(document_id, made.size_bytes, made.sha256, clock.to_text(clock.now()))
    return READY


def _made(document: Document, now: dt.datetime) -> Made:
    with file_store.scratch_file() as file:
        _write(document, file, now)
        return file_store.put_once(document.key, file, document.media_type, _lock(document, now))


def _write(document: Document, sink: BinaryIO, now: dt.datetime) -> None:
    how = formats.chosen(document.kind, document.format)
    if document.kind == RECEIPT:
        (entry_id,) = document.entry_ids
        write_one(document, receipt_for(entry_id), how, sink, now)
    elif document.kind == RECEIPTS:
        how.make()(document, sink, now)
    else:
        print_number = {"print_number": count_print(document, lines_paper(document), now)} if how.is_print else {}
        period = (document.account_id, document.first_date, document.last_date)
        how.make()(*period, document.format, sink, document.language, **print_number)


def _lock(document: Document, now: dt.datetime) -> Lock | None:
    """How long a voucher is locked, where the bank has its bucket lock them (NB-5.1.6-2)."""
    mode = parameters.value(parameters.VOUCHER_LOCK, now)
    if document.kind not in VOUCHERS or mode == _UNLOCKED:
        return None
    years = parameters.value(parameters.VOUCHER_KEPT_Y, now)
    # A 29 February is kept until the 1 March of a year that has none.
    since = now + dt.timedelta(days=1) if (now.month, now.day) == (2, 29) else now
    return Lock(mode.upper(), since.replace(year=since.year + years))
