"""Take expired limit buckets off an account and its owner's record, so that a payment's items stay under 1 KB."""

from __future__ import annotations

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.platform import log, updates
from chalicelib.platform.dynamo import Image, ItemUpdate


def clean_buckets(old: Image | None, new: Image, business_date: str) -> None:
    """Remove what expired over two days before `business_date` from the account of a change, and its owner.

    The update names expired buckets only, so it cannot touch money, and does nothing when they are gone; the
    stream record it causes has an unchanged sequence and stands for no line. An owner's record is looked at
    when an account's first outward payment of a period makes a bucket, which is the only way it grows.
    """
    expired = limits.expired_buckets(new, business_date)
    if expired:
        _drop(ledger.account_update(new["account_id"], payee=False), expired)
    if limits.buckets_of(new) - limits.buckets_of(old or {}):
        customer = customers.customer_of(new["customer_id"])
        expired = limits.expired_buckets(customer.image, business_date) if customer else []
        if expired:
            _drop(customers.customer_update(new["customer_id"]), expired)


def _drop(update: ItemUpdate, expired: list[str]) -> None:
    try:
        updates.run(limits.drop_buckets(update, expired))
    except (updates.UpdateContended, updates.UpdateInDoubt):
        # A payment has the item: its own record will bring us here again, and statement lines do not wait.
        log.logger.info("buckets left for the next change", extra={"count": len(expired)})
