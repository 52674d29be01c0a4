"""A journal item as a row of the day's lists."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.reports.domain import RANKS, ended, row_of, state_of

ACCOUNT = "9000010000000000017"
WAITING: dict[str, Any] = {
    "entry_id": "e" * 26,
    "kind": "transfer",
    "state": "awaiting",
    "payer_account": ACCOUNT,
    "payee_account": "9000010000000000025",
    "created_at": "2026-11-21T15:59:59.999Z",
    "valid_until": "2026-11-21T16:02:59.999Z",
    "amount_fen": 30_00,
    "fee_fen": 1_00,
}
POSTED = {**WAITING, "state": "posted", "posted_at": "2026-11-21T16:00:00.001Z", "business_date": "20261122"}
REVERSED = {**POSTED, "reversed_by": "r" * 26}
HELD: dict[str, Any] = {
    "entry_id": "h" * 26,
    "kind": "hold",
    "state": "held",
    "payer_account": ACCOUNT,
    "created_at": "2026-11-21T02:00:00.000Z",
    "expires_at": "2026-11-28T02:00:00.000Z",
    "amount_fen": 20_00,
}
PAID = {
    **HELD,
    "state": "posted",
    "posted_at": "2026-11-22T02:00:00.000Z",
    "business_date": "20261122",
    "captured_fen": 15_00,
}
FREED = {**HELD, "state": "released", "ended_at": "2026-11-21T16:00:00.000Z"}
EXPIRED = {**FREED, "state": "expired"}


@pytest.mark.parametrize(
    ("image", "state", "day", "at", "due", "amount_fen"),
    [
        # an instruction stands on the day it was made, an entry on the day it is booked
        (WAITING, "awaiting", "20261121", "2026-11-21T15:59:59.999Z", "2026-11-21T16:03:59.999Z", 30_00),
        (POSTED, "posted", "20261122", "2026-11-21T16:00:00.001Z", "2026-11-21T16:02:00.001Z", 30_00),
        (REVERSED, "reversed", "20261122", "2026-11-21T16:00:00.001Z", "2026-11-21T16:02:00.001Z", 30_00),
        (HELD, "held", "20261121", "2026-11-21T02:00:00.000Z", "2026-11-28T02:10:00.000Z", 20_00),
        (PAID, "posted", "20261122", "2026-11-22T02:00:00.000Z", "2026-11-22T02:02:00.000Z", 15_00),
        (FREED, "released", "20261122", "2026-11-21T16:00:00.000Z", None, 20_00),
        (EXPIRED, "expired", "20261122", "2026-11-21T16:00:00.000Z", None, 20_00),
    ],
)
def test_a_row_of_each_state(
    image: dict[str, Any], state: str, day: str, at: str, due: str | None, amount_fen: int
) -> None:
    row = row_of(image, "0001")
    assert (row.state, row.day, row.at, row.due, row.amount_fen) == (state, day, at, due, amount_fen)
    assert (row.branch_id, row.payer, row.listed) == ("0001", "900001*********0017", f"{at}#{image['entry_id']}")


def test_a_row_says_until_when_only_where_something_ends_by_itself() -> None:
    until = [row_of(image, "0001").until for image in (WAITING, HELD, POSTED, FREED)]
    assert until == [WAITING["valid_until"], HELD["expires_at"], None, None]


def test_an_instruction_that_ended_keeps_its_place_and_awaits_nothing() -> None:
    row = row_of(WAITING, "0001")
    over = ended(row)
    assert (over.state, over.due, over.listed, over.day) == ("expired", None, row.listed, row.day)


def test_every_step_of_a_life_has_a_higher_rank_than_the_one_before() -> None:
    for life in ([WAITING, POSTED, REVERSED], [HELD, PAID], [HELD, FREED], [HELD, EXPIRED]):
        ranks = [RANKS[state_of(image)] for image in life]
        assert ranks == sorted(set(ranks))
    # whose posting is heard of late is not left as expired
    assert row_of(POSTED, "0001").rank > ended(row_of(WAITING, "0001")).rank
