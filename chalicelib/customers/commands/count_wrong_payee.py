"""Bound guessing at whose account a number is: wrong payees are counted on the customer's record, a day (NB-5.1.4).

The record is read by whoever creates a payment, so the bound costs a payment that names its payee rightly nothing.
"""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import store
from chalicelib.customers.domain import Customer
from chalicelib.customers.errors import WrongPayeesExhausted
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import Image, Rule, n, s


def require_guesses_left(customer: Customer, now: dt.datetime) -> None:
    """Raise WrongPayeesExhausted for who named so many wrong payees on this business date: right ones wait, too."""
    if not _is_under(customer.image, clock.business_date(now), _most(now)):
        raise WrongPayeesExhausted()


def count_wrong_payee(customer_id: str, now: dt.datetime) -> None:
    """Count one, before it is told. Raises WrongPayeesExhausted in its place once there were enough; TryAgain,
    OutcomeUnknown.
    """
    date, most = clock.business_date(now), _most(now)
    more = store.customer_update(customer_id).require(same_day_rule(date, most))
    done, image = updates.run(more.set("#misnamed = #misnamed + :one", one=n(1)))
    if done:
        return
    if image is not None and image.get("misnamed_on") == date:
        raise WrongPayeesExhausted()
    first = store.customer_update(customer_id).require(other_day_rule(date))
    updates.insist(first.set("#misnamed = :one, #misnamed_on = :date", one=n(1), date=s(date)))


def _most(now: dt.datetime) -> int:
    return parameters.value(parameters.WRONG_PAYEES_DAY, now)


def _is_under(image: Image, date: str, most: int) -> bool:
    return image.get("misnamed_on") != date or image["misnamed"] < most


def same_day_rule(date: str, most: int) -> Rule:
    """The day's count has begun and has room."""
    return Rule(
        "#misnamed_on = :date AND #misnamed < :most",
        {":date": s(date), ":most": n(most)},
        lambda image: image.get("misnamed_on") == date and image["misnamed"] < most,
        lambda _: WrongPayeesExhausted(),
    )


def other_day_rule(date: str) -> Rule:
    """Another request may have begun the day's count meanwhile: then this one comes again."""
    return Rule(
        "attribute_not_exists(#misnamed_on) OR #misnamed_on <> :date",
        {":date": s(date)},
        lambda image: image.get("misnamed_on") != date,
        None,
    )
