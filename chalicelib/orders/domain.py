"""Standing orders: their dates, their states, and what an execution's write requires. Pure; no I/O, no clock.

An order's dates follow from its schedule alone: `date_at(0)` is the first, and each is counted once, whether it was
paid, refused or passed over. So how many are gone says which is next, and nothing is added up from date to date.
"""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from dateutil.relativedelta import relativedelta

from chalicelib.orders.errors import OrderDatesUnfit, OrderOvertaken
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, Rule, n
from chalicelib.platform.money import decimal_text

ONCE, WEEKLY, MONTHLY = "once", "weekly", "monthly"
ACTIVE, PAUSED, CANCELLED, ENDED = "active", "paused", "cancelled", "ended"
# What can still pay, now or once it is resumed.
OPEN = (ACTIVE, PAUSED)
MAX_DAY, MAX_WEEKDAY, MAX_COUNT = 31, 7, 520
# The first date is at most so far ahead, and the last so long after it.
MAX_AHEAD = relativedelta(years=1)
MAX_SPAN = relativedelta(years=10)
DATE_DIGITS = "%Y%m%d"

# What can happen to an order: the kinds of its history.
CREATED, CHANGED, PAUSING, RESUMED, CANCELLING = "created", "changed", "paused", "resumed", "cancelled"
EXECUTED, RETRYING, FAILED, MISSED = "executed", "retrying", "failed", "missed"
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to pay: `day` is 1 (Monday) to 7 of a week, or 1 to 31 of a month, where a shorter month's last day stands
    for what it lacks; 0 for once. `first` is a date of it. `until` and `count` end it; without either it goes on.
    """

    kind: str
    day: int
    first: dt.date
    until: dt.date | None = None
    count: int | None = None

    def date_at(self, place: int) -> dt.date | None:
        """The date number `place`, from 0; None when the schedule has ended before."""
        if self.count is not None and place >= self.count:
            return None
        date = self._date(place)
        return None if date is None or (self.until is not None and date > self.until) else date

    def _date(self, place: int) -> dt.date | None:
        date: dt.date = self.first
        if self.kind == WEEKLY:
            date = self.first + dt.timedelta(weeks=place)
        elif self.kind == MONTHLY:
            # From the first of the month and to a day that it may lack, which relativedelta takes as its last: the
            # day is the order's own each time, not what the month before left of it.
            date = self.first.replace(day=1) + relativedelta(months=place, day=self.day)
        elif place:
            return None
        return date

    def place_from(self, date: dt.date, place: int) -> int:
        """The place, `place` or a later one, of the first date that is `date` or after; of the end where none is."""
        while (found := self.date_at(place)) is not None and found < date:
            place += 1
        return place

    def require(self, today: dt.date) -> None:
        """Raises OrderDatesUnfit for a schedule that no order can begin with today."""
        day = {ONCE: 0, WEEKLY: self.first.isoweekday(), MONTHLY: self._month_day()}[self.kind]
        if day != self.day or not today <= self.first <= today + MAX_AHEAD:
            raise OrderDatesUnfit()
        self.require_end()

    def require_end(self) -> None:
        """Raises OrderDatesUnfit for an end that does not fit: before the first date, or far after it, or two."""
        if self.until is not None and self.count is not None:
            raise OrderDatesUnfit()
        if self.kind == ONCE and (self.until is not None or self.count is not None):
            raise OrderDatesUnfit()
        last = self._last()
        if last is not None and not self.first <= last <= self.first + MAX_SPAN:
            raise OrderDatesUnfit()

    def _month_day(self) -> int:
        """The order's day where the first date is one of it: that date's own, or a later one at a month's end."""
        last = calendar.monthrange(self.first.year, self.first.month)[1]
        return self.day if self.first.day == min(self.day, last) else 0

    def goes_further_than(self, other: Schedule) -> bool:
        """Whether this one ends later than `other`, which differs in its end alone."""
        if self.until == other.until and self.count == other.count:
            return False
        last, others = self._last(), other._last()
        return last is None or (others is not None and last > others)

    def _last(self) -> dt.date | None:
        """The last date that there can be; None without an end."""
        return self.until if self.count is None else self._date(self.count - 1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the customer asks for and confirms; `fee_fen` is quoted by the bank and charged with each payment."""

    payer_account: str
    payee_account: str
    payee_name: str
    amount_fen: int
    fee_fen: int
    purpose: str
    schedule: Schedule

    def facts(self) -> dict[str, str]:
        """All of it as text: what is shown, and what a step-up's digest is of."""
        ends = {"until": date_text(self.schedule.until), "count": str(self.schedule.count or "")}
        return {
            "payer_account": self.payer_account,
            "payee_account": self.payee_account,
            "payee_name": self.payee_name,
            "amount": decimal_text(self.amount_fen),
            "fee": decimal_text(self.fee_fen),
            "purpose": self.purpose,
            "repeat": self.schedule.kind,
            "day": str(self.schedule.day),
            "first_date": date_text(self.schedule.first),
            **{name: value for name, value in ends.items() if value},
        }

    def digest(self) -> bytes:
        """The first 128 bits of the SHA-256 that tells this request from any other; the fee is not the customer's."""
        stated = {name: value for name, value in self.facts().items() if name != "fee"}
        return hashlib.sha256(_encoder.encode(stated).encode()).digest()[:16]

    def asks_more_than(self, other: Terms) -> bool:
        """Whether this could take money, or to where, that `other` could not: then it is confirmed again."""
        return (
            self.amount_fen > other.amount_fen
            or (self.payee_account, self.payee_name) != (other.payee_account, other.payee_name)
            or self.schedule.goes_further_than(other.schedule)
        )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What an order rests on: the factor by its kind, id and method, and the revision whose row of the history has what
    it confirmed, and when. Between own accounts that is nothing: kind, id and method are `none`, and there is no time,
    as there is none in orders that an older release stored.
    """

    factor: str
    factor_id: str
    method: str
    confirmed: int
    confirmed_at: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as stored. `place` counts the dates that are gone, `tries` those of the next; `due_at` is the moment of
    the next try, under which it is found. Both, and `next_due`, are empty where nothing is due.

    `revision` grows by one with every change, each of which is a row of the history.
    """

    order_id: str
    customer_id: str
    state: str
    revision: int
    terms: Terms
    confirmation: Confirmation
    outward: bool
    place: int
    tries: int
    next_due: str
    due_at: str
    created_at: str
    request_digest: bytes
    correlation_id: str

    def to_item(self) -> dict[str, Any]:
        """The order as its table keeps it."""
        schedule, terms, proof = self.terms.schedule, self.terms, self.confirmation
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: getattr(terms, name) for name in _TERMS},
            "repeat": schedule.kind,
            "day": schedule.day,
            "first_date": digits_of(schedule.first),
            "until": digits_of(schedule.until) if schedule.until else None,
            "count": schedule.count,
            **{name: getattr(proof, name) or None for name in Confirmation.__dataclass_fields__},
            "listed": f"{self.created_at}#{self.order_id}",
            "customer_state": list_of(self.customer_id, self.state),
        }

    @classmethod
    def from_image(cls, image: Image) -> Order:
        """An order from its stored item."""
        until = image.get("until")
        schedule = Schedule(
            image["repeat"],
            image["day"],
            date_of(image["first_date"]),
            date_of(until) if until else None,
            image.get("count"),
        )
        terms = Terms(**{name: image[name] for name in _TERMS}, schedule=schedule)
        proof = {name: image[name] for name in Confirmation.__dataclass_fields__ if name in image}
        return cls(**{name: image[name] for name in _PLAIN}, terms=terms, confirmation=Confirmation(**proof))

    def moved_to(self, place: int, due_at: str) -> Order:
        """The order as it is when `place` dates are gone: ended where no other comes."""
        following = self.terms.schedule.date_at(place)
        if following is None:
            return replace(self, place=place, tries=0, state=ENDED, next_due="", due_at="")
        return replace(self, place=place, tries=0, next_due=digits_of(following), due_at=due_at)

    def stopped(self, state: str) -> Order:
        """The order where nothing is due any more."""
        return replace(self, state=state, tries=0, next_due="", due_at="")


