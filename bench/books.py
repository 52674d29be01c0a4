"""A trial balance over few and over many accounts: how much more memory the many take, and the calls for each.

As in bench/lines.py, pages come from a hook: what is measured is our process. Every account has one line, its cash
over the counter, so the books have a house account with as many legs, and they balance: that is checked too.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse

from bench.lines import DATE, as_json, raw_line
from bench.meter import answered, hooked
from bench.rows import Row
from chalicelib.closing import service as closing
from chalicelib.ledger import service as ledger
from chalicelib.platform import settings
from chalicelib.platform.dynamo import Image, s, to_raw

# Two pages at least of accounts and of the house account's legs each, so that one page more is no cost of the many.
FEW, MORE, MANY = 1_000, 3_000, 10_000
_WARM_UP = 200
# Room for the allocator's habits. All items of the many would be some 10 MB, and their blocks over half a million.
BOUND_BYTES = 1024 * 1024
BOUND_BLOCKS = 20_000
_BRANCH = "0001"
_CASH = ledger.cash_account(_BRANCH)
_POSTED_AT = "2026-01-05T01:30:00.000Z"
_DAY_AFTER = dt.datetime(2026, 1, 6, 4, tzinfo=dt.UTC)

Raw = dict[str, Any]


class CannedBooks:
    """Answers every read of a trial balance out of `accounts` customers' accounts; counts the reads."""

    def __init__(self, accounts: int, look: Callable[[], None] = lambda: None) -> None:
        self._accounts, self._look = accounts, look
        self.round_trips = 0
        self._answers: dict[tuple[str, str], Callable[[Raw], Raw]] = {
            ("Scan", settings.table("accounts")): self._account_page,
            ("Query", settings.table("business_days")): lambda _: _page([]),
            ("Query", settings.table("movements")): self._lines,
            ("Query", settings.table("deferred_legs")): self._legs,
        }

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """A hook before the network."""
        self.round_trips += 1
        asked = json.loads(request.body)
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        if operation == "BatchGetItem":
            found = self._batch(asked["RequestItems"])
        else:
            found = self._answers[operation, asked["TableName"]](asked)
        if operation == "Scan" or asked.get("TableName") == settings.table("deferred_legs"):
            self._look()
        return answered(request, json.dumps(found).encode())

    def _account_page(self, asked: Raw) -> Raw:
        """Customers' accounts, and the house account after the last of them."""
        first = _number(asked["ExclusiveStartKey"]["account_id"]["S"]) + 1 if "ExclusiveStartKey" in asked else 1
        last = min(first + asked["Limit"] - 1, self._accounts)
        items = [_account(_account_id(number), 1, number) for number in range(first, last + 1)]
        if last < self._accounts:
            return _page(items, ("account_id",))
        return _page([*items, _account(_CASH, -self._accounts, self._accounts)])

    def _lines(self, asked: Raw) -> Raw:
        """An account's one line; nothing is older."""
        if not asked.get("ScanIndexForward", True):
            return _page([])
        account_id = next(value["S"] for value in asked["ExpressionAttributeValues"].values() if _is_account(value))
        return _page([{**as_json(raw_line(account_id, 1)), "entry_id": s(_entry_id(_number(account_id)))}])

    def _legs(self, asked: Raw) -> Raw:
        """The legs of the house account."""
        start = asked.get("ExclusiveStartKey")
        first = int(start["line"]["S"].partition("#")[2]) + 1 if start else 1
        last = min(first + asked["Limit"] - 1, self._accounts)
        items = [_leg(number) for number in range(first, last + 1)]
        return _page(items, ("account_id", "line")) if last < self._accounts else _page(items)

    def _batch(self, asked: Raw) -> Raw:
        """Entries, or rows of the house account's legs, by key."""
        found: dict[str, list[Raw]] = {}
        for table, wanted in asked.items():
            keys = wanted["Keys"]
            if table == settings.table("journal"):
                found[table] = [_entry(int(key["entry_id"]["S"])) for key in keys]
            else:
                found[table] = [_leg(int(key["line"]["S"].partition("#")[2])) for key in keys]
        return {"Responses": found, "UnprocessedKeys": {}}


def _page(items: list[Raw], key: tuple[str, ...] = ()) -> Raw:
    more = {"LastEvaluatedKey": {name: items[-1][name] for name in key}} if key else {}
    return {"Items": items, "Count": len(items), "ScannedCount": len(items), **more}


