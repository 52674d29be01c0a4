"""What a factor confirms today to be paid on another day: which may, and what still must hold when it is paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from chalicelib.factors import domain, store
from chalicelib.factors.errors import FactorNotActive
from chalicelib.factors.service import expected, factor_of, require, terms_at
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemUpdate
from chalicelib.platform.errors import Refusal


def methods_for(image: Image, amount_fen: int, now: dt.datetime) -> tuple[str, ...]:
    """Methods of a customer's factors that may confirm so much to somebody else; `image` is the customer's record.

    Raises FactorCeilingExceeded where none of them may, FactorNotActive where there is none.
    """
    held: dict[str, str] = image.get("factors", {})
    policy = terms_at(now).policy
    would_do = tuple(method for method in policy.methods_for(amount_fen) if method in held.values())
    if would_do:
        return would_do
    if not held:
        raise FactorNotActive(factors=domain.NO_FACTOR)
    strongest = max(held, key=lambda id_: domain.METHODS.index(held[id_]))
    require_ceiling(strongest, held[strongest], amount_fen, now)
    raise AssertionError("a method that may confirm the amount is no method that would do")


def require_ceiling(factor_id: str, method: str, amount_fen: int, now: dt.datetime) -> None:
    """Raises FactorCeilingExceeded when by the policy of the moment `method` may not confirm so much."""
    image = {"factors": {factor_id: method}}
    rule = domain.ceiling_rule(factor_id, amount_fen, terms_at(now).policy)
    if rule.refuse is not None and not rule.holds(image):
        raise rule.refuse(image)


def rested_on(image: Image, factor_id: str) -> tuple[str, str] | None:
    """Kind and method of a customer's factor, by which something was confirmed; None when it is no longer held."""
    method = image.get("factors", {}).get(factor_id)
    return None if method is None else (factor_of(method), method)


def require_today(update: ItemUpdate, factor: str, factor_id: str, amount_fen: int, now: dt.datetime) -> None:
    """Put on the customer's record what a payment of the amount by that factor would require today."""
    require(update, factor, factor_id, expected(now), clock.business_date(now), amount_fen)


def unlost_update(customer_id: str, factor_id: str, confirmed_at: str, refuse: Callable[[], Refusal]) -> ItemUpdate:
    """A condition on the factor's row, as a part of a write: it was not reported lost since it confirmed, whatever
    became of that loss, and is not locked.

    One that has ended in its time, or was replaced, will do: what it confirmed before then stands (NB-5.3.6), as it
    does once a lock is lifted, which says that somebody did not know the PIN. What was confirmed under an older release
    kept no time (`confirmed_at` is empty) and is judged by the row as it stands.
    """
    update = store.update_of(customer_id, factor_id)
    update.missing = refuse
    update.require(domain.unlost_rule(refuse))
    return update.require(domain.unlost_since_rule(confirmed_at, refuse)) if confirmed_at else update
