"""Customers as other contexts see them."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.customers import domain, store
from chalicelib.customers.domain import (
    ACTIVE,
    CLOSED,
    OFFLINE,
    PROFESSIONAL,
    RESIDENT_ID,
    Customer,
    IdentityDocument,
    device_rules,
    epoch_ms,
    is_login_name,
    is_phone,
    is_valid_document,
    later_rule,
    outward_rules,
    paying_rules,
    phone_rule,
    same_phone_rule,
    standing_rules,
)
from chalicelib.customers.errors import DocumentTaken, SessionEnded, TooManyAccounts
from chalicelib.customers.store import ContractItem, HoldingItem
from chalicelib.limits import service as limits
from chalicelib.platform import aws, settings, transactions
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, n, s

__all__ = [
    "ACTIVE",
    "CLOSED",
    "OFFLINE",
    "PROFESSIONAL",
    "RESIDENT_ID",
    "Change",
    "Customer",
    "IdentityDocument",
    "Profile",
    "absent_payer_update",
    "add_customer",
    "add_holding",
    "add_person",
    "all_ids",
    "contracts_of",
    "customer_of",
    "customer_page",
    "customer_update",
    "customer_with",
    "device_rules",
    "document_hash",
    "editions_of",
    "ended_sessions",
    "ended_updates",
    "find_profile",
    "give_back_updates",
    "holdings_of",
    "is_login_name",
    "is_phone",
    "is_valid_document",
    "payer_update",
    "paying_rules",
    "phone_rule",
    "phone_updates",
    "profile_of",
    "require_live_session",
    "void_codes",
]

customer_update = store.customer_update


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a customer that the counter makes: facts before and after, and its writes by whom and when."""

    profile: Profile
    before: Mapping[str, str]
    after: Mapping[str, str]
    writes: Callable[[str, dt.datetime], list[ItemPut | ItemUpdate]]


@dataclass(frozen=True, slots=True)
class Profile:
    """Who a customer is (C2: never logged). `push_address` is None until a device is registered.

    `document` and `birth_date` (`19900307`) are None for customers from before documents were kept here.
    `phone_at` is when the reserved phone last changed, in milliseconds since 1970; 0 while it never did.
    """

    customer_id: str
    name: str
    phone: str
    branch_id: str
    push_address: str | None
    document: IdentityDocument | None = None
    birth_date: str | None = None
    image: Image = field(default_factory=dict, repr=False)

    phone_at: int = 0

    @classmethod
    def from_image(cls, image: Image) -> Profile:
        """A profile from the stored item."""
        document = None
        if "document_number" in image:
            document = IdentityDocument(image["document_kind"], image["document_number"])
        return cls(
            image["customer_id"],
            image["name"],
            image["phone"],
            image["branch_id"],
            image.get("push_address"),
            document,
            image.get("birth_date"),
            image,
            image.get("phone_at", 0),
        )

    def takes_code(self, asked_at: dt.datetime) -> bool:
        """Whether a code that was asked for then still confirms: the phone has not changed since."""
        return self.phone_at < epoch_ms(asked_at)


def customer_of(customer_id: str) -> Customer | None:
    """The record as it is now, or None."""
    image = store.read_customer(customer_id)
    return Customer.from_image(image) if image else None


def find_profile(customer_id: str) -> Profile | None:
    """The customer's profile, or None."""
    try:
        return profile_of(customer_id)
    except KeyError:
        return None


def profile_of(customer_id: str) -> Profile:
    """The customer's profile; raises KeyError when there is none."""
    image = store.read_profile(customer_id)
    if image is None:
        raise KeyError(customer_id)
    return Profile.from_image(image)


def editions_of(customer_id: str) -> list[dict[str, str]]:
    """The history of editions, oldest first: `at`, `from`, `to`, and the teller it was done `by`."""
    return list(profile_of(customer_id).image.get("editions", []))


def holdings_of(customer_id: str) -> dict[str, str]:
    """Every account and card the customer holds, signed up or not: account id -> the phone reserved for it."""
    return {
        item.account_id: item.reserved_phone
        for item in HoldingItem.query(customer_id, limit=store.MAX_HOLDINGS, consistent_read=True)
    }


