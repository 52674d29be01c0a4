"""FactorsTable: what each customer can confirm with. A row's change of state goes with the customer's record."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist

from chalicelib.factors.errors import FactorStateUnfit
from chalicelib.platform import settings
from chalicelib.platform.dynamo import Image, Item, ItemPut, ItemUpdate, Rule, s, to_raw
from chalicelib.platform.errors import NotFound

MAX_FACTORS = 50


class FactorItem(Item):
    """Times are text as `clock.to_text` writes them; `method` as in the domain; `serial` of the token or certificate.

    `seed` is encrypted by KMS; `certificate` is DER and `authority` names the row of who issued it.
    """

    class Meta:
        logical_name = "factors"

    customer_id = UnicodeAttribute(hash_key=True)
    factor_id = UnicodeAttribute(range_key=True)
    method = UnicodeAttribute()
    state = UnicodeAttribute()
    valid_from = UnicodeAttribute()
    valid_until = UnicodeAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    serial = UnicodeAttribute(null=True)
    seed = BinaryAttribute(legacy_encoding=False, null=True)
    certificate = BinaryAttribute(legacy_encoding=False, null=True)
    authority = UnicodeAttribute(null=True)
    device_serial = UnicodeAttribute(null=True)
    attempt = NumberAttribute(null=True)
    tries = NumberAttribute(null=True)
    code_until = UnicodeAttribute(null=True)


def get(customer_id: str, factor_id: str) -> FactorItem | None:
    """One row as it is now, or None."""
    try:
        return FactorItem.get(customer_id, factor_id, consistent_read=True)
    except DoesNotExist:
        return None


def of_customer(customer_id: str) -> list[FactorItem]:
    """All of a customer's rows, ended ones included."""
    return list(FactorItem.query(customer_id, limit=MAX_FACTORS, consistent_read=True))


def put_of(row: Image) -> ItemPut:
    """The put of a new row, alone or as a part of a transaction."""
    return ItemPut(settings.table("factors"), "customer_id", to_raw(row))


def update_of(customer_id: str, factor_id: str) -> ItemUpdate:
    """A conditional update of one row."""
    key = {"customer_id": s(customer_id), "factor_id": s(factor_id)}
    return ItemUpdate(settings.table("factors"), key, missing=NotFound)


def state_rule(*states: str) -> Rule:
    """The row is in one of these states."""
    names = [f":state_{state}" for state in states]
    return Rule(
        f"#state IN ({', '.join(names)})",
        {name: s(state) for name, state in zip(names, states, strict=True)},
        lambda image: bool(image["state"] in states),
        lambda image: FactorStateUnfit(state=image["state"]),
    )
