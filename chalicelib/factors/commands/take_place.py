"""A customer has one factor of each method: a new one takes the place of one that has ended, in its own write.

Who has the place is a row of FactorsTable; applying for a certificate takes it already. A factor that is active,
applied for, lost or locked keeps it: of two tellers at once one gets through, whatever both have read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from chalicelib.customers import service as customers
from chalicelib.factors import domain, store
from chalicelib.factors.errors import FactorHeldAlready
from chalicelib.factors.service import state_at
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s
from chalicelib.platform.errors import TryAgain

_ENDED = (domain.REVOKED, domain.EXPIRED)


def free_method(customer_id: str, method: str, now: dt.datetime) -> list[store.FactorItem]:
    """All factors of this method that the customer had or applied for, where a new one may come.

    Raises FactorHeldAlready when one is active, reported lost or locked: that one is to be revoked first.
    """
    rows = [row for row in store.of_customer(customer_id) if row.method == method]
    if any(state_at(row, now) not in (*_ENDED, domain.APPLIED) for row in rows):
        raise FactorHeldAlready()
    return rows


def replaced(rows: Collection[store.FactorItem]) -> list[store.FactorItem]:
    """Those of a method's rows that have expired and still stand on the customer's record until another comes."""
    return [row for row in rows if row.state == domain.ACTIVE]


def take_place(
    customer_id: str, method: str, factor_id: str, rows: Collection[store.FactorItem], now: dt.datetime
) -> ItemPut | ItemUpdate:
    """Make the new factor the customer's one of its method: a part of the write that issues it or applies for it.

    `rows` are those of the method, as read. Raises TryAgain when another took the place since.
    """
    ended = [row.factor_id for row in rows if state_at(row, now) in _ENDED]
    return pass_place(customer_id, method, factor_id, ended)


def pass_place(customer_id: str, method: str, factor_id: str, free: Collection[str]) -> ItemPut | ItemUpdate:
    """The same where the place is one of `free`'s. Once a factor has ended it stays so: what was read holds."""
    holder = store.place_holder(customer_id, method)
    if holder is None:
        return store.place_put(customer_id, method, factor_id)
    if holder not in free:
        raise TryAgain()
    update = store.place_update(customer_id, method).require(store.place_rule(holder))
    return update.set("#holder = :new_holder", new_holder=s(factor_id))


def activated(customer_id: str, factor_id: str, method: str, ended: list[str]) -> ItemUpdate:
    """The customer's record with one more active factor, and without those it replaces."""
    update = customers.customer_update(customer_id).set(f"#factors.#{factor_id} = :method", method=s(method))
    return update.remove(*(f"factors.#{old}" for old in ended))
