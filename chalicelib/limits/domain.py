"""Counters: what each transfer takes, from which bucket, under which limit. Pure; no clock.

A bucket is an attribute named by its period (`day_20261121`) that holds what *remains*; absent means untouched,
so the limit itself remains. One counts what was *used* instead: of a total that is no limit of the item, but the
policy's (`Total`). The engine's condition and the predicate that names a refusal stand side by side.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.limits.errors import (
    AccountCountLimitExceeded,
    AccountDayLimitExceeded,
    AccountMonthLimitExceeded,
    AccountYearLimitExceeded,
    CustomerDayLimitExceeded,
    LimitExceeded,
    NoCertificateLimitExceeded,
    NoFactorLimitExceeded,
    SingleLimitExceeded,
    SmallAmountExceeded,
    StaticCodeLimitExceeded,
    StrictDayLimitExceeded,
)
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n
from chalicelib.platform.money import decimal_text


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """An account's limits: amounts in fen, `day_count` in transfers."""

    single_fen: int
    day_fen: int
    day_count: int
    month_fen: int
    year_fen: int


class Proof(StrEnum):
    """How an outward payment is confirmed, as far as limits ask. The values are stored: they never change."""

    CERTIFICATE = "certificate"
    FACTOR = "factor"
    NONE = "none"


def text_of(name: str, value: int) -> str:
    """A limit's value as it is read: yuan, or a number of transfers."""
    return str(value) if name == "limit_count" else decimal_text(value)


def limit_of(image: Image, name: str) -> int:
    """A limit as stored. One that a record does not have was never agreed with its owner: nothing."""
    return int(image.get(name, 0))


@dataclass(frozen=True, slots=True)
class Counter:
    """One remaining counter: `take` leaves bucket `bucket`, which starts the period at attribute `limit`."""

    bucket: str
    limit: str
    take: int
    refusal: type[LimitExceeded]
    is_amount: bool = True

    def remaining(self, image: Image) -> int:
        """What the bucket holds; a negative bucket (the limit was lowered below what is used) is exhausted."""
        return int(image[self.bucket]) if self.bucket in image else limit_of(image, self.limit)

    def rule(self) -> Rule:
        """The bucket, or the untouched limit, covers what is taken."""
        b, lim, a = f"#{self.bucket}", f"#{self.limit}", f":take_{self.limit}"
        return Rule(
            f"(attribute_exists({b}) AND {b} >= {a}) OR (attribute_not_exists({b}) AND {lim} >= {a})",
            {a: n(self.take)},
            lambda image: self.remaining(image) >= self.take,
            self._refuse,
        )

    def apply(self, update: ItemUpdate) -> None:
        """Put the condition and the decrement on the item's update."""
        update.require(self.rule())
        b, lim = f"#{self.bucket}", f"#{self.limit}"
        update.set(f"{b} = if_not_exists({b}, {lim}) - :take_{self.limit}", **{f"take_{self.limit}": n(self.take)})

    def give_back(self, update: ItemUpdate, image: Image) -> None:
        """Put the increment on the item's update if `image` (the item as read) has the bucket.

        The bucket may be cleaned up in between: then the write does not pass and is planned again.
        """
        if self.bucket not in image or self.take == 0:
            return
        b = f"#{self.bucket}"
        update.require(presence_rule(self.bucket, present=True))
        update.set(f"{b} = {b} + :give_{self.limit}", **{f"give_{self.limit}": n(self.take)})

    def _refuse(self, image: Image) -> LimitExceeded:
        text = decimal_text if self.is_amount else str
        return self.refusal(limit=text(limit_of(image, self.limit)), remaining=text(max(0, self.remaining(image))))


def account_counters(business_date: str, amount_fen: int) -> list[Counter]:
    """What an outward transfer takes from the payer's account."""
    year, month = business_date[:4], business_date[:6]
    return [
        Counter(f"day_{business_date}", "limit_day", amount_fen, AccountDayLimitExceeded),
        Counter(f"month_{month}", "limit_month", amount_fen, AccountMonthLimitExceeded),
        Counter(f"year_{year}", "limit_year", amount_fen, AccountYearLimitExceeded),
        Counter(f"count_{business_date}", "limit_count", 1, AccountCountLimitExceeded, is_amount=False),
    ]


def customer_counters(business_date: str, amount_fen: int, proof: Proof) -> list[Counter]:
    """What an outward transfer takes from the customer: the less it is confirmed by, the more counters count it."""
    outward = Counter(f"outward_{business_date}", "limit_outward", amount_fen, CustomerDayLimitExceeded)
    if proof is Proof.CERTIFICATE:
        return [outward]
    uncertified = Counter(f"nocert_{business_date}", "limit_nocert", amount_fen, NoCertificateLimitExceeded)
    if proof is Proof.FACTOR:
        return [outward, uncertified]
    unconfirmed = Counter(f"nofactor_{business_date}", "limit_nofactor", amount_fen, NoFactorLimitExceeded)
    return [outward, uncertified, unconfirmed]


