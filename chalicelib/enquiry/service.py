"""Find a customer, an account, an entry, a receipt, within the scope of who asks.

The edge records each look before it is taken; where only the answer tells whose data it shows, that is recorded here,
before it is given. What is out of scope looks as if it were not there.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.accounts import service as accounts
from chalicelib.audit import service as audit
from chalicelib.counter import service as counter
from chalicelib.customers import service as customers
from chalicelib.devices import service as devices
from chalicelib.factors import service as factors
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.limits.commands.read_limits import Limits, read_limits
from chalicelib.platform import clock, ids
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import NotFound
from chalicelib.receipts import service as receipts
from chalicelib.reports import service as reports
from chalicelib.staff import service as staff
from chalicelib.transfers import service as transfers

_CUSTOMER_ID = re.compile(r"[a-z2-7]{20}")
_ACCOUNT_ID = re.compile(r"[0-9]{10,19}")
# Of an account: what a person looks through. The rest is the court's enquiry and the statement.
RECENT_LINES = 20
BY_ID, BY_LOGIN_NAME, BY_ACCOUNT = "customer_id", "login_name", "account"


@dataclass(frozen=True, slots=True)
class Found:
    """Who was sought; `account` is the reference of the account that they were found by."""

    customer_id: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """An account a customer holds, its reference, and the right of its contract; None where it is not signed up."""

    account: ledger.Account
    reference: str
    right: str | None


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """All that is shown of a customer."""

    customer: customers.Customer
    profile: customers.Profile
    accounts: list[HeldAccount]
    factors: list[factors.FactorItem]
    devices: list[devices.Device]
    sessions: list[identity.Session]
    limits: Limits


@dataclass(frozen=True, slots=True)
class AccountFile:
    """All that is shown of an account: its newest lines first."""

    held: HeldAccount
    orders: list[counter.Order]
    lines: list[accounts.Line]


@dataclass(frozen=True, slots=True)
class EntryFile:
    """The whole life of a journal item."""

    image: Image
    receipt: receipts.ReceiptItem | None


def reference_of(customer_id: str, account_id: str) -> str:
    """By what an account is named in addresses and logs, where its number does not belong."""
    return ids.derived_id("account of a customer", customer_id, account_id)


def find_customer(actor: StaffCaller, by: str, value: str, now: dt.datetime) -> Found:
    """The customer with that id, identity document (`by` is its kind), log-in name or account; raises NotFound.

    An account is found within its own branch's scope too. Who was found is on record before it is told.
    """
    account = _account(value) if by == BY_ACCOUNT else None
    customer_id = account.customer_id if account is not None else _customer_id(by, value)
    if customer_id is None:
        raise NotFound()
    if account is None or not reports.is_in_scope(actor, account.branch_id):
        _profile(actor, customer_id)
    reference = reference_of(customer_id, account.account_id) if account is not None else None
    audit.record_staff_action(actor, staff.CUSTOMERS_READ, now, on=customer_id, by=by)
    return Found(customer_id, reference)


def _customer_id(by: str, value: str) -> str | None:
    """Whose this is, where it is no account; what cannot be one is not looked up."""
    if by == BY_ACCOUNT:
        return None
    if by == BY_ID:
        return value
    if by == BY_LOGIN_NAME:
        return identity.customer_named(value) if customers.is_login_name(value) else None
    return customers.customer_with(customers.IdentityDocument.of(by, value))


def _account(text: str) -> ledger.Account | None:
    return ledger.read_accounts([text]).get(text) if _ACCOUNT_ID.fullmatch(text) else None


def _profile(actor: StaffCaller, customer_id: str) -> customers.Profile:
    """The profile of a customer in scope; raises NotFound."""
    profile = customers.find_profile(customer_id) if _CUSTOMER_ID.fullmatch(customer_id) else None
    if profile is None:
        raise NotFound()
    staff.require_scope(actor, profile.branch_id)
    return profile


def customer_file(actor: StaffCaller, customer_id: str, now: dt.datetime) -> CustomerFile:
    """A customer of the actor's own organisation or one below it; raises NotFound."""
    profile = _profile(actor, customer_id)
    customer = customers.customer_of(customer_id)
    if customer is None:
        raise NotFound()
    return CustomerFile(
        customer=customer,
        profile=profile,
        accounts=_held(customer_id),
        factors=factors.factors_of(customer_id),
        devices=devices.bound_devices(customer),
        sessions=identity.live_sessions(customer_id, now),
        limits=read_limits(customer_id, now),
    )


