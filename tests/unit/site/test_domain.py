"""What was typed, as a page shows it again."""

from __future__ import annotations

import pytest

from chalicelib.site.domain import MAX_TYPED, Asked, shown


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ""),
        ("  2026 1121  ", "2026 1121"),
        ("a\x00b\nc\u200bd\u202e", "abcd"),
        ("\ud800x", "x"),
        ("<b>&\"'", "<b>&\"'"),
        ("1" * (MAX_TYPED + 1), "1" * MAX_TYPED),
    ],
)
def test_what_nobody_sees_is_left_out(typed: str, expected: str) -> None:
    assert shown(typed) == expected


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        (Asked("1", "A"), ()),
        (Asked("", "A"), ("number",)),
        (Asked("1", ""), ("code",)),
        (Asked("", ""), ("number", "code")),
    ],
)
def test_what_is_left_empty_is_named(asked: Asked, missing: tuple[str, ...]) -> None:
    assert asked.missing() == missing
