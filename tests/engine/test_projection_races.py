"""The day's lists and figures on a real engine: records repeated, in any order, by many workers at once."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest

from chalicelib.reports import service, store
from chalicelib.reports.domain import Row
from tests.engine.conftest import BRANCH
from tests.engine.test_transfer_races import customer, together

pytestmark = [
    pytest.mark.usefixtures("ledger_engine"),
    pytest.mark.both_engines,
    pytest.mark.requirement("NB-5.2.5-op"),
]

ENTRIES, REPEATS = 12, 3
AT = "2031-03-01T02:00:00.000Z"


def images_of(account_id: str, day: str, number: int) -> list[dict[str, Any]]:
    """What the journal's stream says of one transfer, from its code to its reversal."""
    waiting = {
        "entry_id": f"{uuid.uuid4().hex[:20]}{number:06d}",
        "kind": "transfer",
        "state": "awaiting",
        "payer_account": account_id,
        "payee_account": account_id,
        "created_at": AT,
        "valid_until": "2031-03-01T02:03:00.000Z",
        "amount_fen": 100 + number,
        "fee_fen": 1,
    }
    posted = {**waiting, "state": "posted", "posted_at": AT, "business_date": day}
    return [waiting, posted, {**posted, "reversed_by": "x"}]


def listed(day: str, state: str) -> list[Row]:
    """A list of the bank, page by page."""
    found, before = store.page(store.OF_BANK, store.list_of(day, state), 5, None)
    while before is not None:
        more, before = store.page(store.OF_BANK, store.list_of(day, state), 5, before)
        found += more
    return found


def test_each_entry_counts_once_whatever_comes_when_and_how_often() -> None:
    day, account_id = f"day-{uuid.uuid4().hex}", customer("赵小明", 0).account
    # of every third transfer the last word is that it was posted
    stages = [images_of(account_id, day, number)[: 2 if number % 3 == 0 else 3] for number in range(ENTRIES)]
    records = [image for one in stages for image in one] * REPEATS
    random.Random(20310301).shuffle(records)  # noqa: S311  # the same order each time

    def note(i: int) -> str:
        service.note(records[i])
        return "noted"

    assert together(note, len(records)) == {"noted": len(records)}
    lasts = {one[-1]["entry_id"]: len(one) for one in stages}
    assert {row.entry_id for row in listed(day, "posted")} == {id_ for id_, count in lasts.items() if count == 2}
    assert {row.entry_id for row in listed(day, "reversed")} == {id_ for id_, count in lasts.items() if count == 3}
    (figure,) = store.figures(day)
    assert (figure.branch_id, figure.kind) == (BRANCH, "transfer")
    assert (figure.entries, figure.amount_fen, figure.fee_fen) == (
        ENTRIES,
        sum(100 + number for number in range(ENTRIES)),
        ENTRIES,
    )


def test_a_row_that_has_moved_on_is_not_closed() -> None:
    day, account_id = f"day-{uuid.uuid4().hex}", customer("赵小明", 0).account
    _, posted, reversed_ = images_of(account_id, day, 1)
    service.note(posted)
    (row,) = listed(day, "posted")
    service.note(reversed_)
    store.close(row)
    assert [one.entry_id for one in open_rows() if one.entry_id == row.entry_id] == [row.entry_id]
    (row,) = listed(day, "reversed")
    for _ in range(2):
        store.close(row)
    assert [one.entry_id for one in open_rows() if one.entry_id == row.entry_id] == []


def open_rows() -> list[Row]:
    """Everything that is open, page by page."""
    found, after = store.overdue("2099", 20, None)
    while after is not None:
        more, after = store.overdue("2099", 20, after)
        found += more
    return found
