"""Take a customer's wish for a file: judged whole at once, so that what a worker makes can be made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.accounts import service as accounts
from chalicelib.documents import domain, formats, service, store
from chalicelib.documents.domain import BILL, RECEIPT, RECEIPTS, REVERSAL, STATEMENT, Document, Wanted
from chalicelib.documents.errors import DocumentsExhausted
from chalicelib.entitlements import service as entitlements
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import NotFound, TryAgain
from chalicelib.receipts import service as receipts
from chalicelib.receipts.commands import find_receipts
from chalicelib.statements import service as statements

# When the row of a day that counts may go.
_COUNT_KEPT = dt.timedelta(days=2)
# What is shown of an account's number in a file's name.
_TAIL = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """The document, and whether an earlier request with this key had asked for it."""

    document: Document
    hit: bool


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a document is of, and its file's name without the ending."""

    stem: str
    entry_ids: tuple[str, ...] = ()
    account_id: str = ""
    first_date: str = ""
    last_date: str = ""


def ask_document(caller: Caller, document_id: str, wanted: Wanted, correlation_id: str, now: dt.datetime) -> Asked:
    """Store what is wanted; its file is made at once, by a worker (YQ-4.2.2-receipt, YQ-4.2.2-bill).

    A repeat with the same key answers the document as it is now, and has it made again if it failed, is gone, or waits
    for too long. Raises IdempotencyKeyReused, DocumentFormatUnavailable, EditionNotEntitled, NotFound (another
    customer's, too), ReceiptNotReady, DocumentTooManyReceipts, DocumentPeriodRefused, MonthMalformed,
    DocumentsExhausted, TryAgain, OutcomeUnknown.
    """
    stored = store.get(document_id)
    if stored is not None:
        service.require_right(caller, stored.kind, stored.account_id)
        return _again(stored, wanted, now)
    how = formats.chosen(wanted.kind, wanted.format)
    subject = _SUBJECTS[wanted.kind](caller, wanted, now)
    _count(caller.customer_id, now)
    at = clock.to_text(now)
    document = Document(
        document_id=document_id,
        customer_id=caller.customer_id,
        kind=wanted.kind,
        format=wanted.format,
        language=wanted.language,
        file_name=f"{subject.stem}.{how.suffix}",
        media_type=how.media_type,
        created_at=at,
        asked_at=at,
        request_digest=wanted.digest(),
        correlation_id=correlation_id,
        entry_ids=subject.entry_ids,
        account_id=subject.account_id,
        first_date=subject.first_date,
        last_date=subject.last_date,
        expires_at=_expires_at(wanted.kind, now),
    )
    there = store.put_once(document)
    return Asked(document, hit=False) if there is None else _again(there, wanted, now)


def _again(stored: Document, wanted: Wanted, now: dt.datetime) -> Asked:
    if stored.request_digest != wanted.digest():
        raise ledger.IdempotencyKeyReused()
    if stored.may_be_asked_again(now, parameters.value(parameters.DOCUMENT_AGAIN_S, now)):
        _count(stored.customer_id, now)
        # Of two who ask again at once the other one's does.
        store.ask_again(stored, clock.to_text(now), _expires_at(stored.kind, now) if stored.is_gone(now) else 0)
        there = store.get(stored.document_id)
        if there is None:
            raise TryAgain()
        stored = there
    return Asked(stored, hit=True)


def _count(customer_id: str, now: dt.datetime) -> None:
    """Raises DocumentsExhausted."""
    most, today = parameters.value(parameters.DOCUMENTS_DAY, now), clock.business_date(now)
    if not store.count_asked(customer_id, today, most, int((now + _COUNT_KEPT).timestamp())):
        raise DocumentsExhausted(most=str(most))


def _expires_at(kind: str, now: dt.datetime) -> int:
    if kind in domain.VOUCHERS:
        return 0
    return int((now + dt.timedelta(days=parameters.value(parameters.DOCUMENT_KEPT_D, now))).timestamp())


def _receipt(caller: Caller, wanted: Wanted, now: dt.datetime) -> _Subject:  # noqa: ARG001  # as the others
    entitlements.require(caller.edition, entitlements.RECEIPTS_READ)
    (transfer_id,) = wanted.transfer_ids
    of = receipts.reversal_receipt_of if wanted.of == REVERSAL else receipts.receipt_of
    receipt = of(caller.customer_id, transfer_id)
    return _Subject(f"receipt-{receipt.number}", (receipt.entry_id,))


def _receipts(caller: Caller, wanted: Wanted, now: dt.datetime) -> _Subject:
    entitlements.require(caller.edition, entitlements.RECEIPTS_READ)
    most = parameters.value(parameters.DOCUMENT_RECEIPTS, now)
    if wanted.transfer_ids:
        asked_for = tuple(dict.fromkeys(wanted.transfer_ids))
        domain.require_few(len(asked_for), most)
        find_receipts.require_receipts(caller.customer_id, asked_for)
        return _Subject(f"receipts-{clock.business_date(now)}", asked_for)
    first, last = _period(caller, wanted, now)
    found = find_receipts.between(caller.customer_id, wanted.account_id, first, last, most + 1)
    if not found:
        raise NotFound()
    domain.require_few(len(found), most)
    return _Subject(f"receipts-{first}-{last}", found)


def _statement(caller: Caller, wanted: Wanted, now: dt.datetime) -> _Subject:
    first, last = _period(caller, wanted, now)
    stem = f"statement-{wanted.account_id[-_TAIL:]}-{first}-{last}"
    return _Subject(stem, account_id=wanted.account_id, first_date=first, last_date=last)


def _bill(caller: Caller, wanted: Wanted, now: dt.datetime) -> _Subject:  # noqa: ARG001  # as the others
    statements.bill_of(caller, wanted.account_id, wanted.month)
    first, last = statements.days_of(wanted.month)
    stem = f"bill-{wanted.account_id[-_TAIL:]}-{wanted.month}"
    return _Subject(stem, account_id=wanted.account_id, first_date=first, last_date=last)


def _period(caller: Caller, wanted: Wanted, now: dt.datetime) -> tuple[str, str]:
    """First and last business date of a period of one of the caller's accounts."""
    most_days = parameters.value(parameters.DOCUMENT_PERIOD_D, now)
    domain.require_period(wanted.first_date, wanted.last_date, clock.business_date(now), most_days)
    accounts.account_for(caller, entitlements.ACCOUNTS_READ, wanted.account_id)
    return wanted.first_date, wanted.last_date


_SUBJECTS = {RECEIPT: _receipt, RECEIPTS: _receipts, STATEMENT: _statement, BILL: _bill}
