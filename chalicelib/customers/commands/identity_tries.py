"""The day's tries at verifying an identity, whichever way it is asked, and what a provider's silence does to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from chalicelib.customers import domain, store
from chalicelib.customers.errors import IdentityProviderUnavailable, IdentityTriesExhausted
from chalicelib.customers.providers import ProviderRefused, ProviderSilent
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, log, transactions
from chalicelib.platform.dynamo import Image, n
from chalicelib.platform.errors import Retryable

T = TypeVar("T")
_TRIES = "verify_"


def take_try(image: Image, now: dt.datetime) -> int:
    """Claim one of the day's tries of the customer whose profile this is; how many are left then.

    Raises IdentityTriesExhausted.
    """
    bucket, most = _bucket(now), parameters.value(parameters.IDENTITY_TRIES_DAY, now)
    update = domain.count_more(store.profile_update(image["customer_id"]), bucket, most)
    update.remove(*(name for name in image if name.startswith(_TRIES) and name < bucket))
    if not transactions.commit([update]):
        raise IdentityTriesExhausted()
    return max(0, most - int(image.get(bucket, 0)) - 1)


def ask(customer_id: str, question: Callable[[], T], now: dt.datetime) -> T | None:
    """The provider's answer; None where it refuses for good. A provider that was not reached gives the try back.

    Raises IdentityProviderUnavailable.
    """
    try:
        return question()
    except ProviderRefused:
        log.logger.warning("identity provider refused", extra={"customer_id": customer_id})
        return None
    except Retryable:
        back = store.profile_update(customer_id)
        back.set(f"#{_bucket(now)} = #{_bucket(now)} - :one", one=n(1))
        transactions.commit([back])
        raise IdentityProviderUnavailable() from None
    except ProviderSilent:
        raise IdentityProviderUnavailable() from None


def _bucket(now: dt.datetime) -> str:
    return _TRIES + clock.business_date(now)