def customer_with(document: IdentityDocument) -> str | None:
    """Whose document this is, or None. For the bank's own side, never a route."""
    return store.customer_with(document_hash(document))


def document_hash(document: IdentityDocument) -> str:
    """What a document is known by where its number must not be read: keyed, so that numbers cannot be tried."""
    return domain.hash_of(_identity_secret(settings.get("IDENTITY_SECRET_ARN")), document)


@functools.lru_cache(maxsize=1)
def _identity_secret(arn: str) -> bytes:
    return aws.secretsmanager().get_secret_value(SecretId=arn)["SecretString"].encode()


def contracts_of(customer_id: str) -> dict[str, str]:
    """The customer's contracted accounts: account id -> right (`full` or `query`), in order of number."""
    return {
        item.account_id: item.right
        for item in ContractItem.query(customer_id, limit=store.MAX_CONTRACTS, consistent_read=True)
    }


def customer_page(after: str | None) -> tuple[list[str], str | None]:
    """One page of all customers' ids, for jobs that visit each; (ids, cursor or None at the end)."""
    return store.scan_ids(after)


def all_ids(most_pages: int) -> Iterator[str]:
    """Every customer's id, a page at a time, for what an operator runs by hand; ends after `most_pages`."""
    after: str | None = None
    for _ in range(most_pages):
        page, after = store.scan_ids(after)
        yield from page
        if after is None:
            return


def require_live_session(caller: Caller) -> Customer:
    """The record, or SessionEnded when the session was ended; for reads, as money checks it in its own write."""
    customer = customer_of(caller.customer_id)
    if customer is None or customer.state == CLOSED or customer.has_ended(caller.session_id):
        raise SessionEnded()
    if caller.device_id is not None and caller.device_id not in customer.devices:
        raise SessionEnded()
    return customer


def ended_sessions(customer: Customer, now: dt.datetime) -> int:
    """How many sessions were ended whose access tokens have not died of age."""
    return sum(until >= int(now.timestamp()) for until in customer.revoked.values())


def ended_updates(
    customer: Customer,
    tokens_die_at: Mapping[str, int],
    now: dt.datetime,
    *,
    since: str | None = None,
    rules: Sequence[Rule] = (),
) -> list[ItemUpdate]:
    """What stops the access tokens of ended sessions, as a part of the write that ends them; empty where nothing must.

    `tokens_die_at` gives each session's last second with a token. With `since`, all sessions that began before that
    one are ended, and need no note of their own. Notes whose tokens have died of age are dropped. The record must
    satisfy `rules` too.
    """
    now_epoch_s = int(now.timestamp())
    # A second more, so that the note never goes before the token.
    notes = {id_: until + 1 for id_, until in tokens_die_at.items() if until >= now_epoch_s and id_ >= (since or "")}
    dead = [id_ for id_, until in customer.revoked.items() if until < now_epoch_s or id_ < (since or "")]
    update = store.customer_update(customer.customer_id).require(*rules)
    for number, (session_id, until) in enumerate(notes.items()):
        update.set(f"#revoked.#{session_id} = :until{number}", **{f"until{number}": n(until)})
    update.remove(*(f"revoked.#{session_id}" for session_id in dead if session_id not in notes))
    if since is not None:
        update.require(later_rule(since)).set("#since = :since", since=s(since))
    return [update] if notes or rules or since is not None else []


def payer_update(customer_id: str, session_id: str, device_id: str | None, *, outward: bool) -> ItemUpdate:
    """The payer's record as part of the money's write: session, device, edition, state and, outward, both switches."""
    update = store.customer_update(customer_id).require(*paying_rules(session_id, device_id))
    return update.require(*outward_rules()) if outward else update


def absent_payer_update(customer_id: str, *, outward: bool) -> ItemUpdate:
    """The same where nobody is logged in: a payment that was confirmed before (XJ-4.4-switch holds for it too)."""
    update = store.customer_update(customer_id).require(*standing_rules())
    return update.require(*outward_rules()) if outward else update


