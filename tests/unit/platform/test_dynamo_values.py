"""Our reading and writing of the engine's values, held against boto3's own, which is slower."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from chalicelib.platform.dynamo import to_image, to_raw

VALUES: list[Any] = [
    "",
    "赵小明",
    0,
    -1,
    10**15,
    -(10**37),
    True,
    False,
    b"",
    b"\x00\xff",
    [],
    [1, "a", [b"x", None]],
    {},
    {"a": {"b": [True, {"c": -5}]}},
    {"a", "b"},
]


def _named(value: Any) -> str:
    """The test's name: a set's members in order, else two workers would name it differently."""
    return repr(sorted(value)) if isinstance(value, set) else repr(value)


@pytest.mark.parametrize("value", VALUES, ids=_named)
def test_a_value_is_written_as_boto3_writes_it(value: Any) -> None:
    raw = to_raw({"x": value})["x"]
    expected = TypeSerializer().serialize(value)

    assert _ordered(raw) == _ordered(expected)


@pytest.mark.parametrize("value", VALUES, ids=_named)
def test_a_value_comes_back_as_it_was_written(value: Any) -> None:
    assert to_image({"x": TypeSerializer().serialize(value)}) == {"x": value}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"N": "1E+2"}, 100),
        ({"N": "-12"}, -12),
        ({"N": "5.0"}, 5),
        ({"NULL": True}, None),
        ({"NS": ["1", "2"]}, {1, 2}),
        ({"BS": [b"a"]}, {b"a"}),
    ],
)
def test_what_the_engine_may_answer_is_read_as_boto3_reads_it(raw: Any, value: Any) -> None:
    assert to_image({"x": raw}) == {"x": value}
    assert _plain(TypeDeserializer().deserialize(raw)) == value


def test_numbers_are_whole_python_numbers_and_bytes_are_bytes() -> None:
    image = to_image({"n": {"N": "7"}, "b": {"B": bytearray(b"x")}})

    assert type(image["n"]) is int
    assert type(image["b"]) is bytes


def test_a_fraction_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        to_raw({"x": 0.5})
    with pytest.raises(TypeError):
        to_raw({"x": [0.5]})


def test_what_is_absent_is_left_out() -> None:
    assert to_raw({"x": None, "y": 1}) == {"y": {"N": "1"}}


def _ordered(raw: Any) -> Any:
    return {"SS": sorted(raw["SS"])} if "SS" in raw else raw


def _plain(value: Any) -> Any:
    if isinstance(value, set):
        return {_plain(one) for one in value}
    # boto3's Binary equals the bytes it wraps.
    return int(value) if isinstance(value, Decimal) else value
