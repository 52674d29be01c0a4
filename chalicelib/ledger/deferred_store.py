"""DeferredLegsTable: one row an account and entry, written with the account's balance; append-only.

The row is what makes a deferred posting happen once, and the line of a house account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.ledger.deferred import Credit, line_key
from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, s, to_image, to_raw
from chalicelib.platform.errors import TryAgain

PAGE = 500
MAX_READ = 100
MAX_BATCH_READS = 5


@dataclass(frozen=True, slots=True)
class DeferredLine:
    """What one entry brought to one account. `seq` is the account's sequence after it, amounts in fen."""

    account_id: str
    entry_id: str
    business_date: str
    amount_fen: int
    lines: int
    seq: int
    posted_on: str
    posted_at: str


def row(credit: Credit, seq: int, posted_on: str, posted_at: str) -> ItemPut:
    """The row of a credit; the write fails when there is one."""
    item = {
        "account_id": credit.account_id,
        "line": credit.line,
        "entry_id": credit.entry_id,
        "business_date": credit.business_date,
        "amount_fen": credit.total_fen,
        "legs": [{"f": leg.amount_fen, "k": leg.kind} for leg in credit.legs],
        "seq": seq,
        "posted_on": posted_on,
        "posted_at": posted_at,
    }
    return ItemPut(settings.table("deferred_legs"), "account_id", to_raw(item))


def read(keys: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], DeferredLine]:
    """Rows by (account, entry), for at most 100 (account, business date, entry); absent ones are left out."""
    table = settings.table("deferred_legs")
    wanted: dict[str, Any] = {}
    if keys:
        raw = [{"account_id": s(account_id), "line": s(line_key(date, id_))} for account_id, date, id_ in keys]
        wanted[table] = {"Keys": raw, "ConsistentRead": True}
    found: list[DeferredLine] = []
    for _ in range(MAX_BATCH_READS):
        if not wanted:
            break
        answer = aws.dynamodb().batch_get_item(RequestItems=wanted)
        found += [_line(to_image(item)) for item in answer["Responses"].get(table, [])]
        wanted = dict(answer.get("UnprocessedKeys", {}))
    if wanted:
        raise TryAgain()
    return {(line.account_id, line.entry_id): line for line in found}


def lines_from(account_id: str, first_date: str) -> Iterator[DeferredLine]:
    """An account's rows of entries dated from `first_date` on, a page in memory at a time."""
    found = reading.rows(
        aws.dynamodb().query,
        TableName=settings.table("deferred_legs"),
        KeyConditionExpression="account_id = :account AND line >= :first",
        ExpressionAttributeValues={":account": s(account_id), ":first": s(first_date)},
        ConsistentRead=True,
        Limit=PAGE,
    )
    return map(_line, found)


def _line(image: Image) -> DeferredLine:
    return DeferredLine(
        account_id=image["account_id"],
        entry_id=image["entry_id"],
        business_date=image["business_date"],
        amount_fen=image["amount_fen"],
        lines=len(image["legs"]),
        seq=image["seq"],
        posted_on=image["posted_on"],
        posted_at=image["posted_at"],
    )
