"""AccountsTable and JournalTable: keys, reads, and the one transaction that moves money.

These two tables (and the customer's record) are written by expressions through the client itself, not by
PynamoDB models: buckets are attributes named by date, and the conditions are what an auditor reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.ledger.errors import PayeeUnavailable
from chalicelib.platform import aws, due, reading, settings
from chalicelib.platform.due import Due
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, s, to_image, to_raw
from chalicelib.platform.errors import NotFound, Refusal, TryAgain

MAX_BATCH_READS = 5
SCAN_PAGE = 200


class WriteCancelled(Exception):
    """The engine cancelled the transaction; `reasons` has one row an item, in order."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__([reason.get("Code") for reason in reasons])
        self.reasons = reasons


class WriteContended(Exception):
    """The whole request was throttled: nothing was done."""


class WriteInDoubt(Exception):
    """No answer in time, or one is still being worked on: the same request must be sent again."""


def account_update(account_id: str, *, payee: bool) -> ItemUpdate:
    """A conditional update of one account; a missing payee is told as a payee that cannot receive."""
    missing: type[Refusal] = PayeeUnavailable if payee else NotFound
    return ItemUpdate(settings.table("accounts"), {"account_id": s(account_id)}, missing=missing)


def journal_update(entry_id: str) -> ItemUpdate:
    """A conditional update of one instruction."""
    return ItemUpdate(settings.table("journal"), {"entry_id": s(entry_id)}, missing=NotFound)


def journal_put(item: Mapping[str, Any]) -> ItemPut:
    """A new journal item; its key is the idempotency key, so it never replaces one."""
    return ItemPut(settings.table("journal"), "entry_id", to_raw(item))


def account_put(item: Mapping[str, Any]) -> ItemPut:
    """A new account."""
    return ItemPut(settings.table("accounts"), "account_id", to_raw(item))


_THROTTLED = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"})
_IN_DOUBT = frozenset({"TransactionInProgressException", "InternalServerError"})


def transact(items: Sequence[ItemPut | ItemUpdate], token: str) -> None:
    """Write all items or none.

    Raises WriteCancelled, WriteContended, WriteInDoubt. `token` makes a repeat of this very request harmless.
    """
    try:
        aws.dynamodb().transact_write_items(
            TransactItems=[item.to_transact_item() for item in items], ClientRequestToken=token
        )
    except aws.NO_ANSWER as error:
        raise WriteInDoubt from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "TransactionCanceledException":
            raise WriteCancelled(error.response["CancellationReasons"]) from error
        if code in _THROTTLED:
            raise WriteContended from error
        if code in _IN_DOUBT:
            raise WriteInDoubt from error
        raise


def account_pages() -> Iterator[list[Image]]:
    """All accounts, a page in memory at a time, each as it is when its page is read."""
    return reading.pages(
        aws.dynamodb().scan,
        TableName=settings.table("accounts"),
        Limit=SCAN_PAGE,
        ConsistentRead=True,
    )


def read(entry_ids: Sequence[str], account_ids: Sequence[str]) -> tuple[dict[str, Image], dict[str, Image]]:
    """Journal items and accounts by id, in one consistent batch; what does not exist is absent."""
    journal, accounts = settings.table("journal"), settings.table("accounts")
    wanted: dict[str, Any] = {}
    if entry_ids:
        wanted[journal] = {"Keys": [{"entry_id": s(id_)} for id_ in entry_ids], "ConsistentRead": True}
    if account_ids:
        wanted[accounts] = {"Keys": [{"account_id": s(id_)} for id_ in account_ids], "ConsistentRead": True}
    found: dict[str, list[Image]] = {journal: [], accounts: []}
    for _ in range(MAX_BATCH_READS):
        if not wanted:
            break
        answer = aws.dynamodb().batch_get_item(RequestItems=wanted)
        for name, items in answer["Responses"].items():
            found[name].extend(to_image(item) for item in items)
        wanted = dict(answer.get("UnprocessedKeys", {}))
    if wanted:
        raise TryAgain()
    return (
        {image["entry_id"]: image for image in found[journal]},
        {image["account_id"]: image for image in found[accounts]},
    )


def scan_posted(since: str, until: str, most_pages: int) -> Iterator[Image]:
    """Entries posted between two times, both included, read page by page through the whole journal.

    Raises TooManyPages after `most_pages` pages of at most 1 MB.
    """
    return _scan(
        most_pages,
        FilterExpression="#posted_at BETWEEN :since AND :until",
        ExpressionAttributeNames={"#posted_at": "posted_at"},
        ExpressionAttributeValues={":since": s(since), ":until": s(until)},
    )


def scan_dated(business_date: str, most_pages: int) -> Iterator[Image]:
    """Entries of a business date, read the same way; raises TooManyPages."""
    return _scan(
        most_pages,
        FilterExpression="#business_date = :business_date AND attribute_exists(#postings)",
        ExpressionAttributeNames={"#business_date": "business_date", "#postings": "postings"},
        ExpressionAttributeValues={":business_date": s(business_date)},
    )


def _scan(most_pages: int, **wanted: Any) -> Iterator[Image]:
    return reading.rows(
        aws.dynamodb().scan,
        most_pages,
        TableName=settings.table("journal"),
        ConsistentRead=True,
        **wanted,
    )


@dataclass(frozen=True, slots=True)
class Expiry(Due):
    """The row by which a hold is found when its time is over: it is written with the hold, and may outlive it."""

    hold_id: str


def expiry_put(hold_id: str, expires_at: str, table: str | None = None) -> ItemPut:
    """The row of a new hold, or of what else waits, in another `table` (its name)."""
    row = Expiry(*due.place_of(hold_id, expires_at), hold_id)
    return due.put_of(table or settings.table("hold_expiries"), row)


def due_expiries(now_text: str, most_a_part: int, table: str | None = None) -> Iterator[Expiry]:
    """Rows whose time is over, the oldest of each part first: one query a part, whatever the number of holds."""
    return due.oldest(table or settings.table("hold_expiries"), Expiry, now_text, most_a_part)


def drop_expiry(expiry: Expiry, table: str | None = None) -> None:
    """Take a row away; one that is gone stays so."""
    due.drop(table or settings.table("hold_expiries"), expiry)
