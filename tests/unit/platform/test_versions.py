"""Versions are compared number by number."""

from __future__ import annotations

import pytest

from chalicelib.platform.versions import is_older, is_version


@pytest.mark.parametrize("text", ["0.0.0", "3.10.2", "99999.0.1"])
def test_three_numbers_are_a_version(text: str) -> None:
    assert is_version(text)


@pytest.mark.parametrize(
    "text",
    ["", "3", "3.1", "3.1.0.4", "03.1.0", "3.1.x", "v3.1.0", "3.1.0-beta", " 3.1.0", "3.1.0\n", "123456.0.0", "٣.1.0"],
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_version(text)


@pytest.mark.parametrize(
    ("version", "other", "older"),
    [
        ("3.1.0", "3.1.0", False),
        ("3.0.9", "3.1.0", True),
        ("3.10.0", "3.9.0", False),
        ("3.9.0", "3.10.0", True),
        ("2.99.99", "3.0.0", True),
        ("4.0.0", "3.99.99", False),
    ],
)
def test_each_number_weighs_more_than_those_behind_it(version: str, other: str, *, older: bool) -> None:
    assert is_older(version, other) is older
