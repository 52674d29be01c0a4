"""Keep the payee book, and look a payee up before a transfer (YQ-4.2.2-xfer).

A name of this bank is verified when it is saved. That spares a wrong entry and promises nothing: each transfer checks
account and name again, in the same words.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from chalicelib.audit import service as audit
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.payees import domain, store
from chalicelib.payees.domain import THIS_BANK, Payee, Wanted
from chalicelib.payees.errors import PayeeIsOwn, PayeeKnown, PayeeLookupsExhausted
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemPut, n, s
from chalicelib.platform.errors import NotFound, TryAgain
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.transfers import service as transfers

__all__ = [
    "THIS_BANK",
    "Added",
    "Payee",
    "Wanted",
    "add",
    "add_of_transfer",
    "change",
    "groups",
    "look_up",
    "note_used",
    "page",
    "payee_of",
    "remove",
]

# What cannot be an id is not looked up.
_ID = re.compile(r"[a-z2-7]{26}")
# A day's count of look-ups is of no use after the day.
_COUNT_KEPT = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Added:
    """The payee as it stands in the book, and whether it was there before."""

    payee: Payee
    hit: bool


def look_up(caller: Caller, account_id: str, name: str, now: dt.datetime) -> bool:
    """Whether an account of this bank can be paid under this very name.

    No is one answer for an account that does not exist, is closed, or is somebody else's, after the same reads; each
    try counts, before it is looked at. Raises PayeeLookupsExhausted.
    """
    return ledger.is_payee(_looked_up(caller, account_id, now), name)


def _looked_up(caller: Caller, account_id: str, now: dt.datetime) -> ledger.Account | None:
    most = parameters.value(parameters.PAYEE_LOOKUPS_DAY, now)
    expires_at = int((now + _COUNT_KEPT).timestamp())
    if not store.count_lookup(caller.customer_id, clock.business_date(now), most, expires_at):
        raise PayeeLookupsExhausted()
    return ledger.read_accounts([account_id]).get(account_id)


def add(caller: Caller, wanted: Wanted, now: dt.datetime) -> Added:
    """Put a payee into the caller's book; the same account and name again answers the one that is there.

    Raises PayeeUnavailable where account and name do not match, PayeeIsOwn, PayeeKnown, PayeeBookFull,
    PayeeLookupsExhausted; TryAgain, OutcomeUnknown.
    """
    customer_id, at = caller.customer_id, clock.to_text(now)
    payee_id = store.id_of(customer_id, wanted.bank_code, wanted.account)
    before = store.read(customer_id, payee_id)
    if before is not None:
        return _there(before, wanted)
    verified_at = None
    if wanted.bank_code == THIS_BANK:
        _verify(caller, wanted, now)
        verified_at = at
    payee = Payee(
        customer_id=customer_id,
        payee_id=payee_id,
        bank_code=wanted.bank_code,
        account=wanted.account,
        name=wanted.name,
        alias=wanted.alias,
        group=wanted.group,
        added_at=at,
        verified_at=verified_at,
    )
    if store.read(customer_id, store.BOOK) is None:
        updates.put(store.book_put(customer_id))
    book = store.update_of(customer_id, store.BOOK)
    book.require(domain.room_rule(parameters.value(parameters.PAYEES_MAX, now)))
    put = store.put_of(payee)
    put.taken = PayeeKnown
    try:
        updates.together(
            [
                put,
                book.set("#payees = #payees + :one", one=n(1)),
                _event(caller, audit.PAYEE_ADDED, payee, now),
            ]
        )
    except PayeeKnown:
        met = store.read(customer_id, payee_id)
        if met is None:
            raise TryAgain() from None  # added and removed by others meanwhile
        return _there(met, wanted)
    return Added(payee, hit=False)


def add_of_transfer(caller: Caller, transfer_id: str, alias: str, group: str, now: dt.datetime) -> Added:
    """The same for whom the caller has paid: what was typed for the transfer is not typed again.

    Raises NotFound for a transfer that is not the caller's own, or was not posted; and what `add` raises.
    """
    image = transfers.transfer_of(caller.customer_id, transfer_id)
    if image["state"] != ledger.POSTED:
        raise NotFound()
    return add(caller, Wanted(THIS_BANK, image["payee_account"], image["payee_name"], alias, group), now)


def _there(image: Image, wanted: Wanted) -> Added:
    payee = Payee.from_image(image)
    if payee.name != wanted.name:
        raise PayeeKnown()
    return Added(payee, hit=True)


def _verify(caller: Caller, wanted: Wanted, now: dt.datetime) -> None:
    account = _looked_up(caller, wanted.account, now)
    if account is not None and account.customer_id == caller.customer_id:
        raise PayeeIsOwn()
    if not ledger.is_payee(account, wanted.name):
        raise ledger.PayeeUnavailable()


def page(
    customer_id: str, *, words: str | None, group: str | None, limit: int, after: str | None
) -> tuple[list[Payee], str | None]:
    """A page of the book, or of what a search finds in it, and the place to go on after, None at the end.

    A book is small by its own maximum, so it is read whole and sorted as it is called now: a row that was renamed, or
    came or went between two pages, is at its new place and repeats or hides no other.
    """
    found = [
        payee for payee in domain.found(store.all_of(customer_id), words, group) if after is None or payee.place > after
    ]
    rows = found[:limit]
    return rows, rows[-1].place if len(found) > limit else None


def groups(customer_id: str) -> list[tuple[str, int]]:
    """The groups of a book with the number of payees in each."""
    return domain.groups_of(store.all_of(customer_id))


def payee_of(customer_id: str, payee_id: str) -> Payee:
    """One payee of the customer's own book; raises NotFound, also for another's."""
    image = store.read(customer_id, payee_id) if _ID.fullmatch(payee_id) else None
    if image is None:
        raise NotFound()
    return Payee.from_image(image)


def change(caller: Caller, payee_id: str, *, alias: str | None, group: str | None, now: dt.datetime) -> Payee:
    """Another alias or group, empty for none; what is None stays. A group that is new begins with this.

    Raises NotFound, also for another's; TryAgain, OutcomeUnknown.
    """
    before = payee_of(caller.customer_id, payee_id)
    after = replace(
        before, alias=before.alias if alias is None else alias, group=before.group if group is None else group
    )
    if after != before:
        update = store.update_of(caller.customer_id, payee_id)
        update.set("#alias = :alias, #group = :group", alias=s(after.alias), group=s(after.group))
        updates.together([update, _event(caller, audit.PAYEE_CHANGED, before, now)])
    return after


def remove(caller: Caller, payee_id: str, now: dt.datetime) -> None:
    """Take a payee off the book, once. Raises NotFound, also for another's; TryAgain, OutcomeUnknown."""
    payee = payee_of(caller.customer_id, payee_id)
    book = store.update_of(caller.customer_id, store.BOOK)
    updates.together(
        [
            store.delete_of(caller.customer_id, payee_id),
            book.set("#payees = #payees - :one", one=n(1)),
            _event(caller, audit.PAYEE_REMOVED, payee, now),
        ]
    )


def note_used(image: Image) -> None:
    """Note on the payer's book when a posted transfer used a payee; nothing where it is not in the book.

    Told twice or late it does no harm. `image` is the posted journal item.
    """
    customer_id, posted_at = image["customer_id"], image["posted_at"]
    update = store.update_of(
        customer_id, store.id_of(customer_id, image.get("payee_bank", THIS_BANK), image["payee_account"])
    )
    update.require(domain.later_use_rule(posted_at))
    updates.run(update.set("#last_used_at = :used_at", used_at=s(posted_at)))


def _event(caller: Caller, kind: audit.Kind, payee: Payee, now: dt.datetime) -> ItemPut:
    """The row of the owner's own log."""
    return audit.event(
        caller.customer_id,
        kind,
        now,
        session_id=caller.session_id,
        device_id=caller.device_id,
        account=mask_account(payee.account),
        name=mask_name(payee.name),
    )
