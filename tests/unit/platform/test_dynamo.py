"""Images, cursors, conditional writes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform.dynamo import (
    ItemPut,
    ItemUpdate,
    decode_cursor,
    encode_cursor,
    lowest,
    s,
    stream_image,
    to_image,
    to_raw,
)
from chalicelib.platform.errors import CursorMalformed, InternalError, MalformedJson, NotFound

ascii_text = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def cursor_of(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


@given(ascii_text, ascii_text)
def test_a_cursor_reads_back_as_its_key(customer_id: str, created: str) -> None:
    key = {"customer_id": {"S": customer_id}, "created": {"S": created}}
    cursor = encode_cursor(key)
    assert cursor is not None
    assert decode_cursor(cursor, "customer_id", customer_id, "created") == key


@pytest.mark.parametrize("last", [None, {}])
def test_no_key_is_no_cursor(last: dict[str, Any] | None) -> None:
    assert encode_cursor(last) is None
    assert decode_cursor(None, "customer_id", "c", "created") is None


KEY = {"customer_id": {"S": "me"}, "created": {"S": "2026"}}


@pytest.mark.requirement("NB-5.1.4")
@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param(cursor_of({**KEY, "customer_id": {"S": "you"}}), id="another customer's"),
        pytest.param(cursor_of({**KEY, "more": {"S": "x"}}), id="one key too many"),
        pytest.param(cursor_of({"customer_id": {"S": "me"}}), id="one key too few"),
        pytest.param(cursor_of({"customer_id": {"S": "me"}, "line": {"S": "2026"}}), id="another list's"),
        pytest.param(cursor_of({**KEY, "created": {"N": "1"}}), id="a number"),
        pytest.param(cursor_of({**KEY, "created": {"S": 1}}), id="a number as text"),
        pytest.param(cursor_of({**KEY, "created": {"S": ""}}), id="empty"),
        pytest.param(cursor_of({**KEY, "created": {"S": "\ud800"}}), id="lone surrogate"),
        pytest.param(cursor_of({**KEY, "created": "2026"}), id="no type"),
        pytest.param(cursor_of([1]), id="a list"),
        pytest.param(cursor_of(None), id="null"),
        pytest.param("", id="nothing"),
        pytest.param("a", id="one letter"),
        pytest.param("!!!!", id="no base64"),
        pytest.param("赵", id="not ASCII"),
        pytest.param("////", id="the other base64"),
        pytest.param("e30", id="an empty map"),
        pytest.param(base64.urlsafe_b64encode(b"\xff\xfe").decode(), id="no UTF-8"),
        pytest.param(base64.urlsafe_b64encode(b"{").decode(), id="no JSON"),
    ],
)
def test_foreign_and_broken_cursors_are_refused(cursor: str) -> None:
    assert decode_cursor(cursor_of(KEY), "customer_id", "me", "created") == KEY
    with pytest.raises(CursorMalformed):
        decode_cursor(cursor, "customer_id", "me", "created")


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with pytest.raises(CursorMalformed):
        decode_cursor(text, "customer_id", "me", "created")


values = st.recursive(
    st.one_of(st.text(), st.integers(min_value=-(10**15), max_value=10**15), st.booleans(), st.binary()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1), inner, max_size=3)),
    max_leaves=8,
)
images = st.dictionaries(st.text(min_size=1), values, max_size=5)


@given(images)
def test_an_image_reads_back_as_plain_python_exactly(image: dict[str, Any]) -> None:
    assert to_image(to_raw(image)) == image
    assert repr(to_image(to_raw(image))) == repr(image)  # True is not 1


@given(images)
def test_a_stream_carries_the_same_image_as_json(image: dict[str, Any]) -> None:
    def as_json(value: Any) -> Any:
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, dict):
            return {name: as_json(inner) for name, inner in value.items()}
        return [as_json(inner) for inner in value] if isinstance(value, list) else value

    raw = json.loads(json.dumps({name: as_json(value) for name, value in to_raw(image).items()}))
    assert stream_image(raw) == image


def test_an_absent_value_is_left_out() -> None:
    assert to_raw({"a": None, "b": 1}) == {"b": {"N": "1"}}


def test_an_update_without_changes_is_a_check() -> None:
    update = ItemUpdate("t", {"id": s("x")}, missing=NotFound)
    (check,) = update.to_transact_item().items()
    assert check[0] == "ConditionCheck"
    (change,) = update.set("#a = :a", a=s("1")).to_transact_item().items()
    assert change[0] == "Update"
    assert change[1]["ConditionExpression"] == "attribute_exists(#id)"  # type: ignore[index]  # a dict of this verb


def test_a_put_never_replaces() -> None:
    put = ItemPut("t", "id", to_raw({"id": "x"}))
    assert put.parameters()["ConditionExpression"] == "attribute_not_exists(#key)"
    assert put.to_transact_item().keys() == {"Put"}


def test_the_lowest_rank_is_told_and_of_equals_the_first() -> None:
    first, second = NotFound(), MalformedJson()
    assert first.rank == second.rank
    assert lowest([first, second]) is first
    assert lowest([second, first, InternalError()]).__class__ is InternalError
    assert lowest([]) is None
