"""DynamoDB: PynamoDB models on one shared connection, and conditional updates whose rules explain themselves.

A `Rule` is one condition of a write in two forms that a test holds equal: the expression the engine
evaluates, and a predicate that judges the old image when the engine has refused. So a refusal is named
without reading before writing.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError
from pynamodb.connection import Connection, TableConnection
from pynamodb.connection.base import MetaTable
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model

from chalicelib.platform import aws, settings
from chalicelib.platform.errors import CursorMalformed, Refusal

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Image = dict[str, Any]

_NAME = re.compile(r"#(\w+)")
_deserializer = TypeDeserializer()
_serializer = TypeSerializer()


class _SharedConnection(Connection):
    """PynamoDB's connection on the one client of this instance; each would build its own (50 to 75 ms)."""

    @property
    def client(self) -> Any:
        return aws.dynamodb()


_shared = _SharedConnection(region="unused")  # the client above has its own region


class Item(Model):
    """Base of the models. `class Meta` gives `logical_name`, the table's name as `settings.table` takes it."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        if cls._connection is None:
            meta: Any = cls.Meta
            meta.table_name = settings.table(meta.logical_name)
            cls._connection = TableConnection(cls.Meta.table_name, meta_table=_meta_table(cls))
            cls._connection.connection = _shared
            _shared.add_meta_table(_meta_table(cls))
        return cls._connection


def _meta_table(model: type[Item]) -> MetaTable:
    """The key schema PynamoDB would otherwise fetch with a DescribeTable on first use."""
    untyped: Any = model
    keys = [("HASH", untyped._hash_key_attribute()), ("RANGE", untyped._range_key_attribute())]
    present = [(kind, attribute) for kind, attribute in keys if attribute is not None]
    return MetaTable(
        {
            "TableName": model.Meta.table_name,
            "KeySchema": [{"AttributeName": a.attr_name, "KeyType": kind} for kind, a in present],
            "AttributeDefinitions": [{"AttributeName": a.attr_name, "AttributeType": a.attr_type} for _, a in present],
        }
    )


def is_refused(error: PynamoDBException) -> bool:
    """Whether a model's write failed because its condition did not hold, and for nothing else.

    PynamoDB's own `cause_response_code` cannot be asked: after a time-out it fails itself, with an
    AttributeError that hides the time-out, and the caller is told of a defect instead of a busy engine.
    """
    cause = error.cause
    return isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "ConditionalCheckFailedException"


def to_image(raw: Mapping[str, Any]) -> Image:
    """A raw item as plain Python; numbers are exact ints (no number of the bank has a fraction).

    boto3's own reader goes through Decimal and wrappers, which every payment would pay for.
    """
    return {name: _plain(value) for name, value in raw.items()}


def stream_image(raw: Mapping[str, Any]) -> Image:
    """An image as a stream event carries it: JSON, so binary values are base64 text."""
    return to_image({name: _from_json(value) for name, value in raw.items()})


def _from_json(value: Mapping[str, Any]) -> dict[str, Any]:
    ((kind, inner),) = value.items()
    if kind == "B":
        return {kind: base64.b64decode(inner)}
    if kind == "BS":
        return {kind: [base64.b64decode(one) for one in inner]}
    if kind == "L":
        return {kind: [_from_json(one) for one in inner]}
    if kind == "M":
        return {kind: {name: _from_json(one) for name, one in inner.items()}}
    return {kind: inner}


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, inner),) = value.items()
    if kind in ("S", "BOOL"):
        return inner
    return _READERS[kind](inner)


def _whole(text: str) -> int:
    # A number may arrive with an exponent (`1E+2`): what is rare is boto3's to read.
    return int(text) if text.lstrip("-").isdigit() else int(_deserializer.deserialize({"N": text}))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "N": _whole,
    "B": bytes,
    "NULL": lambda _: None,
    "L": lambda inner: [_plain(one) for one in inner],
    "M": to_image,
    "SS": set,
    "NS": lambda inner: {_whole(one) for one in inner},
    "BS": lambda inner: {bytes(one) for one in inner},
}


def to_raw(item: Mapping[str, Any]) -> dict[str, Any]:
    """Plain Python (text, whole numbers, bytes, lists, maps) as DynamoDB takes it; absent values are left out."""
    return {name: _raw(value) for name, value in item.items() if value is not None}


def _raw(value: Any) -> Any:
    writer = _WRITERS.get(type(value))
    # What is rare, and what must be refused (a float), is boto3's to judge.
    return writer(value) if writer is not None else _serializer.serialize(value)


_WRITERS: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    str: lambda value: {"S": value},
    int: lambda value: {"N": str(value)},
    bool: lambda value: {"BOOL": value},
    bytes: lambda value: {"B": value},
    list: lambda value: {"L": [_raw(one) for one in value]},
    dict: lambda value: {"M": {name: _raw(one) for name, one in value.items()}},
}


def n(value: int) -> dict[str, str]:
    """A number as DynamoDB takes it."""
    return {"N": str(value)}


def s(value: str) -> dict[str, str]:
    """A string as DynamoDB takes it."""
    return {"S": value}


@functools.lru_cache(maxsize=1024)
def _names_in(expression: str) -> Mapping[str, str]:
    """`#name` -> `name` for all names of an expression; most expressions are the same in every write of a day."""
    return {f"#{name}": name for name in _NAME.findall(expression)}


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition of a write.

    `expression` uses `#name` for attributes and `:name` for `values`; no arithmetic (the engine has none
    in conditions). `holds` judges the image the write found, `refuse` makes the refusal from it; None
    means that a breach is nobody's fault and passes: the write is tried again.
    """

    expression: str
    values: Mapping[str, Mapping[str, Any]]
    holds: Callable[[Image], bool]
    refuse: Callable[[Image], Refusal] | None