@dataclass(frozen=True, slots=True)
class Total:
    """What is paid to others on a day in some way: counted up, since its bound is on no item.

    The bound is a policy's (`most_fen`, None where none is in force) and may change, begin and end at any moment.
    Kept is what was used, whoever is in force; what may be used is calculated before the write.
    """

    bucket: str
    take: int
    refusal: type[LimitExceeded] = StrictDayLimitExceeded

    @property
    def word(self) -> str:
        """What the bucket counts: its name without the day."""
        return self.bucket.rpartition("_")[0]

    def used(self, image: Image) -> int:
        """What was used of the day."""
        return int(image.get(self.bucket, 0))

    def rule(self, most_fen: int) -> Rule:
        """What was used and what is taken are together at most `most_fen`."""
        b, word, room = f"#{self.bucket}", self.word, most_fen - self.take
        return Rule(
            f"(attribute_exists({b}) AND {b} <= :{word}_room)"
            f" OR (attribute_not_exists({b}) AND :{word}_none <= :{word}_room)",
            {f":{word}_room": n(room), f":{word}_none": n(0)},
            lambda image: self.used(image) <= room,
            lambda image: self.refusal(
                limit=decimal_text(most_fen), remaining=decimal_text(max(0, most_fen - self.used(image)))
            ),
        )

    def apply(self, update: ItemUpdate, most_fen: int | None) -> None:
        """Put the increment on the item's update, and the condition where there is a bound."""
        if most_fen is not None:
            update.require(self.rule(most_fen))
        b, word = f"#{self.bucket}", self.word
        values = {f"{word}_none": n(0), f"{word}_take": n(self.take)}
        update.set(f"{b} = if_not_exists({b}, :{word}_none) + :{word}_take", **values)

    def give_back(self, update: ItemUpdate, image: Image) -> None:
        """Put the decrement on the item's update if `image` (the item as read) has the bucket."""
        if self.bucket not in image or self.take == 0:
            return
        b = f"#{self.bucket}"
        update.require(presence_rule(self.bucket, present=True))
        update.set(f"{b} = {b} - :give_{self.word}", **{f"give_{self.word}": n(self.take)})

    def standing(self, image: Image, most_fen: int) -> Standing:
        """How it stands under a policy's bound."""
        used = self.used(image)
        return Standing(most_fen, used, max(0, most_fen - used))


_UNCERTIFIED, _STATIC = "uncertified", "static"


def customer_totals(business_date: str, amount_fen: int, proof: Proof) -> list[Total]:
    """What an outward transfer counts on the customer beside the counters of limits."""
    return [] if proof is Proof.CERTIFICATE else [Total(f"{_UNCERTIFIED}_{business_date}", amount_fen)]


def static_total(business_date: str, amount_fen: int) -> Total:
    """What a payment by a static receive code counts on the customer, whatever confirms it."""
    return Total(f"{_STATIC}_{business_date}", amount_fen, StaticCodeLimitExceeded)


def single_rule(amount_fen: int) -> Rule:
    """The account's ceiling for one transfer."""
    return Rule(
        "#limit_single >= :single",
        {":single": n(amount_fen)},
        lambda image: bool(image["limit_single"] >= amount_fen),
        lambda image: SingleLimitExceeded(limit=decimal_text(image["limit_single"])),
    )


def small_rule(amount_fen: int, most_fen: int) -> Rule:
    """The owner agreed on so much for one payment without a factor, and the bank still allows it (XJ-5.3-small)."""
    return Rule(
        "#limit_small >= :small AND :small <= :small_most",
        {":small": n(amount_fen), ":small_most": n(most_fen)},
        lambda image: amount_fen <= min(limit_of(image, "limit_small"), most_fen),
        lambda image: SmallAmountExceeded(limit=decimal_text(min(limit_of(image, "limit_small"), most_fen))),
    )


# What counts down from each limit: a bucket is named by this word and its period. A single ceiling has none.
WORD_OF_LIMIT = {
    "limit_day": "day",
    "limit_month": "month",
    "limit_year": "year",
    "limit_count": "count",
    "limit_outward": "outward",
    "limit_nocert": "nocert",
    "limit_nofactor": "nofactor",
}
ACCOUNT_LIMITS = ("limit_single", "limit_day", "limit_month", "limit_year", "limit_count")
CUSTOMER_LIMITS = ("limit_outward", "limit_nocert", "limit_nofactor", "limit_small")
# A bucket outlives its period by so many days: longer than any write that still names it can be under way.
KEPT_DAYS = 2

