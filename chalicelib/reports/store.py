"""TransactionsTable: one row a transaction, listed by day. StatisticsTable: what a day's rows add up to.

Both are made from the journal's stream. A row is counted in the transaction that first gives it a state in which
money has moved, so that it counts once however often its record comes. Beside them stand the payments of the day that
were not made, as the API counts them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.platform import aws, clock, reading, settings, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, n, s, to_image, to_raw
from chalicelib.platform.errors import NotFound, TryAgain
from chalicelib.reports.domain import COUNTED, Figure, Row, rank_rule
from chalicelib.reports.outcomes import FAILED, REFUSED

KEY = "entry_id"
# Lists and counters of a day are in so many parts, so that no one part of a table takes all the day's writes.
SHARDS = 4
# The counters of the hours of the Shanghai day.
HOUR_NAMES = tuple(f"hour_{hour:02d}" for hour in range(24))
OF_BANK, OF_BRANCH, OPEN = ("ByDay", "bank_list"), ("ByBranch", "branch_list"), ("Open", "open")
MAX_BATCH_READS = 5
# One answer reads so many pages of a day's counters at most: one has thousands.
MAX_PAGES = 4
# Of one part of a whole list: a page has some three thousand rows.
MAX_LIST_PAGES = 100


def list_of(day: str, state: str, branch_id: str | None = None) -> str:
    """Under what a day's transactions in a state are listed: the bank's, or a branch's."""
    return f"{day}#{state}" if branch_id is None else f"{day}#{branch_id}#{state}"


def _shard(entry_id: str) -> str:
    return str(zlib.crc32(entry_id.encode()) % SHARDS)


@dataclass(slots=True)
class _LaterPut(ItemPut):
    """A row in place of none, or of one in an earlier state."""

    rank: int = 0

    def parameters(self) -> dict[str, Any]:
        """The parameters PutItem and TransactWriteItems share."""
        found = ItemPut.parameters(self)
        found["ConditionExpression"] = "attribute_not_exists(#key) OR #rank < :rank"
        found["ExpressionAttributeNames"] |= {"#rank": "rank"}
        found["ExpressionAttributeValues"] = {":rank": n(self.rank)}
        return found


def _put_of(row: Row, below: int) -> _LaterPut:
    shard = _shard(row.entry_id)
    lists = {
        "rank": row.rank,
        "bank_list": f"{list_of(row.day, row.state)}#{shard}",
        "branch_list": f"{list_of(row.day, row.state, row.branch_id)}#{shard}",
        "listed": row.listed,
        "open": shard if row.due is not None else None,
        # With the id, so that those of one moment have an order.
        "due": f"{row.due}#{row.entry_id}" if row.due is not None else None,
    }
    facts = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return _LaterPut(settings.table("transactions"), KEY, to_raw({**facts, **lists}), rank=below)


def note(row: Row) -> None:
    """Write a row unless a later state, or this one, is there; count it when money has moved and nobody did.

    Raises TryAgain (nothing was done), OutcomeUnknown: the record comes again, and finds what was done.
    """
    if row.is_counted and _count(row):
        return
    updates.put(_put_of(row, row.rank))


def _count(row: Row) -> bool:
    """Write and count a row that is not counted; False when it is."""
    for _ in range(2):
        try:
            updates.settle([_put_of(row, COUNTED), _counter_update(row)])
        except updates.TogetherRefused as refused:
            if refused.reasons[0]["Code"] != "None":
                return False
            _open_counter(row)
        else:
            return True
    raise TryAgain()


def _counter_key(row: Row) -> dict[str, str]:
    return {"part": f"{row.day}#{_shard(row.entry_id)}", "line": f"{row.branch_id}#{row.kind}"}


def _counter_update(row: Row) -> ItemUpdate:
    key = {name: s(value) for name, value in _counter_key(row).items()}
    update = ItemUpdate(settings.table("statistics"), key, missing=TryAgain)
    hour = HOUR_NAMES[clock.from_text(row.at).astimezone(clock.SHANGHAI).hour]
    return update.set(
        "#entries = #entries + :one, #amount_fen = #amount_fen + :amount, #fee_fen = #fee_fen + :fee, "
        # Counters of before there were hours have none.
        f"#{hour} = if_not_exists(#{hour}, :zero) + :one",
        one=n(1),
        zero=n(0),
        amount=n(row.amount_fen),
        fee=n(row.fee_fen),
    )


def _open_counter(row: Row) -> None:
    """Let a day, branch and kind count from nothing, unless it does already."""
    nothing = dict.fromkeys(("entries", "amount_fen", "fee_fen"), 0)
    counter = {**_counter_key(row), "branch_id": row.branch_id, "kind": row.kind, **nothing}
    updates.put(ItemPut(settings.table("statistics"), "part", to_raw(counter)))


def close(row: Row) -> None:
    """Take a row off the open ones: all that should follow it has followed. One that has moved on stays."""
    update = ItemUpdate(settings.table("transactions"), {KEY: s(row.entry_id)}, missing=NotFound)
    updates.run(update.require(rank_rule(row.rank)).remove("open", "due"))


def page(index: tuple[str, str], name: str, limit: int, before: str | None) -> tuple[list[Row], str | None]:
    """At most `limit` rows of a list, newest first; the place before which the next page begins, None at the end."""
    found: list[Row] = []
    has_more = False
    for shard in range(SHARDS):
        rows, is_cut = _newest(index, f"{name}#{shard}", limit, before)
        found += rows
        has_more |= is_cut
    found.sort(key=lambda row: row.listed, reverse=True)
    has_more |= len(found) > limit
    return found[:limit], found[:limit][-1].listed if has_more and found else None


