"""Open accounts, read them, and post entries: the only door through which money moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.ledger import deferred_store, domain, store
from chalicelib.ledger.deferred_store import DeferredLine
from chalicelib.ledger.domain import (
    CENTRAL_BANK_ACCOUNT,
    CLEARING_ACCOUNT,
    CREDIT_DEFERRED,
    CREDIT_IMMEDIATE,
    FEE_INCOME_ACCOUNT,
    MAX_LEGS,
    NO_ENTRY,
    OPEN,
    REMEMBERED_ENTRIES,
    RIGHT_FULL,
    RIGHT_HELD,
    RIGHT_QUERY,
    Account,
    Entry,
    EntryUnbalanced,
    Leg,
    PostingFacts,
    cash_account,
    cash_branch,
    court_account,
    entry_from_image,
    is_deferred,
    is_house,
    over_short_account,
    postings_of,
)
from chalicelib.ledger.errors import IdempotencyKeyReused, PayeeUnavailable
from chalicelib.ledger.posting import POSTED, Draft, Posted, post
from chalicelib.limits.service import AccountLimits
from chalicelib.platform import updates
from chalicelib.platform.dynamo import Image, ItemUpdate
from chalicelib.platform.queues import Message

__all__ = [
    "CENTRAL_BANK_ACCOUNT",
    "CLEARING_ACCOUNT",
    "CREDIT_DEFERRED",
    "CREDIT_IMMEDIATE",
    "FEE_INCOME_ACCOUNT",
    "MAX_DEFERRED_READ",
    "MAX_LEGS",
    "NO_ENTRY",
    "OPEN",
    "POSTED",
    "REMEMBERED_ENTRIES",
    "RIGHT_FULL",
    "RIGHT_HELD",
    "RIGHT_QUERY",
    "Account",
    "DeferredLine",
    "Draft",
    "Entry",
    "EntryUnbalanced",
    "IdempotencyKeyReused",
    "Leg",
    "NewAccount",
    "PayeeUnavailable",
    "Posted",
    "PostingFacts",
    "account_pages",
    "account_update",
    "account_updates",
    "can_receive",
    "cash_account",
    "cash_branch",
    "claim",
    "court_account",
    "deferred_lines_at",
    "deferred_lines_from",
    "deferred_message",
    "entries_dated",
    "entries_posted",
    "entry_from_image",
    "has_deferred_legs",
    "is_deferred",
    "is_house",
    "is_payee",
    "journal_put",
    "journal_update",
    "open_account",
    "over_short_account",
    "post",
    "posted_between",
    "postings_of",
    "read",
    "read_accounts",
    "read_entries",
    "read_entry",
    "record_instruction",
    "remembered_entries",
    "require_payer",
]


account_pages = store.account_pages
deferred_lines_at = deferred_store.read
MAX_DEFERRED_READ = deferred_store.MAX_READ
deferred_lines_from = deferred_store.lines_from
journal_put = store.journal_put
entries_dated = store.scan_dated
posted_between = store.scan_posted
journal_update = store.journal_update


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What opening an account takes; `opened_on` is a business date."""

    account_id: str
    customer_id: str
    branch_id: str
    holder: str
    kind: str
    right: str
    opened_on: str
    limits: AccountLimits
    credit: str = CREDIT_IMMEDIATE


def open_account(account: NewAccount) -> None:
    """Open an account with no money in it; a repeat is harmless. Raises ValueError when the number is taken.

    With `credit` deferred (merchant, payroll) what others pay arrives from the stream, in batches, so that
    any number can pay at once without meeting at its item.
    """
    item = {
        "account_id": account.account_id,
        "customer_id": account.customer_id,
        "branch_id": account.branch_id,
        "holder": account.holder,
        "kind": account.kind,
        "currency": "CNY",
        "state": OPEN,
        "right": account.right,
        "opened_on": account.opened_on,
        "available_fen": 0,
        "held_fen": 0,
        "seq": 0,
        "business_date": account.opened_on,
        # Only where it is so: an item that every payment rewrites stays small.
        **({"credit": account.credit} if account.credit != CREDIT_IMMEDIATE else {}),
        "limit_single": account.limits.single_fen,
        "limit_day": account.limits.day_fen,
        "limit_count": account.limits.day_count,
        "limit_month": account.limits.month_fen,
        "limit_year": account.limits.year_fen,
        **{f"e{i}": domain.NO_ENTRY for i in range(domain.REMEMBERED_ENTRIES)},
    }
    # A put that was not answered is sent again, and may find its own.
    if updates.put(store.account_put(item)) not in (None, item):
        raise ValueError("this account number is taken")