def give_back_updates(
    customer_id: str, business_date: str, amount_fen: int, proof: limits.Proof
) -> tuple[ItemUpdate, ...]:
    """The customer's record gives back what an outward payment of that date took, as a part of another write.

    `proof` is what the payment was confirmed by, which says from which counters it took. Empty when the
    record has no bucket of that date any more. Reads the record.
    """
    customer = customer_of(customer_id)
    if customer is None:
        return ()
    update = store.customer_update(customer_id)
    limits.give_back_customer(update, customer.image, business_date, amount_fen, proof)
    return (update,) if update.sets else ()


def phone_updates(
    customer_id: str, old: str, new: str, code_asked_at: dt.datetime, now: dt.datetime
) -> list[ItemUpdate]:
    """Profile, record and holdings of a customer whose reserved phone changes, as parts of one write.

    The record voids every code that was asked for until now, in the very write that the code would confirm.
    Raised when it runs: PhoneChanged, when another change was quicker.
    """
    profile = store.profile_update(customer_id).require(same_phone_rule(old))
    profile.set("#phone = :new_phone, #phone_at = :changed_at", new_phone=s(new), changed_at=n(epoch_ms(now)))
    record = store.customer_update(customer_id).require(phone_rule(code_asked_at))
    # Accounts that the old number is reserved for follow: else it would still prove who signs them up.
    followers = [
        store.holding_update(customer_id, account_id).set("#reserved_phone = :new_phone", new_phone=s(new))
        for account_id, reserved in holdings_of(customer_id).items()
        if reserved == old
    ]
    return [profile, void_codes(record, now), *followers]


def void_codes(record: ItemUpdate, now: dt.datetime) -> ItemUpdate:
    """Make an update of a customer's record void every code by SMS that was asked for until now (`phone_rule`)."""
    return record.set("#phone_at = :changed_at", changed_at=n(epoch_ms(now)))


def add_customer(
    customer_id: str,
    *,
    limit_outward_fen: int,
    limit_nocert_fen: int,
    limit_nofactor_fen: int,
    factors: Mapping[str, str],
) -> bool:
    """Write a new professional customer's record; False when there is one.

    `factors` maps the id of each active transaction factor to its method; a payment's write looks there.
    """
    record = _record(
        customer_id, domain.ACTIVE, domain.PROFESSIONAL, limit_outward_fen, limit_nocert_fen, limit_nofactor_fen
    )
    return store.put_customer({**record, "factors": dict(factors)})


def add_person(profile: Profile, limit_nocert_fen: int, limit_nofactor_fen: int) -> None:
    """Write who a new customer is, without online banking. Raises DocumentTaken: one person is one customer."""
    document = profile.document
    writes: list[ItemPut | ItemUpdate] = [
        store.profile_put(
            {
                "customer_id": profile.customer_id,
                "name": profile.name,
                "phone": profile.phone,
                "branch_id": profile.branch_id,
                "push_address": profile.push_address,
                "document_kind": document.kind if document else None,
                "document_number": document.number if document else None,
                "birth_date": profile.birth_date,
            }
        ),
        store.customer_put(
            _record(profile.customer_id, domain.OFFLINE, domain.NO_EDITION, 0, limit_nocert_fen, limit_nofactor_fen)
        ),
    ]
    if document:
        writes.append(store.identity_put(document_hash(document), profile.customer_id))
    if not transactions.commit(writes):
        raise DocumentTaken()


def _record(
    customer_id: str, state: str, edition: str, limit_outward_fen: int, limit_nocert_fen: int, limit_nofactor_fen: int
) -> Mapping[str, Any]:
    return {
        "customer_id": customer_id,
        "state": state,
        "edition": edition,
        "transfers_on": True,
        "revoked": {},
        "devices": {},
        "factors": {},
        "limit_outward": limit_outward_fen,
        "limit_nocert": limit_nocert_fen,
        "limit_nofactor": limit_nofactor_fen,
    }


def add_holding(customer_id: str, account_id: str, reserved_phone: str) -> None:
    """Note that the customer holds an account. Raises TooManyAccounts."""
    room = domain.count_more(store.profile_update(customer_id), "holdings", store.MAX_HOLDINGS)
    if not transactions.commit([room, store.holding_put(customer_id, account_id, reserved_phone)]):
        raise TooManyAccounts(most=str(store.MAX_HOLDINGS))
