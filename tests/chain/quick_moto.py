"""What moto does the long way, done the short way: most of the time of a chain test went into these two.

Both give the same answers; test_quick_moto.py holds them to moto's own.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

Write = Mapping[str, Mapping[str, Any]]

# The writes of the transaction under way, of which a rollback needs the old items and no others.
_writes: ContextVar[Sequence[Write]] = ContextVar("writes", default=())
_transact = DynamoDBBackend.transact_write_items
_structure = BaseJSONSerializer._serialize_type_structure


@contextmanager
def quick_moto() -> Iterator[None]:
    """Copy of a table only what a transaction changes, and look only for the types an attribute has."""
    with (
        patch.object(models, "copy", SimpleNamespace(deepcopy=_deepcopy, copy=copy.copy)),
        patch.object(DynamoDBBackend, "transact_write_items", _transact_write_items),
        patch.object(BaseJSONSerializer, "_serialize_type_structure", _serialize_type_structure),
    ):
        yield


def _transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    token = _writes.set(transact_items)
    try:
        _transact(self, transact_items)
    finally:
        _writes.reset(token)


def _deepcopy(value: Any) -> Any:
    """moto copies whole tables, with all records of their streams, before each transaction."""
    writes = _writes.get()
    return _as_it_was(value, writes) if isinstance(value, Table) and writes else copy.deepcopy(value)


def _as_it_was(table: Table, writes: Sequence[Write]) -> Table:
    """A table that takes this one's place when the writes are rolled back; records and other items are shared."""
    twin = copy.copy(table)
    twin.items = defaultdict(
        dict, {key: copy.copy(held) if table.has_range_key else held for key, held in table.items.items()}
    )
    if table.stream_shard is not None:
        twin.stream_shard = copy.copy(table.stream_shard)
        twin.stream_shard.items = list(table.stream_shard.items)
        twin.stream_shard.table = twin
    for write in writes:
        (operation,) = write.values()
        # A put and a deletion leave the old item as it is; an update changes it in place.
        if operation.get("TableName") == table.name and "UpdateExpression" in operation:
            key = {name: DynamoType(value) for name, value in operation["Key"].items()}
            _keep(twin, key)
    return twin


def _keep(twin: Table, key: Mapping[str, Any]) -> None:
    """Give the table a copy of its own of one item, where it is there."""
    hash_key, range_key = key[twin.hash_key_attr], key.get(twin.range_key_attr or "")
    rows = twin.items.get(hash_key)
    if rows is None:
        return
    if range_key is None:
        twin.items[hash_key] = copy.deepcopy(rows)
    elif range_key in rows:
        rows[range_key] = copy.deepcopy(rows[range_key])


def _serialize_type_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """moto asks an attribute's value for each of DynamoDB's ten types by six names; it has one."""
    if shape.name != "AttributeValue" or not isinstance(value, dict) or not key:
        _structure(self, serialized, value, shape, key)
        return
    wrapper = self.MAP_TYPE()
    for name in value.keys() & shape.members.keys():
        member = shape.members[name]
        member.parent = shape
        self._serialize_structure_member(wrapper, value, member, name)
    self._default_serialize(serialized, wrapper, shape, key)
