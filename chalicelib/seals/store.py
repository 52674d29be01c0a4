"""DaySealsTable and SealTilesTable, which are only added to; DayEntriesTable, by which a day's entries are found in
order; SealRunsTable, how far a day's tree has grown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.platform import aws, reading, settings, updates
from chalicelib.platform.dynamo import Image, ItemPut, n, s, to_image, to_raw
from chalicelib.seals import tiles
from chalicelib.seals.domain import LISTED_FOR_D
from chalicelib.seals.tiles import Tile

BOOK = "main"
KEY, RANGE = "book", "business_date"
# Ids begin with one of these, in this order: a date's entries are in so many parts, so that no one part of a table
# takes all the day's writes, and part after part they still come in order of id.
PARTS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Seal:
    """A day's seal: its head as it was signed, and what of it is asked for. `level` is that of the tile at the top."""

    business_date: str
    sequence: int
    entries: int
    root: bytes
    level: int
    sealed_at: str
    signed: str


@dataclass(frozen=True, slots=True)
class Run:
    """How far a day's tree has grown: up to the entry `after`, in `step` pages.

    `levels` are the rows of tiles that are not whole (tiles.Growth). `lines` and `turnover_fen` are what the entries
    come to in the books, to be held against the day's close.
    """

    business_date: str
    step: int = 0
    after: str = ""
    leaves: int = 0
    lines: int = 0
    turnover_fen: int = 0
    levels: tuple[bytes, ...] = ()


def list_entry(business_date: str, entry_id: str, now: dt.datetime) -> None:
    """Put the row by which an entry is found on its date; as often as one likes, it is the same one."""
    expires_at = int((now + dt.timedelta(days=LISTED_FOR_D)).timestamp())
    row = {"part": f"{business_date}#{entry_id[:1]}", "entry_id": entry_id, "expires_at": expires_at}
    aws.dynamodb().put_item(TableName=settings.table("day_entries"), Item=to_raw(row))


def listed(business_date: str, after: str, most: int) -> list[str]:
    """At most `most` entries of a date after an id ("" for all), in order of id; fewer only where there are no more."""
    found: list[str] = []
    for part in PARTS[PARTS.index(after[0]) if after else 0 :]:
        for entry_id in _part(f"{business_date}#{part}", after, most):
            found.append(entry_id)
            if len(found) == most:
                return found
    return found


def _part(part: str, after: str, most: int) -> Iterator[str]:
    found = reading.rows(
        aws.dynamodb().query,
        TableName=settings.table("day_entries"),
        KeyConditionExpression="#part = :part AND #entry_id > :after",
        ExpressionAttributeNames={"#part": "part", "#entry_id": "entry_id"},
        # Before every id there is.
        ExpressionAttributeValues={":part": s(part), ":after": s(after or " ")},
        ConsistentRead=True,
        Limit=most,
    )
    return (row["entry_id"] for row in found)


def begin_run(business_date: str) -> Run:
    """The run of a date, as it is; a new one where there is none."""
    run = Run(business_date)
    found = updates.put(ItemPut(settings.table("seal_runs"), "business_date", _raw_run(run)))
    return run if found is None else _run(found)


def run_of(business_date: str) -> Run | None:
    """The run of a date as it is now, or None."""
    image = reading.item(settings.table("seal_runs"), {"business_date": s(business_date)})
    return _run(image) if image is not None else None


def advance(run: Run, after: Run) -> bool:
    """Put a run in place of the one that was read; False where another was quicker.

    A write that was done and not answered, and sent again by the client, is taken for another's: who comes next goes on
    from it.
    """
    try:
        aws.dynamodb().put_item(
            TableName=settings.table("seal_runs"),
            Item=_raw_run(after),
            ConditionExpression="#step = :before",
            ExpressionAttributeNames={"#step": "step"},
            ExpressionAttributeValues={":before": n(run.step)},
        )
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return False
    return True


def _raw_run(run: Run) -> dict[str, Any]:
    facts = {name: getattr(run, name) for name in run.__dataclass_fields__}
    return to_raw({**facts, "levels": list(run.levels)})


def _run(image: Image) -> Run:
    return Run(**{**image, "levels": tuple(image["levels"])})


def put_tile(business_date: str, tile: Tile) -> None:
    """Put a tile, unless it is there."""
    row = {"business_date": business_date, "tile": tile.name, "rows": tiles.to_bytes(tile.rows)}
    updates.put(ItemPut(settings.table("seal_tiles"), "business_date", to_raw(row)))


def tile_at(business_date: str, level: int, root: bytes) -> Tile:
    """A tile; raises TileAltered where it is not there, or not what it is named."""
    name = tiles.name_of(level, root)
    # Consistent, as the seal was read so: what it names must be there.
    image = reading.item(settings.table("seal_tiles"), {"business_date": s(business_date), "tile": s(name)})
    if image is None:
        raise tiles.TileAltered(f"{name} is not there")
    return tiles.named(level, root, image["rows"])


def put_seal(seal: Seal) -> bool:
    """Seal the day; False when it was sealed before."""
    facts = {name: getattr(seal, name) for name in seal.__dataclass_fields__}
    return updates.put(ItemPut(settings.table("day_seals"), KEY, to_raw({KEY: BOOK, **facts}))) is None


def seal_of(business_date: str) -> Seal | None:
    """The seal of a date, or None."""
    image = reading.item(settings.table("day_seals"), {KEY: s(BOOK), RANGE: s(business_date)})
    return None if image is None else _seal(image)


def page(limit: int, after: Mapping[str, Any] | None) -> tuple[list[Seal], Mapping[str, Any] | None]:
    """At most `limit` seals, newest first, and the key to go on after."""
    start: dict[str, Any] = {"ExclusiveStartKey": after} if after else {}
    answer = aws.dynamodb().query(
        TableName=settings.table("day_seals"),
        KeyConditionExpression="#book = :book",
        ExpressionAttributeNames={"#book": KEY},
        ExpressionAttributeValues={":book": s(BOOK)},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=limit,
        **start,
    )
    return [_seal(to_image(item)) for item in answer["Items"]], answer.get("LastEvaluatedKey")


def newest() -> Seal | None:
    """The newest seal, or None."""
    found, _ = page(1, None)
    return found[0] if found else None


def _seal(image: Image) -> Seal:
    return Seal(**{name: image[name] for name in Seal.__dataclass_fields__})
