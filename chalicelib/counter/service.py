"""Tills and vouchers as the counter's use cases and other contexts see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random

from chalicelib.counter import court_store, store
from chalicelib.counter.court import LIVE, Document, Order
from chalicelib.counter.domain import CLOSED, People, Plan, Till
from chalicelib.counter.vouchers import (
    FACTOR_FOUND,
    LIMITS_CHANGED,
    LOGIN_UNLOCKED,
    Number,
    Voucher,
    VoucherDraft,
    VoucherKind,
)
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound, TryAgain
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled

__all__ = [
    "FACTOR_FOUND",
    "LIMITS_CHANGED",
    "LOGIN_UNLOCKED",
    "Document",
    "Order",
    "People",
    "Plan",
    "Till",
    "Voucher",
    "VoucherKind",
    "branch_of_teller",
    "found_once",
    "live_orders",
    "slip",
    "till_of",
    "unclosed_tills",
    "vault_fen",
    "voucher_of",
    "write_numbered",
    "write_once",
]

# A teller waits at most this long for a number that others of the branch take, too.
TIME_BUDGET_S = 8
_LONGEST_PAUSE = dt.timedelta(milliseconds=100)

Numbered = Callable[[Number, dt.datetime], Sequence[ItemPut | ItemUpdate]]

vault_fen = store.vault_fen


def branch_of_teller(teller_id: str) -> str:
    """The branch whose counter this teller is at; raises StaffNotEntitled for whoever is none."""
    branch_id = staff.teller_named(teller_id)
    if branch_id is None:
        raise StaffNotEntitled()
    return branch_id


def live_orders(account_id: str) -> list[Order]:
    """The orders of courts that are in force on an account or wait their turn, in the order in which they came."""
    return [order for order in court_store.orders_of(account_id) if order.state in LIVE]


def till_of(business_date: str, teller_id: str) -> Till:
    """A teller's till of a business date; raises NotFound."""
    till = store.till(business_date, teller_id)
    if till is None:
        raise NotFound()
    return till


def unclosed_tills(business_date: str) -> list[Till]:
    """Tills of a business date that nobody has handed back: while there is one, the date does not close."""
    return [till for till in store.tills_of(business_date) if till.state != CLOSED]


def voucher_of(number: str) -> Voucher:
    """A voucher by its number; raises NotFound."""
    parsed = Number.parse(number)
    voucher = store.voucher(parsed) if parsed else None
    if voucher is None:
        raise NotFound()
    return voucher


def slip(
    branch_id: str,
    kind: VoucherKind,
    facts: Mapping[str, str],
    by: People,
    *,
    customer_id: str | None = None,
    amount_fen: int | None = None,
    entry_id: str | None = None,
) -> ItemPut:
    """The voucher of what two people do, under the branch's next number, as a part of their write."""
    number = store.next_number(branch_id, clock.business_date(by.now))
    draft = VoucherDraft(
        kind,
        by.maker_id,
        clock.to_text(by.now),
        facts,
        amount_fen=amount_fen,
        checker_id=by.checker_id,
        entry_id=entry_id,
        customer_id=customer_id,
    )
    return store.voucher_put(number, draft)


def write_numbered(branch_id: str, plan: Numbered) -> Number:
    """Write what `plan` makes for the next voucher number of the branch, in one transaction; the number.

    Planned anew while others take numbers, or while what was read has changed, for TIME_BUDGET_S. Raises what the
    plan and its rules refuse, TryAgain (nothing was done), OutcomeUnknown.
    """
    give_up_at = clock.monotonic() + TIME_BUDGET_S

    def is_over(_: RetryCallState) -> bool:
        return clock.monotonic() >= give_up_at

    try:
        for attempt in Retrying(
            stop=is_over,
            wait=wait_random(max=_LONGEST_PAUSE),
            retry=retry_if_exception_type(updates.Overtaken),
            sleep=clock.sleep,
            reraise=True,
        ):
            with attempt:
                now = clock.now()
                number = store.next_number(branch_id, clock.business_date(now))
                updates.run_together(plan(number, now))
                return number
    except updates.Overtaken:
        raise TryAgain() from None
    raise AssertionError("the retry loop ended without a result")


def found_once(branch_id: str, reference: str, request: str) -> str | None:
    """The voucher of what was done under a reference before; raises IdempotencyKeyReused where that was another."""
    number = store.number_of(branch_id, reference)
    if number is not None and voucher_of(number).request != request:
        raise ledger.IdempotencyKeyReused()
    return number


def write_once(branch_id: str, reference: str, draft: VoucherDraft) -> str:
    """Put the voucher of what was done already, once a branch and reference; its number.

    For operations that are several writes, or another context's: when the voucher is lost with a crash, the repeat
    that finds the operation done puts it. Raises IdempotencyKeyReused for another request under the reference.
    """

    def known() -> str | None:
        return found_once(branch_id, reference, draft.request)

    found = known()
    if found is not None:
        return found

    class _Written(Exception):
        """Another was faster with this very reference."""

    def plan(number: Number, _: dt.datetime) -> Sequence[ItemPut | ItemUpdate]:
        if known() is not None:
            raise _Written
        return [store.voucher_put(number, draft), store.reference_put(branch_id, reference, number)]

    try:
        return str(write_numbered(branch_id, plan))
    except _Written:
        return str(known())