@dataclass(slots=True)
class ItemUpdate:
    """A conditional update of one item, built clause by clause.

    `missing` makes the refusal for an item that does not exist at all.
    """

    table: str
    key: Mapping[str, Mapping[str, Any]]
    missing: Callable[[], Refusal]
    rules: list[Rule] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    values: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def require(self, *rules: Rule) -> ItemUpdate:
        """Add conditions, all of which must hold."""
        self.rules.extend(rules)
        return self

    def set(self, clause: str, **values: Mapping[str, Any]) -> ItemUpdate:
        """Add `#a = :b` to the update; `values` are the values it names, without the colon."""
        self.sets.append(clause)
        for name, value in values.items():
            self._value(f":{name}", value)
        return self

    def remove(self, *names: str) -> ItemUpdate:
        """Take attributes off the item."""
        self.removes += [f"#{name}" for name in names]
        return self

    def become(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> ItemUpdate:
        """Set what differs between two raw states of the item, and take off what the new one lacks."""
        for name, value in new.items():
            if old.get(name) != value:
                self.set(f"#{name} = :{name}", **{name: value})
        return self.remove(*(name for name in old if name not in new))

    def _value(self, name: str, value: Mapping[str, Any]) -> None:
        if self.values.setdefault(name, value) != value:
            raise ValueError(f"{name} stands for two values in one write")

    def parameters(self) -> dict[str, Any]:
        """The parameters UpdateItem and TransactWriteItems share."""
        key_name = next(iter(self.key))
        conditions = [f"attribute_exists(#{key_name})", *(f"({rule.expression})" for rule in self.rules)]
        for rule in self.rules:
            for name, value in rule.values.items():
                self._value(name, value)
        clauses = [("SET ", self.sets), ("REMOVE ", self.removes)]
        update = " ".join(verb + ", ".join(parts) for verb, parts in clauses if parts)
        condition = " AND ".join(conditions)
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "Key": dict(self.key),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": dict(_names_in(f"{update} {condition}")),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if update:
            parameters["UpdateExpression"] = update
        if self.values:
            parameters["ExpressionAttributeValues"] = dict(self.values)
        return parameters

    def to_transact_item(self) -> TransactWriteItemTypeDef:
        """This write as one item of TransactWriteItems; a mere condition when nothing is set."""
        verb = "Update" if self.sets or self.removes else "ConditionCheck"
        return {verb: self.parameters()}  # type: ignore[misc]  # the verb is chosen here

    def breaches(self, image: Image | None) -> list[Refusal]:
        """What is wrong with the image the engine refused; empty when it shows no breach (then: retry)."""
        if image is None:
            return [self.missing()]
        return [rule.refuse(image) for rule in self.rules if rule.refuse is not None and not rule.holds(image)]


@dataclass(slots=True)
class ItemDelete(ItemUpdate):
    """The same conditions, and then the item goes: as a part of a transaction."""

    def to_transact_item(self) -> TransactWriteItemTypeDef:
        """This write as one item of TransactWriteItems."""
        return {"Delete": self.parameters()}  # type: ignore[typeddict-item]  # plain dict of the same shape


@dataclass(slots=True)
class ItemPut:
    """A put of an item that must not exist yet; `taken` makes the refusal for one that does.

    Without it that is nobody's fault: who wrote reads and plans again.
    """

    table: str
    key_name: str
    item: Mapping[str, Mapping[str, Any]]
    taken: Callable[[], Refusal] | None = None

    def parameters(self) -> dict[str, Any]:
        """The parameters PutItem and TransactWriteItems share."""
        return {
            "TableName": self.table,
            "Item": dict(self.item),
            "ConditionExpression": "attribute_not_exists(#key)",
            "ExpressionAttributeNames": {"#key": self.key_name},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def to_transact_item(self) -> TransactWriteItemTypeDef:
        """This put as one item of TransactWriteItems."""
        return {"Put": self.parameters()}  # type: ignore[typeddict-item]  # plain dict of the same shape

    def breaches(self, image: Image | None) -> list[Refusal]:  # noqa: ARG002  # as an update's
        """What is wrong when the engine refused: the item is there."""
        return [self.taken()] if self.taken is not None else []


def lowest(refusals: Iterable[Refusal]) -> Refusal | None:
    """The refusal that the documented order tells first."""
    return min(refusals, key=lambda refusal: refusal.rank, default=None)


def encode_cursor(last_key: Mapping[str, Any] | None) -> str | None:
    """An opaque page cursor from a LastEvaluatedKey."""
    if not last_key:
        return None
    return base64.urlsafe_b64encode(json.dumps(last_key, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, hash_name: str, hash_value: str, range_name: str) -> dict[str, Any] | None:
    """The key a cursor stands for.

    Raises CursorMalformed for anything but a key of this very list: another customer's cursor is not valid.
    """
    if cursor is None:
        return None
    try:
        key = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        wanted = {hash_name: {"S": hash_value}, range_name: {"S": key[range_name]["S"]}}
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise CursorMalformed() from error
    text = key[range_name]["S"]
    # Every sort key of the bank is ASCII; a lone surrogate could not even be sent to the engine.
    if key != wanted or not isinstance(text, str) or not text or not text.isascii():
        raise CursorMalformed()
    return wanted


def forget_tables() -> None:
    """Drop resolved table names, so that the next use reads the environment anew: for tests that swap the engine."""
    for model in Item.__subclasses__():
        model._connection = None
    _shared._tables.clear()