def _newest(index: tuple[str, str], value: str, limit: int, before: str | None) -> tuple[list[Row], bool]:
    index_name, attribute = index
    answer = aws.dynamodb().query(
        TableName=settings.table("transactions"),
        IndexName=index_name,
        KeyConditionExpression="#list = :list AND #listed < :before" if before else "#list = :list",
        ExpressionAttributeNames={"#list": attribute, **({"#listed": "listed"} if before else {})},
        ExpressionAttributeValues={":list": s(value), **({":before": s(before)} if before else {})},
        ScanIndexForward=False,
        Limit=limit,
    )
    return [_row(item) for item in answer["Items"]], "LastEvaluatedKey" in answer


def entries_of(name: str) -> Iterator[str]:
    """The ids of all rows of a list of the bank; for who has to know them all."""
    for shard in range(SHARDS):
        found = reading.rows(
            aws.dynamodb().query,
            MAX_LIST_PAGES,
            TableName=settings.table("transactions"),
            IndexName=OF_BANK[0],
            KeyConditionExpression="#bank_list = :whole_list",
            ExpressionAttributeNames={"#bank_list": OF_BANK[1]},
            ExpressionAttributeValues={":whole_list": s(f"{name}#{shard}")},
            ProjectionExpression="entry_id",
        )
        yield from (row["entry_id"] for row in found)


def overdue(until: str, limit: int, after: str | None) -> tuple[list[Row], str | None]:
    """At most `limit` open rows that were due before `until`, oldest first; the place after which the next page begins.

    None at the end. A place is time#id, so `until` may be a time.
    """
    found: list[tuple[str, Row]] = []
    has_more = False
    for shard in range(SHARDS):
        answer = aws.dynamodb().query(
            TableName=settings.table("transactions"),
            IndexName=OPEN[0],
            KeyConditionExpression="#open = :shard AND #due BETWEEN :after AND :until",
            ExpressionAttributeNames={"#open": "open", "#due": "due"},
            # The smallest text after a place that was shown.
            ExpressionAttributeValues={
                ":shard": s(str(shard)),
                ":after": s(f"{after} " if after else "0"),
                ":until": s(max(until, f"{after} ") if after else until),
            },
            Limit=limit,
        )
        found += [(item["due"]["S"], _row(item)) for item in answer["Items"]]
        has_more |= "LastEvaluatedKey" in answer
    found.sort(key=lambda pair: pair[0])
    has_more |= len(found) > limit
    return [row for _, row in found[:limit]], found[:limit][-1][0] if has_more and found else None


def _row(item: Mapping[str, Any]) -> Row:
    image = to_image(item)
    facts: dict[str, Any] = {name: image[name] for name in Row.__dataclass_fields__ if name in image}
    if "due" in facts:
        facts["due"] = facts["due"].rpartition("#")[0]
    return Row(**facts)


def ranks_of(entry_ids: Sequence[str]) -> dict[str, int]:
    """How late the state of each of at most 100 rows is; absent ones are left out."""
    table = settings.table("transactions")
    wanted: dict[str, Any] = {}
    if entry_ids:
        keys = [{KEY: s(entry_id)} for entry_id in entry_ids]
        wanted[table] = {"Keys": keys, "ConsistentRead": True}
    found: dict[str, int] = {}
    for _ in range(MAX_BATCH_READS):
        if not wanted:
            return found
        answer = aws.dynamodb().batch_get_item(RequestItems=wanted)
        found |= {item[KEY]["S"]: int(item["rank"]["N"]) for item in answer["Responses"].get(table, [])}
        wanted = dict(answer.get("UnprocessedKeys", {}))
    raise TryAgain()


def figures(day: str) -> list[Figure]:
    """A day's counters, added up over their parts, by branch and kind."""
    sums: dict[tuple[str, str], list[int]] = {}
    for shard in range(SHARDS):
        for image in _counters(f"{day}#{shard}"):
            total = sums.setdefault((image["branch_id"], image["kind"]), [0, 0, 0])
            for place, name in enumerate(("entries", "amount_fen", "fee_fen")):
                total[place] += image[name]
    return [Figure(day, branch_id, kind, *sums[branch_id, kind]) for branch_id, kind in sorted(sums)]


def hours(day: str) -> list[int]:
    """How many entries a day had in each hour of the Shanghai day."""
    found = [0] * len(HOUR_NAMES)
    for shard in range(SHARDS):
        for image in _counters(f"{day}#{shard}"):
            found = [count + image.get(name, 0) for name, count in zip(HOUR_NAMES, found, strict=True)]
    return found


def count_unpaid(day: str, end: str, request_id: str) -> None:
    """Count a payment that was not made, by how it ended: in as many rows a day as there are parts, by the request."""
    aws.dynamodb_briefly().update_item(
        TableName=settings.table("statistics"),
        Key={"part": s(_unpaid_part(day)), "line": s(_shard(request_id))},
        UpdateExpression="ADD #end :one",
        ExpressionAttributeNames={"#end": end},
        ExpressionAttributeValues={":one": n(1)},
    )


def unpaid(day: str) -> tuple[int, int]:
    """How many payments of a day were refused, and how many failed."""
    rows = list(_counters(_unpaid_part(day)))
    refused, failed = (sum(row.get(end, 0) for row in rows) for end in (REFUSED, FAILED))
    return refused, failed


def _unpaid_part(day: str) -> str:
    return f"{day}#unpaid"


def _counters(part: str) -> Iterator[dict[str, Any]]:
    return reading.rows(
        aws.dynamodb().query,
        MAX_PAGES,
        TableName=settings.table("statistics"),
        KeyConditionExpression="#part = :part",
        ExpressionAttributeNames={"#part": "part"},
        ExpressionAttributeValues={":part": s(part)},
        ConsistentRead=True,
    )
