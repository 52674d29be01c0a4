"""Change limits in the middle of a day: one conditional update an item, exact in both directions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random

from chalicelib.accounts import service as accounts
from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.limits import domain
from chalicelib.limits.errors import StrongFactorRequired
from chalicelib.platform import clock, log, updates
from chalicelib.platform.dynamo import Image, ItemUpdate
from chalicelib.platform.errors import NotFound, OutcomeUnknown, TryAgain
from chalicelib.platform.money import MAX_FEN

# The customer waits at most this long for a change that meets transfers.
CHANGE_TIME_BUDGET_S = 8
_LONGEST_PAUSE = dt.timedelta(milliseconds=100)

_Changes = Mapping[str, tuple[int, int]]


class _Overtaken(Exception):
    """The item is no longer as it was read: nothing was done, read it again."""


def change_account_limits(customer_id: str, account_id: str, wanted: Mapping[str, int], *, may_raise: bool) -> Image:
    """Set limits of a customer's own account at once; the account as it is then.

    `wanted` maps domain.ACCOUNT_LIMITS to fen (`limit_count`: transfers); what it does not name stays, and so
    does what was used (XJ-5.3-limit). `may_raise` is for callers that have checked a strong factor, or staff.

    Raises NotFound (also for another customer's account), StrongFactorRequired, TryAgain (nothing was done),
    OutcomeUnknown (the same change may be sent again: it is absolute).
    """
    _check(wanted, domain.ACCOUNT_LIMITS)
    return _change(
        lambda: accounts.account_of(customer_id, account_id).image,
        lambda: ledger.account_update(account_id, payee=False),
        wanted,
        may_raise,
        customer_id,
    )


def change_customer_limits(customer_id: str, wanted: Mapping[str, int], *, may_raise: bool) -> Image:
    """The same for the limits over all of a customer's accounts (domain.CUSTOMER_LIMITS), in fen."""
    _check(wanted, domain.CUSTOMER_LIMITS)

    def read() -> Image:
        customer = customers.customer_of(customer_id)
        if customer is None:
            raise NotFound()
        return customer.image

    return _change(read, lambda: customers.customer_update(customer_id), wanted, may_raise, customer_id)


def _check(wanted: Mapping[str, int], known: tuple[str, ...]) -> None:
    if not wanted.keys() <= set(known):
        raise ValueError(f"no such limits: {sorted(wanted.keys() - set(known))}")
    if not all(0 <= value <= MAX_FEN for value in wanted.values()):
        raise ValueError("a limit is below zero or too large")


def _change(
    read: Callable[[], Image],
    update: Callable[[], ItemUpdate],
    wanted: Mapping[str, int],
    may_raise: bool,
    customer_id: str,
) -> Image:
    """Read, plan, write under the condition that the plan still fits; again if not, inside the time budget."""
    give_up_at = clock.monotonic() + CHANGE_TIME_BUDGET_S
    unanswered: _Changes = {}

    def is_over(_: RetryCallState) -> bool:
        return clock.monotonic() >= give_up_at

    try:
        for attempt in Retrying(
            stop=is_over,
            wait=wait_random(max=_LONGEST_PAUSE),
            retry=retry_if_exception_type((_Overtaken, updates.UpdateContended, updates.UpdateInDoubt)),
            sleep=clock.sleep,
            reraise=True,
        ):
            with attempt:
                image = read()
                changes = domain.changed_limits(image, wanted)
                if not may_raise and any(new > old for old, new in changes.values()):
                    raise StrongFactorRequired()
                try:
                    changed = _write(update(), image, changes)
                except updates.UpdateInDoubt:
                    unanswered = changes
                    raise
                # Nothing left to change may mean that an update which was never answered had been done.
                _tell(changes or unanswered, customer_id)
                return changed
    except (_Overtaken, updates.UpdateContended, updates.UpdateInDoubt):
        raise (OutcomeUnknown if unanswered else TryAgain)() from None
    raise AssertionError("the retry loop ended without a result")


def _write(update: ItemUpdate, image: Image, changes: _Changes) -> Image:
    """The item after the changes; raises _Overtaken when it is no longer as in `image`, or what the engine says."""
    if not changes:
        return image
    done, changed = updates.run(domain.move_limits(update, image, changes, clock.business_date(clock.now())))
    if not done or changed is None:
        raise _Overtaken
    return changed


def _tell(changes: _Changes, customer_id: str) -> None:
    """One line for the audit: who, which limits, which way; amounts stay out of logs."""
    if not changes:
        return
    log.logger.info(
        "limits changed",
        extra={
            "customer_id": customer_id,
            "lowered": sorted(name for name, (old, new) in changes.items() if new < old),
            "raised": sorted(name for name, (old, new) in changes.items() if new > old),
        },
    )
