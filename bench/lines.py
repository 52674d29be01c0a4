"""Accounts with many statement lines, and an engine that reads them as fast as a real one would.

The local engine sorts and filters a whole partition for every page, so that streaming 100,000 lines from it
would take hours. Where only our own memory is measured, pages come from `pages_of` instead.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse

from bench.bank import RICH_FEN, Customer, new_customer
from bench.meter import answered, hooked
from bench.rows import Row
from chalicelib.accounts import service as accounts
from chalicelib.accounts.domain import line_key
from chalicelib.platform import aws, settings
from chalicelib.platform.dynamo import n, s

_BATCH = 25
DATE = "20260105"
_POSTED_AT = "2026-01-05T01:30:00.000Z"
_ACCOUNT = "9000010000000000017"
_PAGE = 100
FEW, MORE, MANY = 1_000, 10_000, 100_000
# Room for two pages and the allocator's habits. All lines would be some 10 MB, and over a million blocks.
BOUND_BYTES = 512 * 1024
BOUND_BLOCKS = 20_000


def raw_line(account_id: str, seq: int) -> dict[str, Any]:
    """Statement line number `seq`, of 0.01, as the engine has it; a chain value of the right length."""
    return {
        "account_id": s(account_id),
        "line": s(line_key(DATE, seq)),
        "seq": n(seq),
        "business_date": s(DATE),
        "posted_at": s(_POSTED_AT),
        "entry_id": s(f"{seq:026d}"),
        "kind": s("principal"),
        "amount_fen": n(1),
        "balance_fen": n(seq),
        "correlation_id": s(f"{seq:026d}"),
        "chain": {"B": bytes(32)},
        "purpose": s("货款"),
    }


def old_account(name: str, lines: int) -> Customer:
    """A customer whose account has that many lines, written straight into the tables."""
    customer = new_customer(name, RICH_FEN // 1000)
    client, table = aws.dynamodb(), settings.table("movements")
    for first in range(1, lines + 1, _BATCH):
        numbers = range(first, min(first + _BATCH, lines + 1))
        client.batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": raw_line(customer.account, seq)}} for seq in numbers]}
        )
    client.update_item(
        TableName=settings.table("accounts"),
        Key={"account_id": s(customer.account)},
        UpdateExpression="SET seq = :lines",
        ExpressionAttributeValues={":lines": n(lines)},
    )
    return customer


def pages_of(lines: int) -> Callable[..., AWSResponse]:
    """A hook that answers each Query with the page it asks for, oldest first, out of that many lines."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        asked = json.loads(request.body)
        after = int(asked["ExclusiveStartKey"]["line"]["S"].partition("#")[2]) if "ExclusiveStartKey" in asked else 0
        last = min(after + asked["Limit"], lines)
        items = [as_json(raw_line(_ACCOUNT, seq)) for seq in range(after + 1, last + 1)]
        page: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        if last < lines:
            page["LastEvaluatedKey"] = {name: items[-1][name] for name in ("account_id", "line")}
        return answered(request, json.dumps(page).encode())

    return answer


def as_json(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A line as it goes over the wire."""
    return {**raw, "chain": {"B": "A" * 43 + "="}}


def streamed(lines: int) -> Iterator[int]:
    """Stream an account of that many lines from canned pages; one number a line."""
    with hooked([("before-send.dynamodb.Query", pages_of(lines))]):
        seq = 0
        for movement in accounts.lines_between(_ACCOUNT, "00000000", "99999999"):
            seq = movement.seq
            yield seq
    if seq != lines:
        raise AssertionError(f"{seq} lines were streamed instead of {lines}")


def peak_bytes(lines: int) -> int:
    """The most memory that streaming holds at once, beyond what was held before. Tracing makes it slow."""
    tracemalloc.start()
    try:
        deque(streamed(lines), maxlen=0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_blocks(lines: int) -> int:
    """The same in blocks of Python's allocator, looked at once a page: cheap enough for an old account."""
    gc.collect()
    before = sys.getallocatedblocks()
    return max(sys.getallocatedblocks() - before for seq in streamed(lines) if seq % _PAGE == 0)


def memory_rows() -> list[Row]:
    """How much more memory more lines take: nothing, whether ten or a hundred times as many."""
    peak_bytes(FEW)  # what is built once (models, caches) is no cost of either
    few_bytes, more_bytes = peak_bytes(FEW), peak_bytes(MORE)
    few_blocks, many_blocks = peak_blocks(FEW), peak_blocks(MANY)
    return [
        Row(f"movements.stream.bytes_of_{MORE}_over_{FEW}_lines", more_bytes - few_bytes, "bytes", BOUND_BYTES),
        Row(f"movements.stream.blocks_of_{MANY}_over_{FEW}_lines", many_blocks - few_blocks, "blocks", BOUND_BLOCKS),
        Row(f"movements.stream.peak_of_{MORE}_lines", more_bytes, "bytes"),
    ]
