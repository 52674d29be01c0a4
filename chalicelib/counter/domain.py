"""Tills and the vault: their states and rules; what two people are about to do. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.counter.errors import (
    SecondPersonRequired,
    TillCountChanged,
    TillNotCounted,
    TillNotOpen,
    TillShort,
    VaultShort,
)
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, n, s

Write = ItemPut | ItemUpdate
OPEN, COUNTED, CLOSED = "open", "counted", "closed"
_REFERENCE = re.compile(r"[!-~]{8,64}")


def is_reference(text: str) -> bool:
    """8 to 64 visible ASCII characters: what makes a repeat harmless."""
    return _REFERENCE.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class People:
    """Who asked, who approves, and when."""

    maker_id: str
    checker_id: str
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to things as they were read, and the writes, which carry that as conditions.

    `latest` is the last moment to decide on it, where it has one of its own.
    """

    branch_id: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    writes: Callable[[People], Sequence[Write]]
    latest: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Till:
    """A teller's till of one business date. Amounts in fen; `cash_fen` is what should be in it now.

    `counted_fen` is what was found at the last count; the till is `counted` while that differs from `cash_fen`.
    """

    business_date: str
    teller_id: str
    branch_id: str
    state: str
    cash_fen: int
    opened_fen: int
    in_fen: int
    out_fen: int
    opened_at: str
    counted_fen: int | None = None
    counted_by: str | None = None
    closed_at: str | None = None
    checker_id: str | None = None

    @property
    def difference_fen(self) -> int:
        """What was found beyond what should be there: above zero is over (长款), below it short (短款)."""
        return 0 if self.counted_fen is None else self.counted_fen - self.cash_fen

    @classmethod
    def from_image(cls, image: Image) -> Till:
        """A till from its stored item."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})


def new_till(business_date: str, teller_id: str, branch_id: str, cash_fen: int, opened_at: str) -> Till:
    """A till as it is opened, with what was counted into it."""
    return Till(business_date, teller_id, branch_id, OPEN, cash_fen, cash_fen, 0, 0, opened_at)


# ---- rules of the writes that move cash. Each stands in the very transaction that posts the entry.


def till_open_rule(branch_id: str) -> Rule:
    """The till is open, and of this branch."""
    return Rule(
        "#state = :till_open AND #branch_id = :branch",
        {":till_open": s(OPEN), ":branch": s(branch_id)},
        lambda image: bool(image["state"] == OPEN and image["branch_id"] == branch_id),
        lambda _: TillNotOpen(),
    )


def till_cash_rule(amount_fen: int) -> Rule:
    """What leaves the till is in it."""
    return Rule(
        "#cash_fen >= :amount",
        {":amount": n(amount_fen)},
        lambda image: bool(image["cash_fen"] >= amount_fen),
        lambda _: TillShort(),
    )


def vault_cash_rule(amount_fen: int) -> Rule:
    """What leaves the vault is in it."""
    return Rule(
        "#cash_fen >= :amount",
        {":amount": n(amount_fen)},
        lambda image: bool(image["cash_fen"] >= amount_fen),
        lambda _: VaultShort(),
    )


def countable_rule() -> Rule:
    """The till is with its teller still: open, or counted and waiting."""
    return Rule(
        "#state IN (:till_open, :counted)",
        {":till_open": s(OPEN), ":counted": s(COUNTED)},
        lambda image: bool(image["state"] in (OPEN, COUNTED)),
        lambda _: TillNotOpen(),
    )


def expected_rule(cash_fen: int) -> Rule:
    """The till holds what the count was compared with; else it is read and compared again."""
    return Rule(
        "#cash_fen = :expected",
        {":expected": n(cash_fen)},
        lambda image: bool(image["cash_fen"] == cash_fen),
        None,
    )


def counted_rule() -> Rule:
    """A difference waits for a second person."""
    return Rule(
        "#state = :counted",
        {":counted": s(COUNTED)},
        lambda image: bool(image["state"] == COUNTED),
        lambda _: TillNotCounted(),
    )


def same_count_rule(counted_fen: int) -> Rule:
    """The count is the one that the second person looked at."""
    return Rule(
        "#counted_fen = :seen",
        {":seen": n(counted_fen)},
        lambda image: bool(image["counted_fen"] == counted_fen),
        lambda _: TillCountChanged(),
    )


def other_person_rule(checker_id: str) -> Rule:
    """Nobody checks their own till, nor a till that they counted (NB-5.1.5)."""
    return Rule(
        "#teller_id <> :checker AND (attribute_not_exists(#counted_by) OR #counted_by <> :checker)",
        {":checker": s(checker_id)},
        lambda image: bool(image["teller_id"] != checker_id and image.get("counted_by") != checker_id),
        lambda _: SecondPersonRequired(),
    )


def put_in(update: ItemUpdate, amount_fen: int) -> ItemUpdate:
    """Make an update of a till take in cash."""
    return update.set("#cash_fen = #cash_fen + :amount, #in_fen = #in_fen + :amount", amount=n(amount_fen))


def take_out(update: ItemUpdate, amount_fen: int) -> ItemUpdate:
    """Make an update of a till give cash out, if it is there."""
    update.require(till_cash_rule(amount_fen))
    return update.set("#cash_fen = #cash_fen - :amount, #out_fen = #out_fen + :amount", amount=n(amount_fen))


def take_back(update: ItemUpdate, amount_fen: int) -> ItemUpdate:
    """Undo cash that a till took in by mistake: it leaves the till, if it is there, and was never taken in."""
    update.require(till_cash_rule(amount_fen))
    return update.set("#cash_fen = #cash_fen - :amount, #in_fen = #in_fen - :amount", amount=n(amount_fen))


def get_back(update: ItemUpdate, amount_fen: int) -> ItemUpdate:
    """Undo cash that a till gave out by mistake: it is in the till again, and was never given out."""
    return update.set("#cash_fen = #cash_fen + :amount, #out_fen = #out_fen - :amount", amount=n(amount_fen))
