"""Limits as the writes of other contexts use them (NB-5.4.1-daily, XJ-5.3-limit)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.limits.domain import (
    AccountLimits,
    Proof,
    account_counters,
    buckets_of,
    changed_limits,
    customer_counters,
    customer_totals,
    drop_buckets,
    expired_buckets,
    limit_of,
    move_limits,
    single_rule,
    small_rule,
    standing,
    static_total,
    text_of,
)
from chalicelib.limits.errors import LimitAboveCeiling
from chalicelib.parameters import service as parameters
from chalicelib.platform.dynamo import Image, ItemUpdate

__all__ = [
    "AccountLimits",
    "Proof",
    "buckets_of",
    "changed_limits",
    "drop_buckets",
    "expired_buckets",
    "give_back_account",
    "give_back_customer",
    "limit_account",
    "limit_customer",
    "limit_of",
    "limit_small",
    "limit_static",
    "move_limits",
    "paid_to_others",
    "require_account_room",
    "require_ceilings",
    "require_customer_room",
    "single_rule",
]

# The bank's own ceiling for each limit, in fen (`limit_count`: transfers).
_CEILINGS = {
    "limit_single": parameters.CEILING_SINGLE_FEN,
    "limit_day": parameters.CEILING_DAY_FEN,
    "limit_month": parameters.CEILING_MONTH_FEN,
    "limit_year": parameters.CEILING_YEAR_FEN,
    "limit_count": parameters.CEILING_DAY_COUNT,
    "limit_outward": parameters.CEILING_DAY_FEN,
    "limit_nocert": parameters.NO_CERTIFICATE_DAY_FEN,
    "limit_nofactor": parameters.NO_FACTOR_DAY_FEN,
    "limit_small": parameters.NO_FACTOR_SINGLE_FEN,
}


def require_ceilings(wanted: Mapping[str, int], now: dt.datetime) -> None:
    """Raise LimitAboveCeiling for a limit above the bank's own ceiling for it at `now`.

    Only a request for just that limit, which two people decide on, goes beyond (`limits.commands.plan_limits`).
    """
    for name, value in wanted.items():
        ceiling = parameters.value(_CEILINGS[name], now)
        if value > ceiling:
            raise LimitAboveCeiling(ceiling=text_of(name, ceiling))


def limit_account(update: ItemUpdate, business_date: str, amount_fen: int) -> None:
    """Make the payer's account write take `amount_fen` from every counter of `business_date`, or fail."""
    update.require(single_rule(amount_fen))
    for counter in account_counters(business_date, amount_fen):
        counter.apply(update)


def limit_customer(
    update: ItemUpdate, business_date: str, amount_fen: int, proof: Proof, *, no_certificate_day_fen: int | None
) -> None:
    """The same for the payer's customer record; which counters depends on what the payment is confirmed by.

    `no_certificate_day_fen` is the day's total that the policy of the moment allows without a certificate, if any.
    """
    for counter in customer_counters(business_date, amount_fen, proof):
        counter.apply(update)
    for total in customer_totals(business_date, amount_fen, proof):
        total.apply(update, no_certificate_day_fen)


def require_account_room(update: ItemUpdate, business_date: str, amounts_fen: Sequence[int]) -> None:
    """Make it a condition of the payer's account that all of these outward payments would pass its limits together.

    Nothing is taken, and what each one may be by itself is not asked: that is `single_rule`.
    """
    for counter in account_counters(business_date, sum(amounts_fen)) if amounts_fen else ():
        update.require((counter if counter.is_amount else replace(counter, take=len(amounts_fen))).rule())


def require_customer_room(
    update: ItemUpdate,
    business_date: str,
    amounts_fen: Sequence[int],
    proof: Proof,
    *,
    no_certificate_day_fen: int | None,
) -> None:
    """The same of the payer's customer record, for what they are confirmed by and under the policy's total."""
    if not amounts_fen:
        return
    for counter in customer_counters(business_date, sum(amounts_fen), proof):
        update.require(counter.rule())
    if no_certificate_day_fen is not None:
        for total in customer_totals(business_date, sum(amounts_fen), proof):
            update.require(total.rule(no_certificate_day_fen))


def paid_to_others(image: Image, business_date: str) -> int:
    """What a customer (`image` is the record) has paid or set aside for others on a business date, in fen."""
    (outward,) = customer_counters(business_date, 0, Proof.CERTIFICATE)
    return standing(outward, image).used


def limit_small(update: ItemUpdate, amount_fen: int, most_fen: int) -> None:
    """Hold a payment without a factor to what the payer agreed on (on the customer's record), and to `most_fen`."""
    update.require(small_rule(amount_fen, most_fen))


def limit_static(update: ItemUpdate, business_date: str, amount_fen: int, day_fen: int) -> None:
    """Hold payments by static receive codes to `day_fen` a customer and day. What is reversed stays counted."""
    static_total(business_date, amount_fen).apply(update, day_fen)


def give_back_account(update: ItemUpdate, image: Image, business_date: str, amount_fen: int, *, whole: bool) -> None:
    """Make an account's update give back what an outward payment of `business_date` took.

    To the buckets it was taken from, where they still exist: yesterday's payment never raises today's
    limit. `whole` gives back the number of transfers too, when none of it was paid.
    """
    for counter in account_counters(business_date, amount_fen):
        if counter.is_amount or whole:
            counter.give_back(update, image)


def give_back_customer(update: ItemUpdate, image: Image, business_date: str, amount_fen: int, proof: Proof) -> None:
    """The same for the payer's customer record; `proof` is what the payment was confirmed by when it took."""
    for counter in customer_counters(business_date, amount_fen, proof):
        counter.give_back(update, image)
    for total in customer_totals(business_date, amount_fen, proof):
        total.give_back(update, image)
