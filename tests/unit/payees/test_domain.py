"""What finds a payee, and the order of the book."""

from __future__ import annotations

import pytest

from chalicelib.payees.domain import Payee, found, groups_of
from chalicelib.platform.dynamo import encode_cursor


def payee(name: str, alias: str = "", group: str = "", account: str = "9000010000000000017", row: str = "a") -> Payee:
    return Payee("c", row, "", account, name, alias, group, "2026-11-21T02:00:00.000Z")


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("钱", True),
        ("红", True),
        ("钱红", True),
        ("红钱", False),
        ("LAND", True),
        ("land lord", False),
        ("0017", True),
        ("17", True),
        ("001", False),  # not the last digits
        ("²", False),
        ("", True),
    ],
)
def test_words_find_a_part_of_a_name_or_the_last_digits(words: str, finds: bool) -> None:
    assert payee("钱红", "Landlord").answers_to(words) == finds


def test_the_book_is_in_the_order_of_what_payees_are_called() -> None:
    # letters, then common characters by sound; rare ones stand before or after those
    names = ["Ann", "𠮷野", "阿宝", "陈平", "丁玲", "王五", "张三", "闫六"]
    rows = [payee(name, row=str(index)) for index, name in enumerate(names)]
    assert [one.name for one in found(reversed(rows), None, None)] == names
    # an alias is what counts where there is one, and equals stand by their id
    renamed = [payee("张三", "阿", row="b"), payee("阿", row="a")]
    assert [one.payee_id for one in found(renamed, None, None)] == ["a", "b"]


def test_the_longest_place_fits_a_cursor() -> None:
    place = payee("𠮷" * 30, row="a" * 26).place
    assert place.isascii()
    cursor = encode_cursor({"customer_id": {"S": "c" * 26}, "place": {"S": place}})
    assert cursor is not None
    assert len(cursor) <= 512


def test_groups_are_counted_and_none_is_no_group() -> None:
    rows = [payee("a", group="乙"), payee("b", group="甲"), payee("c", group="乙"), payee("d")]
    assert groups_of(rows) == [("甲", 1), ("乙", 2)]
    assert [one.name for one in found(rows, None, "乙")] == ["a", "c"]
    assert [one.name for one in found(rows, None, "")] == ["d"]
    assert found(rows, "a", "甲") == []
