"""Limits as the writes of other contexts use them (NB-5.4.1-daily, XJ-5.3-limit)."""

from __future__ import annotations

from chalicelib.limits.domain import (
    AccountLimits,
    Proof,
    account_counters,
    buckets_of,
    customer_counters,
    customer_totals,
    drop_buckets,
    expired_buckets,
    single_rule,
)
from chalicelib.platform.dynamo import Image, ItemUpdate

__all__ = [
    "AccountLimits",
    "Proof",
    "buckets_of",
    "drop_buckets",
    "expired_buckets",
    "give_back_account",
    "give_back_customer",
    "limit_account",
    "limit_customer",
    "single_rule",
]


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
