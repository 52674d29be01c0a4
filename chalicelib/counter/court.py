"""Orders of courts and other authorities on accounts: what they say, and which is in force. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.counter.errors import CourtDocumentMalformed
from chalicelib.platform.dynamo import Image, Rule, n, s
from chalicelib.platform.texts import printable

IN_FORCE, WAITING, LIFTED, EXPIRED = "in_force", "waiting", "lifted", "expired"
# All of its amount was taken for the court.
EXECUTED = "executed"
LIVE = (IN_FORCE, WAITING)
# Orders of one account at a time; each that ends may bring the next ones into force in one write.
MAX_LIVE = 20
_OFFICER = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]{4,30}")


@dataclass(frozen=True, slots=True)
class Document:
    """What the officers bring: its number, whose it is, and the numbers of two officers' identity cards."""

    number: str
    authority: str
    officers: tuple[str, str]

    def check(self) -> None:
        """Raise CourtDocumentMalformed unless all of it is there, with two different officers."""
        try:
            texts = [printable(text.strip()) for text in (self.number, self.authority)]
        except ValueError:
            raise CourtDocumentMalformed() from None
        is_whole = all(2 <= len(text) <= 60 for text in texts) and all(map(_OFFICER.fullmatch, self.officers))
        if not is_whole or len(set(self.officers)) != 2:
            raise CourtDocumentMalformed()


@dataclass(frozen=True, slots=True)
class Order:
    """One order on one account. `amount_fen` is None for the whole account, else what it still holds; `until` is its
    last date, `taken_fen` what was taken for the court by it.

    `place` is its number among the account's orders, and its turn. `found` is the state in which the whole account
    was found by the first of the orders that freeze it; `term_d` how long it is in force once its turn has come.
    """

    account_id: str
    place: int
    state: str
    document_number: str
    authority: str
    officers: list[str]
    placed_at: str
    term_d: int
    maker_id: str
    checker_id: str
    amount_fen: int | None = None
    until: str | None = None
    found: str | None = None
    ended_at: str | None = None
    ended_by: str | None = None
    taken_fen: int = 0

    @property
    def is_whole(self) -> bool:
        return self.amount_fen is None

    @classmethod
    def from_image(cls, image: Image) -> Order:
        """An order from its stored row."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})


def last_date(today: str, term_d: int) -> str:
    """The last date of an order that comes into force today."""
    return (dt.date.fromisoformat(today) + dt.timedelta(days=term_d)).strftime("%Y%m%d")


def days_until(today: str, until: str) -> int:
    """How many days after today a date is; raises ValueError for what is no date."""
    return (dt.date.fromisoformat(until) - dt.date.fromisoformat(today)).days


def freezing(orders: Sequence[Order]) -> Order | None:
    """The order by which the whole account is frozen, if one does."""
    return next((order for order in orders if order.is_whole and order.state == IN_FORCE), None)


def following(orders: Sequence[Order]) -> list[Order]:
    """The waiting orders whose turn it is when the whole account is freed: amounts, up to the first for the whole."""
    turn: list[Order] = []
    for order in sorted(orders, key=lambda one: one.place):
        if order.state == WAITING:
            turn.append(order)
            if order.is_whole:
                break
    return turn


def order_rule(state: str, until: str | None) -> Rule:
    """The order is as it was read: its state, and the date until which it is in force; else it is read again."""
    values = {":order_state": s(state)} | ({":order_until": s(until)} if until else {})
    return Rule(
        "#state = :order_state" + (" AND #until = :order_until" if until else ""),
        values,
        lambda image: bool(image["state"] == state and (until is None or image.get("until") == until)),
        None,
    )


def taken_rule(taken_fen: int) -> Rule:
    """So much was taken by the order as was when it was read; else it is read again."""
    known = {":taken": n(taken_fen)}
    return Rule(
        "#taken_fen = :taken" if taken_fen else "attribute_not_exists(#taken_fen) OR #taken_fen = :taken",
        known,
        lambda image: bool(image.get("taken_fen", 0) == taken_fen),
        None,
    )
