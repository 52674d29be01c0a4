"""moto in haste: what costs most in this process and shows nothing, done once or done cheaper, with the same outcome.

`tests/chain/test_haste.py` holds what is done here to what moto does by itself.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import yaml
from argon2 import PasswordHasher
from botocore import UNSIGNED
from botocore.useragent import UserAgentString
from moto import backend_index
from moto.core import responses, utils
from moto.core.serialize import AttributePickerContext, BaseJSONSerializer, XFormedAttributePicker
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import StreamRecord, Table
from moto.dynamodb.parsing import ast_nodes
from moto.kms import models as kms_models
from moto.kms import utils as kms_utils

from chalicelib.platform import aws, passwords

OWN_SERVICES = ("dynamodb", "kms", "secretsmanager", "sns", "sqs")

_make_client = aws._client.__wrapped__
_generate_key = kms_utils.generate_private_key
_serialize_structure = BaseJSONSerializer._serialize_type_structure
_update_item = DynamoDBBackend.update_item


@cache
def _client(service: str) -> Any:
    """One client a process: it holds an address, and moto answers behind it whichever bank is open.

    That of DynamoDB does not sign: nobody here verifies a signature. (Of a queue moto reads the region there.)
    """
    client = _make_client(service)
    if service == "dynamodb":
        client.meta.events.register("choose-signer", lambda **_: UNSIGNED)
    return client


def patterns_in_haste() -> list[tuple[str, Any]]:
    """moto tries the address of each request against those of all services, in turn: the bank's own come first."""
    return sorted(backend_index.backend_url_patterns, key=lambda pattern: pattern[0] not in OWN_SERVICES)


def _members(shape: Any, picker: XFormedAttributePicker) -> list[tuple[str, Any, tuple[str, ...]]]:
    """Members of a structure, and under which keys moto looks for each in a plain dict; found once a shape.

    For a dict those keys follow from the shape and the member alone.
    """
    known: list[tuple[str, Any, tuple[str, ...]]] | None = getattr(shape, "members_in_haste", None)
    if known is None:
        known = []
        for name, member in shape.members.items():
            member.parent = shape
            keys = tuple(dict.fromkeys(picker.get_possible_keys(AttributePickerContext({}, name, member))))
            assert not any("." in key for key in keys), keys  # a dotted key is a path to moto
            known.append((name, member, keys))
        shape.members_in_haste = known
    return known


def _structure(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """moto asks seven providers of names for each member of each attribute, also for the nine it does not have."""
    picker = serializer._value_picker
    if type(value) is not dict or shape.is_document_type or picker.response_transformers:
        _serialize_structure(serializer, serialized, value, shape, key)
        return
    wrapper: Any = serializer.MAP_TYPE() if key else serialized
    for name, member, keys in _members(shape, picker):
        for possible in keys:
            if possible in value:
                if value[possible] is not None:
                    serializer._serialize(wrapper, value[possible], member, name)
                break
    if key:
        serializer._default_serialize(serialized, wrapper, shape, key)


def _table_as_it_is(table: Table, memo: dict[int, Any]) -> Table:
    """A transaction's way back. Items are not copied: `_update_a_copy` never changes one that is in a table."""
    kept = copy.copy(table)
    memo[id(table)] = kept
    kept.items = copy.copy(table.items)
    if table.range_key_attr is not None:
        for hash_value, items in table.items.items():
            kept.items[hash_value] = dict(items)
    if table.stream_shard is not None:
        kept.stream_shard = copy.copy(table.stream_shard)
        kept.stream_shard.table = kept
        kept.stream_shard.items = list(table.stream_shard.items)
    return kept


def _update_a_copy(backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *given: Any, **named: Any) -> Any:
    """moto changes the item that is in the table; here a copy takes its place first."""
    table = backend.tables.get(table_name)
    if table is not None and table.hash_key_attr in key:
        hash_value, range_value = backend.get_keys_value(table, key)
        item = table.get_item(hash_value, range_value)
        if item is not None and range_value is not None:
            table.items[hash_value][range_value] = copy.deepcopy(item)
        elif item is not None:
            table.items[hash_value] = copy.deepcopy(item)  # type: ignore[arg-type]  # moto's own words for it
    return _update_item(backend, table_name, key, *given, **named)


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


@contextmanager
def in_haste() -> Iterator[None]:
    """Spared: clients, names, copies; and password hashes at full strength, which unit tests look at."""
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
            (BaseJSONSerializer, "_serialize_type_structure", _structure),
            (ast_nodes, "isinstance", _is_one),
            (DynamoDBBackend, "update_item", _update_a_copy),
        ):
            stack.enter_context(patch.object(owner, name, instead, create=owner is ast_nodes))
        # Records never change.
        stack.enter_context(patch.object(StreamRecord, "__deepcopy__", lambda record, _: record, create=True))
        stack.enter_context(patch.object(Table, "__deepcopy__", _table_as_it_is, create=True))
        yield


@contextmanager
def json_templates() -> Iterator[None]:
    """moto's CloudFormation reads JSON as YAML, slowly."""
    with patch.object(yaml, "load", lambda text, **_: json.loads(text)):
        yield
