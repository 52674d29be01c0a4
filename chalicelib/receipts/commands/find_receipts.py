"""Find the receipts of several of a customer's entries at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from chalicelib.accounts import service as accounts
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.reverse_entry import REVERSAL
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import NotFound
from chalicelib.receipts import store
from chalicelib.receipts.errors import ReceiptNotReady, ReceiptPeriodTooLong
from chalicelib.transfers import service as transfers

# The engine reads so many items at once.
AT_ONCE = 100
# What is read of an account to find its receipts; a period of more lines than that is asked for in parts.
MAX_LINES = 5000


def require_receipts(customer_id: str, transfer_ids: Sequence[str]) -> None:
    """Require the receipts of at most AT_ONCE of a customer's own transfers. Raises NotFound, ReceiptNotReady."""
    entry_ids = [transfers.entry_id_from(id_) for id_ in transfer_ids]
    found = ledger.read_entries(entry_ids)
    if any(id_ not in found or not _is_own(found[id_], customer_id) for id_ in entry_ids):
        raise NotFound()
    if store.issued_of(entry_ids) != set(entry_ids):
        raise ReceiptNotReady()


def between(customer_id: str, account_id: str, first_date: str, last_date: str, most: int) -> tuple[str, ...]:
    """Entries of a customer's account in a period of business dates whose receipts are the customer's, oldest first, at
    most `most`: what was paid from it, and what gave that back. Raises ReceiptNotReady while one is being issued,
    ReceiptPeriodTooLong.
    """
    account, newest = ledger.read_accounts([account_id]).get(account_id), accounts.last_line(account_id)
    if account is not None and (newest.seq if newest else 0) < account.seq:
        raise ReceiptNotReady()
    lines = list(islice(accounts.lines_between(account_id, first_date, last_date), MAX_LINES + 1))
    if len(lines) > MAX_LINES:
        raise ReceiptPeriodTooLong(most=str(MAX_LINES))
    moved = dict.fromkeys(line.entry_id for line in lines if line.kind == "principal")
    return tuple(islice(_receipted(customer_id, iter(moved)), most))


def _receipted(customer_id: str, entry_ids: Iterator[str]) -> Iterator[str]:
    while some := list(islice(entry_ids, AT_ONCE)):
        found = ledger.read_entries(some)
        reversals = {image["entry_id"]: image["reverses"] for image in found.values() if image["kind"] == REVERSAL}
        originals = ledger.read_entries(list(dict.fromkeys(reversals.values())))
        own = [
            id_
            for id_ in some
            if id_ in found
            and _is_own(originals.get(reversals[id_], {}) if id_ in reversals else found[id_], customer_id)
        ]
        if store.issued_of(own) != set(own):
            raise ReceiptNotReady()
        yield from own


def _is_own(image: Image, customer_id: str) -> bool:
    return image.get("kind") == "transfer" and image.get("customer_id") == customer_id
