"""What the last release left in tables and queues is still understood: items, messages, and the tables themselves.

`tests/deploy/kept.json` is that release's word (`tests/deploy/kept.py`); `tests/deploy/test_upgrade.py` upgrades a
stack that holds it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import app
from chalicelib.platform import dynamo
from chalicelib.platform.dynamo import Item
from chalicelib.platform.queues import Message
from infra.environment import RESOURCES_FILE, read_template, table_ids, table_suffix
from tests import event_schemas
from tests.architecture.source import ROOT
from tests.deploy.kept import LOCAL_ONLY, kept, tables_now

assert app  # whose contexts are all imported below

# Counters of a date or hour end with it, places of a list with their number.
_COUNTED = re.compile("_?[0-9-]+$")
# Tokens live for minutes: a stack's keys for them need not outlive it.
NEED_NOT_OUTLIVE = {*LOCAL_ONLY, "TokenKey"}
# Rows of these are gone once what they wait for is done: no story leaves one.
LEFT_EMPTY = {"HoldExpiriesTable", "TransferDuesTable", "FactorRemindersTable"}


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Table and item, as a stream has it."""
    document = kept()
    for part in ("items", "samples"):
        for table, items in document[part].items():
            for item in items:
                yield table, item


@cache
def models() -> dict[str, list[type[Item]]]:
    """Logical id -> models of that table."""
    found: dict[str, list[type[Item]]] = {}
    by_name = {table_suffix(table).replace("-", "_"): table for table in table_ids()}
    for model in _below(Item):
        name = getattr(getattr(model, "Meta", None), "logical_name", None)
        if name in by_name:
            found.setdefault(by_name[name], []).append(model)
    return found


def _below(model: type[Any]) -> Iterator[type[Any]]:
    for one in model.__subclasses__():
        yield one
        yield from _below(one)


@cache
def words() -> frozenset[str]:
    """Every name and text that stands in the code."""
    found: set[str] = set()
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                    found.add(name)
                case ast.keyword(arg=str(name)):
                    found.add(name)
                case ast.Constant(value=str(text)):
                    # Expressions name attributes by placeholders.
                    found.update(re.findall(r"#(\w+)", text), {text})
    return frozenset(found)


def test_every_table_but_those_left_empty_has_an_item_of_the_release() -> None:
    assert set(kept()["tables"]) - {table for table, _ in rows()} - set(LOCAL_ONLY) == LEFT_EMPTY


def unknown_of(table: str, item: dict[str, Any]) -> set[str]:
    """Attributes that neither a model of the table nor any text of the code names: some are written by expressions."""
    known = words().union(*map(_names, models().get(table, [])))
    return {name for name in item if name not in known and _COUNTED.sub("", name) not in known}


def _names(model: type[Item]) -> set[str]:
    return {attribute.attr_name for attribute in model.get_attributes().values()}


def test_every_attribute_that_the_release_wrote_is_known() -> None:
    assert {(table, name) for table, item in rows() for name in unknown_of(table, item)} == set()


def test_an_attribute_that_left_the_code_is_found() -> None:
    for table in ("ReceiptsTable", "JournalTable"):
        assert unknown_of(table, {"of_before": {"S": "x"}, "correlation_id": {"S": "x"}}) == {"of_before"}


def test_every_item_of_the_release_is_read_by_its_model() -> None:
    unread = []
    for table, item in rows():
        for model in models().get(table, []):
            if set(item) <= _names(model):
                try:
                    model.from_raw_data({name: dynamo._from_json(value) for name, value in item.items()})
                except (ValueError, TypeError, AttributeError) as problem:
                    unread.append((table, sorted(item), repr(problem)))
                break
    assert unread == []


def test_every_message_of_the_release_is_still_one() -> None:
    messages = [body for bodies in kept()["messages"].values() for body in bodies]
    for body in messages:
        event_schemas.check(Message.from_json(body).to_json())
    assert len(messages) > 5


def test_no_table_of_the_release_is_replaced_or_lost() -> None:
    now = tables_now()
    for table, before in kept()["tables"].items():
        after = now[table]
        assert (after["name"], after["keys"]) == (before["name"], before["keys"]), table
        assert set(before["indexes"]) <= set(after["indexes"]), table
        assert before["stream"] in (None, after["stream"]), table
        assert before["expires"] in (None, after["expires"]), table


@pytest.mark.parametrize("policy", ["DeletionPolicy", "UpdateReplacePolicy"])
def test_tables_and_keys_outlive_their_stack(policy: str) -> None:
    resources = read_template(RESOURCES_FILE)["Resources"]
    held = [name for name, item in resources.items() if item["Type"] in ("AWS::DynamoDB::Table", "AWS::KMS::Key")]
    assert {name for name in held if resources[name].get(policy) != "Retain"} <= NEED_NOT_OUTLIVE
