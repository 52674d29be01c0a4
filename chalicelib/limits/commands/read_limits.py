"""How a customer's limits stand today: two reads, whatever the number of accounts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.accounts import service as accounts
from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.limits import domain
from chalicelib.limits.domain import Standing
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import NotFound


@dataclass(frozen=True, slots=True)
class CustomerStanding:
    """Limits over all of a customer's accounts, in fen a day: what is paid to others, and how much of that
    without a certificate, and without any factor. `small_fen` is what the customer agreed one payment without a
    factor may be. `policy` is the total without a certificate that the policy of the
    moment sets beside the customer's own limit, where it sets one."""

    outward: Standing
    no_certificate: Standing
    no_factor: Standing
    small_fen: int
    policy: Standing | None


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """Limits of one account: amounts in fen, `count` in transfers."""

    account_id: str
    single_fen: int
    day: Standing
    month: Standing
    year: Standing
    count: Standing


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of a customer, as they stand on `business_date`."""

    business_date: str
    customer: CustomerStanding
    accounts: list[AccountStanding]


def read_limits(customer_id: str, now: dt.datetime) -> Limits:
    """All limits of a customer at `now` (XJ-5.3-limit). Raises NotFound for an unknown customer."""
    business_date = clock.business_date(now)
    customer = customers.customer_of(customer_id)
    if customer is None:
        raise NotFound()
    return Limits(
        business_date,
        customer_standing(customer.image, now),
        [account_standing(account.image, business_date) for account in accounts.accounts_of(customer_id)],
    )


def customer_standing(image: Image, now: dt.datetime) -> CustomerStanding:
    """The customer's own limits from the stored record, and the policy's total beside them."""
    business_date = clock.business_date(now)
    counters = domain.customer_counters(business_date, 0, domain.Proof.NONE)
    found = {c.limit: domain.standing(c, image) for c in counters}
    (total,) = domain.customer_totals(business_date, 0, domain.Proof.NONE)
    most_fen = factors.policy(now).no_certificate_day_fen
    return CustomerStanding(
        found["limit_outward"],
        found["limit_nocert"],
        found["limit_nofactor"],
        domain.limit_of(image, "limit_small"),
        total.standing(image, most_fen) if most_fen is not None else None,
    )


def account_standing(image: Image, business_date: str) -> AccountStanding:
    """An account's limits from the stored account."""
    found = {c.limit: domain.standing(c, image) for c in domain.account_counters(business_date, 0)}
    return AccountStanding(
        image["account_id"],
        int(image["limit_single"]),
        found["limit_day"],
        found["limit_month"],
        found["limit_year"],
        found["limit_count"],
    )