def read(entry_id: str, account_ids: Sequence[str]) -> tuple[Image | None, dict[str, Account]]:
    """An instruction and accounts, as they are now, in one round trip."""
    entries, accounts = store.read([entry_id], account_ids)
    return entries.get(entry_id), {id_: Account.from_image(image) for id_, image in accounts.items()}


def read_accounts(account_ids: Sequence[str]) -> dict[str, Account]:
    """Accounts by id; absent ones are left out."""
    if not account_ids:
        return {}
    _, accounts = store.read([], account_ids)
    return {id_: Account.from_image(image) for id_, image in accounts.items()}


def read_entry(entry_id: str) -> Image | None:
    """A journal item as it is now, or None."""
    entries, _ = store.read([entry_id], [])
    return entries.get(entry_id)


def read_entries(entry_ids: Sequence[str]) -> dict[str, Image]:
    """Journal items by id; absent ones are left out."""
    if not entry_ids:
        return {}
    entries, _ = store.read(entry_ids, [])
    return entries


def entries_posted(account_id: str, since: str, until: str, most_pages: int) -> Iterator[Image]:
    """Posted entries with a leg on the account, from `since` to `until` (times as text), in no order.

    Reads the whole journal, which has no index: for repairs only. Raises TooManyPages after `most_pages`.
    """
    for image in store.scan_posted(since, until, most_pages):
        if any(leg["a"] == account_id for leg in image["postings"]):
            yield image


def record_instruction(item: Mapping[str, Any]) -> Image | None:
    """Write an instruction that awaits confirmation; returns the one already under this key, if any.

    That may be this very one, met again after silence. Raises TryAgain (nothing was done), OutcomeUnknown.
    """
    return updates.put(store.journal_put(item))


def claim(update: ItemUpdate) -> Image:
    """Run one conditional update of an instruction: the new item.

    Contention is waited for inside updates.ITEM_TIME_BUDGET_S. Silence is not: what the update counts (a try) may have
    been counted, by the client's own repeat even twice, and the caller who sends again is counted again. Raises what
    the update's rules refuse, TryAgain (nothing was done), OutcomeUnknown.
    """
    return updates.insist(update)


def can_receive(account: Account) -> bool:
    """Whether a customer may pay into the account: the rule the write carries, for a payee it leaves out."""
    return not is_house(account.account_id) and domain.credit_rule().holds(account.image)


def is_payee(account: Account | None, name: str) -> bool:
    """Whether money can be paid into the account under this very name: no is one answer, whatever is wrong."""
    return account is not None and account.holder == name and can_receive(account)


def remembered_entries(account: Account) -> list[str]:
    """The account's last entries, newest first, eight at most."""
    remembered = [account.image[f"e{i}"] for i in range(domain.REMEMBERED_ENTRIES)]
    return [entry_id for entry_id in remembered if entry_id != domain.NO_ENTRY]


def has_deferred_legs(image: Image) -> bool:
    """Whether a posted journal item has legs that are still to be brought to their accounts."""
    return any(is_deferred(leg) for leg in entry_from_image(image).legs)


def deferred_message(entry_id: str, correlation_id: str) -> Message:
    """Tells the worker of deferred legs that an entry has some; telling it again does no harm."""
    return Message(f"{entry_id}#deferred", "entry.posted_deferred", entry_id, correlation_id, {})


def account_updates(entry: Entry, facts: PostingFacts, payer_id: str | None) -> dict[str, ItemUpdate]:
    """The update of each account of `entry` that the write posts itself; deferred legs come from the stream.

    The payer's must still be given its own rules (owner, right, limits). Raises EntryUnbalanced for an
    entry whose legs are all deferred: nothing would show that they are due until they are posted.
    """
    updates: dict[str, ItemUpdate] = {}
    if not entry.customer_accounts():
        raise EntryUnbalanced("no leg is posted with the entry")
    for account_id in entry.customer_accounts():
        update = store.account_update(account_id, payee=account_id != payer_id)
        if account_id != payer_id:
            update.require(domain.credit_rule())
        domain.post_legs(update, entry, account_id, facts)
        updates[account_id] = update
    return updates


def account_update(account_id: str, *, payee: bool) -> ItemUpdate:
    """A conditional update of one account, to be given its rules."""
    return store.account_update(account_id, payee=payee)


def require_payer(update: ItemUpdate, customer_id: str, debit_fen: int) -> None:
    """Put on the payer's update that it is this customer's, may pay, is open and covers `debit_fen`."""
    update.require(*domain.debit_rules(customer_id, debit_fen))
