"""A bank in haste: what costs much in each and shows nothing is done once a process, or the short way.

`tests/chain/test_haste.py` holds what is done here to what moto does by itself.
"""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import yaml
from argon2 import PasswordHasher
from botocore import UNSIGNED
from botocore.useragent import UserAgentString
from moto import backend_index
from moto.core import responses, utils
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing import ast_nodes
from moto.kms import models as kms_models
from moto.kms import utils as kms_utils

from chalicelib.platform import aws, passwords

Write = Mapping[str, Mapping[str, Any]]

OWN_SERVICES = ("dynamodb", "kms", "secretsmanager", "sns", "sqs")

_make_client = aws._client.__wrapped__
_generate_key = kms_utils.generate_private_key
_transact = DynamoDBBackend.transact_write_items
_structure = BaseJSONSerializer._serialize_type_structure

# The writes of the transaction under way, of which a rollback needs the old items and no others.
_writes: ContextVar[Sequence[Write]] = ContextVar("writes", default=())


@cache
def _client(service: str, *, is_brief: bool = False) -> Any:
    """One client a process: it holds an address, and moto answers behind it whichever bank is open.

    That of DynamoDB does not sign: nobody here verifies a signature. (Of a queue moto reads the region there.)
    """
    client = _make_client(service, is_brief=is_brief)
    if service == "dynamodb":
        client.meta.events.register("choose-signer", lambda **_: UNSIGNED)
    return client


def patterns_in_haste() -> list[tuple[str, Any]]:
    """moto tries the address of each request against those of all services, in turn: the bank's own come first."""
    return sorted(backend_index.backend_url_patterns, key=lambda pattern: pattern[0] not in OWN_SERVICES)


_is_kind = cache(issubclass)


def _is_one(value: object, kinds: Any) -> bool:
    """For moto's expressions, whose classes are abstract ones: `isinstance` asks them slowly, node by node."""
    kind: Any = type(value)
    return _is_kind(kind, kinds)


@cache
def _unused_pair() -> Any:
    return _generate_key("RSA_2048")


def _generate_unless_unused(key_spec: str) -> Any:
    """moto makes a key pair for a symmetric key, too, and never uses it."""
    return _unused_pair() if key_spec == "SYMMETRIC_DEFAULT" else _generate_key(key_spec)


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


@contextmanager
def in_haste() -> Iterator[None]:
    """Spared: clients, names, copies of whole tables; and password hashes at full strength (unit tests see those)."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with ExitStack() as stack:
        for owner, name, instead in (
            (passwords, "_hasher", hasher),
            (aws, "_client", _client),
            (UserAgentString, "to_string", lambda _: "Boto3"),
            (backend_index, "backend_url_patterns", patterns_in_haste()),
            (kms_models, "generate_private_key", _generate_unless_unused),
            (responses, "method_names_from_class", cache(utils.method_names_from_class)),
            (responses, "camelcase_to_underscores", cache(utils.camelcase_to_underscores)),
            (ast_nodes, "isinstance", _is_one),
            (models, "copy", SimpleNamespace(deepcopy=_deepcopy, copy=copy.copy)),
            (DynamoDBBackend, "transact_write_items", _transact_write_items),
            (BaseJSONSerializer, "_serialize_type_structure", _serialize_type_structure),
        ):
            stack.enter_context(patch.object(owner, name, instead, create=owner is ast_nodes))
        yield


@contextmanager
def json_templates() -> Iterator[None]:
    """moto's CloudFormation reads JSON as YAML, slowly."""
    with patch.object(yaml, "load", lambda text, **_: json.loads(text)):
        yield
