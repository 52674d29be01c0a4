"""Customers as other contexts see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.exceptions import DoesNotExist

from chalicelib.customers import domain, store
from chalicelib.customers.domain import (
    ACTIVE,
    PROFESSIONAL,
    Customer,
    is_login_name,
    is_phone,
    paying_rules,
    switch_rule,
)
from chalicelib.customers.errors import SessionEnded
from chalicelib.customers.store import ContractItem, ProfileItem
from chalicelib.limits import service as limits
from chalicelib.platform.dynamo import ItemUpdate

__all__ = [
    "ACTIVE",
    "PROFESSIONAL",
    "Customer",
    "Profile",
    "add_contract",
    "add_customer",
    "add_profile",
    "contracts_of",
    "customer_of",
    "customer_page",
    "end_session",
    "ended_sessions",
    "give_back_updates",
    "is_login_name",
    "is_phone",
    "payer_update",
    "paying_rules",
    "profile_of",
    "require_live_session",
]


@dataclass(frozen=True, slots=True)
class Profile:
    """Who a customer is (C2: never logged). `push_address` is None until a device is registered."""

    customer_id: str
    name: str
    phone: str
    branch_id: str
    push_address: str | None


def customer_of(customer_id: str) -> Customer | None:
    """The record as it is now, or None."""
    image = store.read_customer(customer_id)
    return Customer.from_image(image) if image else None


def profile_of(customer_id: str) -> Profile:
    """The customer's profile; raises KeyError when there is none."""
    try:
        item = ProfileItem.get(customer_id, consistent_read=True)
    except DoesNotExist:
        raise KeyError(customer_id) from None
    return Profile(item.customer_id, item.name, item.phone, item.branch_id, item.push_address)


def contracts_of(customer_id: str) -> dict[str, str]:
    """The customer's contracted accounts: account id -> right (`full` or `query`), in order of number."""
    return {
        item.account_id: item.right
        for item in ContractItem.query(customer_id, limit=store.MAX_CONTRACTS, consistent_read=True)
    }


def customer_page(after: str | None) -> tuple[list[str], str | None]:
    """One page of all customers' ids, for jobs that visit each; (ids, cursor or None at the end)."""
    return store.scan_ids(after)


def require_live_session(customer_id: str, session_id: str) -> Customer:
    """The record, or SessionEnded when the session was ended; for reads, as money checks it in its own write."""
    customer = customer_of(customer_id)
    if customer is None or session_id in customer.revoked:
        raise SessionEnded()
    return customer


def ended_sessions(customer: Customer, now: dt.datetime) -> int:
    """How many sessions were ended whose access tokens have not died of age."""
    return sum(until >= int(now.timestamp()) for until in customer.revoked.values())


def end_session(customer_id: str, session_id: str, tokens_die_at: dt.datetime, now: dt.datetime) -> None:
    """From now on no request of this session is served; its access tokens die at `tokens_die_at`."""
    customer = customer_of(customer_id)
    if customer is None:
        return
    now_epoch_s = int(now.timestamp())
    dead = [id_ for id_, until in customer.revoked.items() if until < now_epoch_s and id_ != session_id]
    # Rounded up, so that the note never goes before the token.
    store.note_revoked(customer_id, session_id, int(tokens_die_at.timestamp()) + 1, dead)


def payer_update(customer_id: str, session_id: str, *, outward: bool) -> ItemUpdate:
    """The payer's record as part of the money's write: session, edition, state and, outward, the switch."""
    update = store.customer_update(customer_id).require(*paying_rules(session_id))
    return update.require(switch_rule()) if outward else update


def give_back_updates(customer_id: str, business_date: str, amount_fen: int) -> tuple[ItemUpdate, ...]:
    """The customer's record gives back what an outward payment of that date took, as a part of another write.

    Empty when the record has no bucket of that date any more. Reads the record.
    """
    customer = customer_of(customer_id)
    if customer is None:
        return ()
    update = store.customer_update(customer_id)
    limits.give_back_customer(update, customer.image, business_date, amount_fen)
    return (update,) if update.sets else ()


def add_profile(profile: Profile) -> None:
    """Write who a new customer is."""
    ProfileItem(
        profile.customer_id,
        name=profile.name,
        phone=profile.phone,
        branch_id=profile.branch_id,
        push_address=profile.push_address,
    ).save()


def add_customer(customer_id: str, *, limit_outward_fen: int, limit_nocert_fen: int) -> bool:
    """Write a new professional customer's record; False when there is one."""
    item: Mapping[str, Any] = {
        "customer_id": customer_id,
        "state": domain.ACTIVE,
        "edition": domain.PROFESSIONAL,
        "transfers_on": True,
        "revoked": {},
        "limit_outward": limit_outward_fen,
        "limit_nocert": limit_nocert_fen,
    }
    return store.put_customer(item)


def add_contract(customer_id: str, account_id: str, right: str) -> None:
    """Contract an account for online banking."""
    ContractItem(customer_id, account_id, right=right).save()
