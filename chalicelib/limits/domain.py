"""Counters: what each transfer takes, from which bucket, under which limit. Pure; no clock.

A bucket is an attribute named by its period (`day_20261121`) that holds what *remains*; absent means untouched,
so the limit itself remains. The engine's condition and the predicate that names a refusal stand side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.limits.errors import (
    AccountCountLimitExceeded,
    AccountDayLimitExceeded,
    AccountMonthLimitExceeded,
    AccountYearLimitExceeded,
    CustomerDayLimitExceeded,
    LimitExceeded,
    NoCertificateLimitExceeded,
    SingleLimitExceeded,
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
        return int(image[self.bucket] if self.bucket in image else image[self.limit])

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
        update.require(Rule(f"attribute_exists({b})", {}, lambda found: self.bucket in found, None))
        update.set(f"{b} = {b} + :give_{self.limit}", **{f"give_{self.limit}": n(self.take)})

    def _refuse(self, image: Image) -> LimitExceeded:
        text = decimal_text if self.is_amount else str
        return self.refusal(limit=text(image[self.limit]), remaining=text(max(0, self.remaining(image))))


def account_counters(business_date: str, amount_fen: int) -> list[Counter]:
    """What an outward transfer takes from the payer's account."""
    year, month = business_date[:4], business_date[:6]
    return [
        Counter(f"day_{business_date}", "limit_day", amount_fen, AccountDayLimitExceeded),
        Counter(f"month_{month}", "limit_month", amount_fen, AccountMonthLimitExceeded),
        Counter(f"year_{year}", "limit_year", amount_fen, AccountYearLimitExceeded),
        Counter(f"count_{business_date}", "limit_count", 1, AccountCountLimitExceeded, is_amount=False),
    ]


def customer_counters(business_date: str, amount_fen: int) -> list[Counter]:
    """What an outward transfer confirmed without a certificate takes from the customer."""
    return [
        Counter(f"outward_{business_date}", "limit_outward", amount_fen, CustomerDayLimitExceeded),
        Counter(f"nocert_{business_date}", "limit_nocert", amount_fen, NoCertificateLimitExceeded),
    ]


def single_rule(amount_fen: int) -> Rule:
    """The account's ceiling for one transfer."""
    return Rule(
        "#limit_single >= :single",
        {":single": n(amount_fen)},
        lambda image: bool(image["limit_single"] >= amount_fen),
        lambda image: SingleLimitExceeded(limit=decimal_text(image["limit_single"])),
    )