_BUCKET = re.compile(
    rf"({'|'.join((*WORD_OF_LIMIT.values(), _UNCERTIFIED, _STATIC))})_([0-9]{{8}}|[0-9]{{6}}|[0-9]{{4}})"
)


def buckets_of(image: Image) -> set[str]:
    """Names of all buckets on an account or a customer's record."""
    return {name for name in image if _BUCKET.fullmatch(name)}


def last_day(bucket: str) -> dt.date:
    """The last day of a bucket's period: `month_202611` -> 30 November 2026."""
    period = bucket.rpartition("_")[2]
    year, month, day = int(period[:4]), int(period[4:6] or "12"), int(period[6:8] or "0")
    return dt.date(year, month, day or calendar.monthrange(year, month)[1])


def expired_buckets(image: Image, business_date: str) -> list[str]:
    """Buckets whose period ended over KEPT_DAYS before `business_date`: no write can name them any more."""
    oldest = _date(business_date) - dt.timedelta(days=KEPT_DAYS)
    return sorted(name for name in buckets_of(image) if last_day(name) < oldest)


def _date(business_date: str) -> dt.date:
    return dt.date(int(business_date[:4]), int(business_date[4:6]), int(business_date[6:8]))


@dataclass(frozen=True, slots=True)
class Standing:
    """A limit, what was used of it in its period, and what remains: in fen, or in transfers.

    `used` may exceed `limit` when the limit was lowered below it; then nothing remains.
    """

    limit: int
    used: int
    remaining: int


def standing(counter: Counter, image: Image) -> Standing:
    """How a counter stands on the item it counts on."""
    limit, left = limit_of(image, counter.limit), counter.remaining(image)
    return Standing(limit, limit - left, max(0, left))


def changed_limits(image: Image, wanted: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """The limits that `wanted` really changes: name -> (old, new)."""
    return {name: (limit_of(image, name), new) for name, new in wanted.items() if limit_of(image, name) != new}


def move_limits(
    update: ItemUpdate, image: Image, changes: Mapping[str, tuple[int, int]], business_date: str
) -> ItemUpdate:
    """Make an item's update carry `changes` of limits, judged by `image`, the item as read at `business_date`.

    Each live bucket moves by the same delta, so what was used stays used, whatever transfers pass meanwhile.
    A bucket that another write makes or removes in between would miss its delta: the update then does not
    pass and is planned again. That holds for the day before and the day after too, since the two writes may
    stand on different sides of midnight.
    """
    expired = set(expired_buckets(image, business_date))
    for name, (old, new) in changes.items():
        as_read = unchanged_rule(name, old) if name in image else presence_rule(name, present=False)
        update.require(as_read).set(f"#{name} = :new_{name}", **{f"new_{name}": n(new)})
        word = WORD_OF_LIMIT.get(name)
        if word is None:
            continue
        present = {bucket for bucket in buckets_of(image) if bucket.rpartition("_")[0] == word} - expired
        operator = "+" if new > old else "-"
        for bucket in sorted(present):
            update.require(presence_rule(bucket, present=True))
            update.set(f"#{bucket} = #{bucket} {operator} :delta_{name}", **{f"delta_{name}": n(abs(new - old))})
        for bucket in sorted(_buckets_around(word, business_date) - present):
            update.require(presence_rule(bucket, present=False))
    return update


def unchanged_rule(name: str, old: int) -> Rule:
    """A limit is as it was read; a breach is nobody's fault and is planned again."""
    return Rule(f"#{name} = :old_{name}", {f":old_{name}": n(old)}, lambda image: bool(image[name] == old), None)


def presence_rule(name: str, *, present: bool) -> Rule:
    """A bucket or limit is there, or is not, as it was when it was read; a breach is planned again."""
    function = "attribute_exists" if present else "attribute_not_exists"
    return Rule(f"{function}(#{name})", {}, lambda image: (name in image) == present, None)


def _buckets_around(word: str, business_date: str) -> set[str]:
    """The buckets of `word` that a write may make about now: of the day before, the day, and the day after."""
    length = {"month": 6, "year": 4}.get(word, 8)
    today = _date(business_date)
    days = [today + dt.timedelta(days=offset) for offset in (-1, 0, 1)]
    return {f"{word}_{day:%Y%m%d}"[: len(word) + 1 + length] for day in days}


def drop_buckets(update: ItemUpdate, buckets: list[str]) -> ItemUpdate:
    """Make an item's update take off expired buckets, and nothing else; refused when that was done before."""
    for bucket in buckets:
        update.require(presence_rule(bucket, present=True))
    return update.remove(*buckets)
