"""What money went out for follows from the line alone."""

from __future__ import annotations

import pytest

from chalicelib.accounts.service import Line, Movement
from chalicelib.statements.categories import _BY_PURPOSE, WORDS, category_of
from tests.unit.samples import ENTRY, PAYER

HOLDER = "赵小明"


def line(purpose: str = "", kind: str = "principal", other: str | None = "钱红") -> Line:
    return Line(Movement(PAYER, 1, "20261121", "t", ENTRY, kind, -100, 0, "c"), None, other, purpose)


@pytest.mark.parametrize(
    ("said", "category"),
    [
        (line("", "fee"), "fees"),
        (line("", "cash", None), "cash"),
        (line("房租", other=HOLDER), "own_accounts"),
        (line("十一月房租"), "housing"),
        (line("RENT for November"), "housing"),
        (line("current parents' taxi"), "travel"),
        (line("农药"), "goods"),
        (line("买药, 药费"), "health"),
        (line("工资"), "wages"),
        (line("给你的"), "other"),
        (line(""), "other"),
        (line("", "a kind to come"), "other"),
    ],
)
def test_kind_then_name_then_words_of_the_purpose(said: Line, category: str) -> None:
    assert category_of(said, HOLDER) == category


def test_every_category_has_its_words_and_is_reached_by_each_of_its_own() -> None:
    for category, (parts, words) in _BY_PURPOSE.items():
        assert all(WORDS[category])
        for word in (*parts, *words):
            assert category_of(line(f"付 {word}"), HOLDER) == category, word
    assert set(WORDS) - set(_BY_PURPOSE) == {"fees", "cash", "own_accounts", "other"}