def _account_id(number: int) -> str:
    return f"900001{number:013d}"


def _number(account_id: str) -> int:
    return int(account_id[6:])


def _is_account(value: Raw) -> bool:
    return len(value["S"]) == len(_account_id(0))


def _entry_id(number: int) -> str:
    return f"{number:026d}"


def _account(account_id: str, available_fen: int, seq: int) -> Raw:
    """An account after its last line, as large as accounts are."""
    return to_raw(
        {
            "account_id": account_id,
            "customer_id": _entry_id(seq),
            "branch_id": _BRANCH,
            "holder": "赵小明",
            "kind": "savings",
            "currency": "CNY",
            "state": ledger.OPEN,
            "right": ledger.RIGHT_FULL,
            "opened_on": DATE,
            "available_fen": available_fen,
            "held_fen": 0,
            "seq": seq if account_id == _CASH else 1,
            "business_date": DATE,
            "changed_at": _POSTED_AT,
            "correlation_id": _entry_id(seq),
            **{f"limit_{period}": 10**12 - 1 for period in ("single", "day", "count", "month", "year")},
            **{f"e{i}": ledger.NO_ENTRY if i else _entry_id(seq) for i in range(ledger.REMEMBERED_ENTRIES)},
        }
    )


def _entry(number: int) -> Raw:
    """The deposit that made line number 1 of account `number`."""
    postings = [
        {"a": _account_id(number), "f": 1, "k": "principal"},
        {"a": _CASH, "f": -1, "k": "cash"},
    ]
    image: Image = {
        "entry_id": _entry_id(number),
        "kind": "deposit",
        "state": ledger.POSTED,
        "business_date": DATE,
        "posted_at": _POSTED_AT,
        "purpose": "现金存入",
        "correlation_id": _entry_id(number),
        "postings": postings,
    }
    return to_raw(image)


def _leg(number: int) -> Raw:
    """What the same deposit brought to the house account."""
    return to_raw(
        {
            "account_id": _CASH,
            "line": f"{DATE}#{_entry_id(number)}",
            "entry_id": _entry_id(number),
            "business_date": DATE,
            "amount_fen": -1,
            "legs": [{"f": -1, "k": "cash"}],
            "seq": number,
            "posted_on": DATE,
            "posted_at": _POSTED_AT,
        }
    )


def added_up(accounts: int, look: Callable[[], None] = lambda: None) -> int:
    """Run the trial balance over that many customers' accounts; how many round trips it took."""
    books = CannedBooks(accounts, look)
    with hooked([("before-send.dynamodb", books.answer)]):
        balance = closing.trial_balance(DATE, _DAY_AFTER)
    # the house account, one line and one leg each: all was seen
    if not balance.is_balanced or balance.accounts != accounts + 1 or balance.lines != 2 * accounts:
        raise AssertionError(f"the books of {accounts} accounts do not balance: {balance}")
    return books.round_trips


def peak_bytes(accounts: int) -> int:
    """The most memory held at once, beyond what was held before. Tracing makes it slow."""
    gc.collect()
    tracemalloc.start()
    try:
        added_up(accounts)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_blocks(accounts: int) -> tuple[int, int]:
    """The same in blocks of Python's allocator, looked at once a page of accounts or of legs."""
    gc.collect()
    before = sys.getallocatedblocks()
    peak = 0

    def look() -> None:
        nonlocal peak
        peak = max(peak, sys.getallocatedblocks() - before)

    trips = added_up(accounts, look)
    return peak, trips


def trial_balance_rows() -> list[Row]:
    """How much more memory more accounts take: nothing; and how many calls one account takes."""
    added_up(_WARM_UP)  # what is built once (models, caches) is no cost of either
    few_bytes, more_bytes = peak_bytes(FEW), peak_bytes(MORE)
    (few_blocks, _), (many_blocks, trips) = peak_blocks(FEW), peak_blocks(MANY)
    name = "trial_balance"
    return [
        Row(f"{name}.bytes_of_{MORE}_over_{FEW}_accounts", more_bytes - few_bytes, "bytes", BOUND_BYTES),
        Row(f"{name}.blocks_of_{MANY}_over_{FEW}_accounts", many_blocks - few_blocks, "blocks", BOUND_BLOCKS),
        Row(f"{name}.peak_of_{MORE}_accounts", more_bytes, "bytes"),
        Row(f"{name}.round_trips_per_account", round(trips / MANY, 2), "round trips"),
    ]
