"""DynamoDB streams as Lambda reads them: two shards a table, each with its own reader a worker, in order."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass, field
from typing import Any

from simulation.engine import Changed

SHARDS = 2
# The overlay's MaximumRetryAttempts, and the first one.
MOST_ATTEMPTS = 9
LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(slots=True)
class Reader:
    """One worker on one shard. `position` is the first record it has not finished."""

    worker: str
    table: str
    shard: int
    records: list[dict[str, Any]]
    position: int = 0
    busy: bool = False
    attempts: int = 0
    stalled_until: dt.datetime = LONG_AGO

    @property
    def waiting(self) -> int:
        return len(self.records) - self.position


@dataclass(slots=True)
class Streams:
    """The streams that workers read. An item's changes stay on one shard, in order."""

    shards: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    readers: list[Reader] = field(default_factory=list)
    written: int = 0

    def attach(self, worker: str, table: str) -> None:
        """Let a worker read a table's stream from its oldest record."""
        for shard in range(SHARDS):
            records = self.shards.setdefault((table, shard), [])
            self.readers.append(Reader(worker, table, shard, records))

    def add(self, change: Changed, key_name: str, now_epoch_s: int) -> None:
        """Append a change to its shard, as the JSON that Lambda gives a worker."""
        image = change.new or change.old or {}
        # crc32, not hash(): the same in every process.
        shard = zlib.crc32(str(image[key_name]).encode()) % SHARDS
        records = self.shards.get((change.table, shard))
        if records is None:
            return
        self.written += 1
        inside: dict[str, Any] = {
            "ApproximateCreationDateTime": now_epoch_s,
            "Keys": {key_name: image[key_name]},
            "SequenceNumber": f"{self.written:021d}",
            "SizeBytes": 0,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        if change.old is not None:
            inside["OldImage"] = change.old
        if change.new is not None:
            inside["NewImage"] = change.new
        name = "MODIFY" if change.old and change.new else "INSERT" if change.new else "REMOVE"
        records.append(
            {
                "eventID": f"record-{self.written}",
                "eventName": name,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "cn-north-1",
                "eventSourceARN": f"arn:aws-cn:dynamodb:cn-north-1:000000000000:table/{change.table}/stream/simulation",
                "dynamodb": inside,
            }
        )
