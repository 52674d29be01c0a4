"""Ranges of serial numbers, what a batch may be, and what a history must be to be true."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.blanks.domain import (
    MAX_BATCH,
    check_batch,
    check_reason,
    check_reference,
    first_break,
    is_balanced,
    serials_between,
)
from chalicelib.blanks.errors import BlankMalformed

pytestmark = pytest.mark.requirement("NB-5.3.5")


@pytest.mark.parametrize(
    ("first", "last", "serials"),
    [
        ("TK0098", "TK0101", ["TK0098", "TK0099", "TK0100", "TK0101"]),
        ("7", "9", ["7", "8", "9"]),
        ("A1B09", "A1B10", ["A1B09", "A1B10"]),
        ("TK1", "TK1", ["TK1"]),
    ],
)
def test_a_range_keeps_letters_and_length(first: str, last: str, serials: list[str]) -> None:
    assert serials_between(first, last) == serials


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("TK0002", "TK0001"),
        ("TK0001", "TX0002"),
        ("TK9", "TK10"),
        ("TK", "TL"),
        ("", ""),
        ("tk01", "tk02"),
        ("令牌01", "令牌02"),
        ("-1", "1"),
        ("1" * 33, "1" * 33),
        ("TK0001", "TK1001"),
        ("0" * 32, "9" * 32),
    ],
)
def test_what_is_no_range_is_refused(first: str, last: str) -> None:
    with pytest.raises(BlankMalformed):
        serials_between(first, last)


def test_a_range_may_be_as_long_as_a_delivery() -> None:
    assert len(serials_between("TK0001", "TK1000")) == MAX_BATCH


@pytest.mark.parametrize(
    ("kind", "serials"),
    [
        ("sms", ["TK1"]),
        ("", ["TK1"]),
        ("token", []),
        ("token", ["TK1", "TK1"]),
        ("token", ["tk1"]),
        ("token", ["TK 1"]),
        ("token", [""]),
        ("token", ["T" * 33]),
        ("token", ["TK#1"]),
        ("usb_key", [f"U{i}" for i in range(MAX_BATCH + 1)]),
    ],
)
def test_what_is_no_batch_is_refused(kind: str, serials: list[str]) -> None:
    with pytest.raises(BlankMalformed) as refused:
        check_batch(kind, serials)
    assert all("{" not in refused.value.text(language) for language in ("zh", "en"))


@pytest.mark.parametrize("text", ["", " ", "DN 1", "单号", "x" * 65, "a\nb"])
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(BlankMalformed):
        check_reference(text)


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "破\n损"])
def test_a_step_by_hand_has_a_reason(text: str) -> None:
    with pytest.raises(BlankMalformed):
        check_reason(text)
    check_reason("外壳破损")


def step(number: int, before: str, after: str, at: str = "0001", to: str = "0001") -> dict[str, Any]:
    return {"step": f"{number:06d}", "from_state": before, "to_state": after, "from_branch": at, "branch_id": to}


RECEIVED = step(1, "none", "in_stock", "")


@pytest.mark.parametrize(
    ("state", "branch", "steps", "is_broken"),
    [
        ("in_stock", "0001", [RECEIVED], False),
        ("issued", "0001", [RECEIVED, step(2, "in_stock", "issued")], False),
        ("in_stock", "0002", [RECEIVED, step(2, "in_stock", "in_stock", "0001", "0002")], False),
        ("issued", "0001", [RECEIVED], True),
        ("in_stock", "0002", [RECEIVED], True),
        ("issued", "0001", [RECEIVED, step(3, "in_stock", "issued")], True),
        ("issued", "0001", [step(2, "in_stock", "issued")], True),
        ("cancelled", "0001", [RECEIVED, step(2, "issued", "cancelled")], True),
        ("issued", "0002", [RECEIVED, step(2, "in_stock", "issued", "0002", "0002")], True),
        ("in_stock", "0001", [], True),
    ],
)
def test_a_history_leads_to_where_the_blank_is(
    state: str, branch: str, steps: list[dict[str, Any]], is_broken: bool
) -> None:
    image = {"state": state, "branch_id": branch, "steps": max(1, len(steps))}
    assert (first_break(image, steps) is not None) == is_broken
    # nor may there be a step more or less than the blank says
    assert first_break({**image, "steps": len(steps) + 1}, steps) is not None


def test_what_came_is_there_in_some_state() -> None:
    counts = dict.fromkeys(("moved_in", "moved_out", "issued", "cancelled", "spoiled"), 1) | {
        "received": 5,
        "in_stock": 2,
    }
    assert is_balanced(counts)
    assert not is_balanced({**counts, "moved_out": 2})