def _held(customer_id: str) -> list[HeldAccount]:
    contracts = customers.contracts_of(customer_id)
    found = ledger.read_accounts(list(customers.holdings_of(customer_id) | contracts))
    return [HeldAccount(found[id_], reference_of(customer_id, id_), contracts.get(id_)) for id_ in sorted(found)]


def account_file(actor: StaffCaller, customer_id: str, reference: str) -> AccountFile:
    """An account, named by its reference, whose branch is the actor's own or below it; raises NotFound."""
    known = _held(customer_id) if _CUSTOMER_ID.fullmatch(customer_id) else []
    held = next((one for one in known if one.reference == reference), None)
    if held is None:
        raise NotFound()
    staff.require_scope(actor, held.account.branch_id)
    account_id = held.account.account_id
    lines, _ = accounts.line_page(account_id, "00000000", "99999999", RECENT_LINES, None)
    return AccountFile(held, counter.live_orders(account_id), lines)


def entry_file(actor: StaffCaller, entry_id: str, now: dt.datetime) -> EntryFile:
    """A journal item that begins, ends or was paid in cash in the actor's scope; raises NotFound."""
    image = ledger.read_entry(transfers.entry_id_from(entry_id))
    if image is None:
        raise NotFound()
    _require_party(actor, image, now)
    return EntryFile(image, receipts.issued(image["entry_id"]))


def receipt_file(actor: StaffCaller, number: str, now: dt.datetime) -> EntryFile:
    """The entry whose receipt has that number; raises NotFound."""
    receipt = receipts.receipt_numbered(number)
    if receipt is None:
        raise NotFound()
    image = ledger.read_entry(receipt.entry_id)
    if image is None:
        raise NotFound()
    _require_party(actor, image, now)
    return EntryFile(image, receipt)


def _require_party(actor: StaffCaller, image: Image, now: dt.datetime) -> None:
    """Raise NotFound unless a party of the entry is in scope; whose data it is is on record before it is shown."""
    parties = ledger.read_accounts(reports.customer_accounts_in(image))
    branches = {account.branch_id for account in parties.values()}
    cash_branch = reports.cash_branch_in(image)
    if not _any_in_scope(actor, branches | ({cash_branch} if cash_branch else set())):
        raise NotFound()
    on = ",".join(sorted({account.customer_id for account in parties.values()}))
    audit.record_staff_action(actor, staff.CUSTOMERS_READ, now, on=on, by="entry", entry=image["entry_id"])


def _any_in_scope(actor: StaffCaller, branches: Iterable[str]) -> bool:
    return any(reports.is_in_scope(actor, branch_id) for branch_id in branches)


def is_unaltered(image: Image) -> bool:
    """Whether what an instruction says is what its digest was made of; true of an entry that has none."""
    if image["kind"] != "transfer":
        return True
    return bool(transfers.digest_of(image) == image["digest"])


def evidence_of(image: Image) -> str | None:
    """What stays with an entry of who confirmed it: a certificate's signature, or the seal of a code."""
    if "proof" not in image or image["kind"] != "transfer":
        return None
    return "signature" if image["factor"] == factors.CERTIFICATE else "seal"


def state_at(image: Image, now: dt.datetime) -> str:
    """The state as a reader sees it, with that an entry was reversed."""
    if "reversed_by" in image:
        return "reversed"
    return transfers.state_at(image, clock.to_text(now))