_TERMS = ("payer_account", "payee_account", "payee_name", "amount_fen", "fee_fen", "purpose")
_PLAIN = (
    "order_id",
    "customer_id",
    "state",
    "revision",
    "outward",
    "place",
    "tries",
    "next_due",
    "due_at",
    "created_at",
    "request_digest",
    "correlation_id",
)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of an order's history: what happened at revision `revision`, never changed afterwards.

    `due_date` is the date that it is about, `next_due` what comes next; of a refusal there are `code` and sentences.
    `number` counts the tries, or the dates that were missed. What a factor confirmed is there whole:
    `form` is the step-up's canonical form, `proof` the signature or seal, `session_id` where, and `confirmed_at` when.
    """

    order_id: str
    revision: int
    kind: str
    at: str
    due_date: str = ""
    next_due: str = ""
    amount_fen: int = 0
    entry_id: str = ""
    code: str = ""
    zh: str = ""
    en: str = ""
    number: int = 0
    form: bytes = b""
    proof: bytes = b""
    session_id: str = ""
    confirmed_at: str = ""
    correlation_id: str = ""

    @property
    def is_told(self) -> bool:
        """Whether the customer is told: that a date was not paid, and at its first try that it will be tried again."""
        return self.kind in (FAILED, MISSED) or (self.kind == RETRYING and self.number == 1)


def list_of(customer_id: str, state: str) -> str:
    """Under what a customer's orders in a state are listed."""
    return f"{customer_id}#{state}"


def digits_of(date: dt.date) -> str:
    """A date as `20261130`, which is how business dates are written."""
    return date.strftime(DATE_DIGITS)


def date_of(digits: str) -> dt.date:
    """The same read back."""
    return clock.start_of_day(digits).date()


def date_text(date: dt.date | None) -> str:
    """A date as people and the API read it, `2026-11-30`; empty for none."""
    return date.isoformat() if date else ""


def due_text(date: dt.date, minute: int) -> str:
    """The moment of a date's first try: so many minutes after the day has begun in Shanghai."""
    return clock.to_text(clock.start_of_day(digits_of(date)) + dt.timedelta(minutes=minute))


def retry_at(now: dt.datetime, tries: int, most: int, pause_min: int) -> str | None:
    """When a date that was refused for funds or a limit is tried again; None where the day or the tries are over.

    `tries` were made with this one. What is not paid on its day is not paid.
    """
    again = now + dt.timedelta(minutes=pause_min)
    if tries >= most or clock.business_date(again) != clock.business_date(now):
        return None
    return clock.to_text(again)


def unchanged_rule(revision: int) -> Rule:
    """The order is as it was read: not paid, changed, paused or cancelled meanwhile."""
    return Rule(
        "#revision = :as_read",
        {":as_read": n(revision)},
        lambda image: bool(image.get("revision") == revision),
        lambda _: OrderOvertaken(),
    )
