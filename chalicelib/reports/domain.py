"""A journal item as a row of the day's lists: its state, day and what is still to follow. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, Rule, n
from chalicelib.platform.masking import mask_account

AWAITING, HELD, RELEASED, EXPIRED, POSTED, REVERSED = "awaiting", "held", "released", "expired", "posted", "reversed"
PENDING, CANCELLED, RETURNED = "pending", "cancelled", "returned"
# The kind of what customers pay.
PAYMENT = "transfer"
# A later state replaces an earlier one, never the other way round, however often and in whatever order records come.
# An instruction that its time has passed may turn out to have been posted in time: that record was late.
RANKS: Mapping[str, int] = {
    AWAITING: 1,
    HELD: 1,
    RELEASED: 2,
    EXPIRED: 2,
    PENDING: 2,
    CANCELLED: 3,
    RETURNED: 3,
    POSTED: 3,
    REVERSED: 4,
}
# Of a row that was not counted the rank is lower, whatever way it came.
COUNTED = RANKS[POSTED]

# How long what should follow may take before its lack is worth a look. A hold is freed within five minutes, a
# transfer that is due executed within one.
UNCONFIRMED_FOR = dt.timedelta(minutes=1)
UNFOLLOWED_FOR = dt.timedelta(minutes=2)
HELD_FOR = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Row:
    """One transaction. Amounts in fen, accounts masked, `day` a business date, times as text.

    `at` is when it came into its state, `until` when an instruction, a hold or a pending transfer ends by
    itself. `due` is by when what has to follow should have followed; None where nothing does.
    """

    entry_id: str
    kind: str
    state: str
    day: str
    branch_id: str
    at: str
    created_at: str
    amount_fen: int
    fee_fen: int
    payer: str | None = None
    payee: str | None = None
    until: str | None = None
    due: str | None = None

    @property
    def rank(self) -> int:
        """How late its state is."""
        return RANKS[self.state]

    @property
    def is_counted(self) -> bool:
        """Whether money has moved: then the row counts in the statistics, once."""
        return self.state in (POSTED, REVERSED)

    @property
    def listed(self) -> str:
        """Its place in a list, which is ordered by time."""
        return f"{self.at}#{self.entry_id}"


def state_of(image: Image) -> str:
    """The state of a journal item as the lists have it."""
    return REVERSED if "reversed_by" in image else str(image["state"])


def row_of(image: Image, branch_id: str) -> Row:
    """The row of a journal item as it is."""
    state = state_of(image)
    at = image.get("posted_at") or image.get("ended_at") or image["created_at"]
    return Row(
        entry_id=image["entry_id"],
        kind=image["kind"],
        state=state,
        day=image.get("business_date") or clock.business_date(clock.from_text(at)),
        branch_id=branch_id,
        at=at,
        created_at=image["created_at"],
        amount_fen=image["captured_fen"] if "captured_fen" in image else image["amount_fen"],
        fee_fen=image.get("fee_fen", 0),
        payer=_masked(image.get("payer_account")),
        payee=_masked(image.get("payee_account")),
        until=_until(image, state),
        due=_due(_until(image, state) or at, state),
    )


def _masked(account_id: str | None) -> str | None:
    return mask_account(account_id) if account_id else None


def _until(image: Image, state: str) -> str | None:
    name = {AWAITING: "valid_until", HELD: "expires_at", PENDING: "arrives_at"}.get(state)
    return None if name is None else str(image[name])


def _due(since: str, state: str) -> str | None:
    allowed = {
        AWAITING: UNCONFIRMED_FOR,
        HELD: HELD_FOR,
        PENDING: HELD_FOR,
        POSTED: UNFOLLOWED_FOR,
        REVERSED: UNFOLLOWED_FOR,
    }.get(state)
    return None if allowed is None else clock.to_text(clock.from_text(since) + allowed)


def ended(row: Row) -> Row:
    """The row of an instruction that nobody confirmed in time."""
    facts = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return Row(**{**facts, "state": EXPIRED, "due": None})


def rank_rule(rank: int) -> Rule:
    """The row still has the state in which it was read; a breach means that it has moved on."""
    return Rule("#rank = :rank", {":rank": n(rank)}, lambda image: bool(image["rank"] == rank), None)


@dataclass(frozen=True, slots=True)
class Figure:
    """How many entries of a kind a branch had on a business date, and how much money they moved, in fen."""

    day: str
    branch_id: str
    kind: str
    entries: int
    amount_fen: int
    fee_fen: int
