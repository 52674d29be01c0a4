"""Change limits in the middle of a day: one conditional update an item, exact in both directions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random

from chalicelib.accounts import service as accounts
from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.ledger import service as ledger
from chalicelib.limits import domain
from chalicelib.limits import service as limits
from chalicelib.limits.domain import text_of
from chalicelib.platform import clock, log, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound, TryAgain
from chalicelib.platform.masking import mask_account
from chalicelib.platform.money import MAX_FEN
from chalicelib.stepup import service as stepup
from chalicelib.stepup.errors import StepUpRequired, StrongFactorRequired

# The customer waits at most this long for a change that meets transfers.
CHANGE_TIME_BUDGET_S = 8
_LONGEST_PAUSE = dt.timedelta(milliseconds=100)

_Changes = Mapping[str, tuple[int, int]]
# Limit -> its fact in a step-up, which is its name in the API.
_FACTS = {
    "limit_single": "single",
    "limit_day": "day",
    "limit_month": "month",
    "limit_year": "year",
    "limit_count": "count",
    "limit_outward": "day_outward",
    "limit_nocert": "day_without_certificate",
    "limit_nofactor": "day_without_factor",
    "limit_small": "single_without_factor",
}


@dataclass(frozen=True, slots=True)
class _Permit:
    """Who may raise: staff without more ado, a customer with a step-up, nobody else."""

    may_raise: bool
    demand: stepup.Demand | None

    def of(self, image: Image, changes: _Changes, now: dt.datetime) -> stepup.Demand | None:
        """The demand that a change of `image` must use up, None for one that needs none.

        Raises StrongFactorRequired, EditionNotEntitled, LimitAboveCeiling.
        """
        raised = {name: new for name, (old, new) in changes.items() if new > old}
        if self.may_raise or not raised:
            return None
        kind = entitlements.NO_ACCOUNT
        if "account_id" in image:
            kind = entitlements.account_kind(image["kind"], image["right"])
        if self.demand is None:
            raise StrongFactorRequired(factors=",".join(stepup.kinds_for(stepup.RAISE_LIMITS, None, kind)))
        entitlements.require(self.demand.caller.edition, entitlements.LIMITS_RAISE, account=kind)
        limits.require_ceilings(raised, now)
        return replace(self.demand, account=kind)


class _Overtaken(Exception):
    """The item is no longer as it was read: nothing was done, read it again."""


def demand_of(
    caller: Caller, account_id: str | None, wanted: Mapping[str, int], given: str | None, correlation_id: str
) -> stepup.Demand:
    """What raising to `wanted` takes: a step-up for just these values, which `given` names if there is one."""
    facts = {_FACTS[name]: text_of(name, value) for name, value in wanted.items()}
    if account_id is not None:
        facts["account"] = account_id
    return stepup.Demand(caller, stepup.RAISE_LIMITS, facts, given, correlation_id)


def fact_of(name: str) -> str:
    """What a limit is called in the API and in what is confirmed."""
    return _FACTS[name]


def change_account_limits(
    customer_id: str,
    account_id: str,
    wanted: Mapping[str, int],
    *,
    may_raise: bool,
    demand: stepup.Demand | None = None,
) -> Image:
    """Set limits of a customer's own account at once; the account as it is then.

    `wanted` maps domain.ACCOUNT_LIMITS to fen (`limit_count`: transfers); what it does not name stays, and so
    does what was used (XJ-5.3-limit). `may_raise` is for staff; a customer raises with a `demand` for just
    `wanted`, up to the bank's ceiling.

    Raises NotFound (also for another customer's account), LimitAboveCeiling, StepUpRequired, StrongFactorRequired,
    TryAgain (nothing was done), OutcomeUnknown (the same change may be sent again: it is absolute).
    """
    _check(wanted, domain.ACCOUNT_LIMITS)
    return _change(
        lambda: accounts.account_of(customer_id, account_id).image,
        lambda: ledger.account_update(account_id, payee=False),
        wanted,
        _Permit(may_raise, demand),
        customer_id,
    )


def change_customer_limits(
    customer_id: str, wanted: Mapping[str, int], *, may_raise: bool, demand: stepup.Demand | None = None
) -> Image:
    """The same for the limits over all of a customer's accounts (domain.CUSTOMER_LIMITS), in fen."""
    _check(wanted, domain.CUSTOMER_LIMITS)

    def read() -> Image:
        customer = customers.customer_of(customer_id)
        if customer is None:
            raise NotFound()
        return customer.image

    return _change(
        read, lambda: customers.customer_update(customer_id), wanted, _Permit(may_raise, demand), customer_id
    )


def _check(wanted: Mapping[str, int], known: tuple[str, ...]) -> None:
    if not wanted.keys() <= set(known):
        raise ValueError(f"no such limits: {sorted(wanted.keys() - set(known))}")
    if not all(0 <= value <= MAX_FEN for value in wanted.values()):
        raise ValueError("a limit is below zero or too large")


def _change(
    read: Callable[[], Image],
    update: Callable[[], ItemUpdate],
    wanted: Mapping[str, int],
    permit: _Permit,
    customer_id: str,
) -> Image:
    """Read, plan, write under the condition that the plan still fits; again if not, inside the time budget."""
    give_up_at = clock.monotonic() + CHANGE_TIME_BUDGET_S

    def is_over(_: RetryCallState) -> bool:
        return clock.monotonic() >= give_up_at

    try:
        for attempt in Retrying(
            stop=is_over,
            wait=wait_random(max=_LONGEST_PAUSE),
            retry=retry_if_exception_type(_Overtaken),
            sleep=clock.sleep,
            reraise=True,
        ):
            with attempt:
                image = read()
                changes = domain.changed_limits(image, wanted)
                now = clock.now()
                demand = permit.of(image, changes, now)
                if demand is not None:
                    return _raise(read, update(), image, wanted, demand, now)
                if not changes:
                    return image
                _write(
                    [
                        domain.move_limits(update(), image, changes, clock.business_date(now)),
                        event_of(audit.LIMITS_CHANGED, customer_id, image, changes, now, permit.demand),
                    ]
                )
                _tell(changes, customer_id)
                return read()
    except _Overtaken:
        raise TryAgain() from None
    raise AssertionError("the retry loop ended without a result")


def _raise(
    read: Callable[[], Image],
    update: ItemUpdate,
    image: Image,
    wanted: Mapping[str, int],
    demand: stepup.Demand,
    now: dt.datetime,
) -> Image:
    """Change limits and use up the step-up in one transaction; the item as it is then."""
    changes = domain.changed_limits(image, wanted)
    caller = demand.caller
    event = event_of(audit.LIMITS_RAISED, caller.customer_id, image, changes, now, demand)
    try:
        moved = domain.move_limits(update, image, changes, clock.business_date(now))
        _write(stepup.consuming(demand, [moved, event], now))
    except StepUpRequired:
        # The same request twice at once: the other one was quicker, and this one's end is the same.
        after = read()
        if not domain.changed_limits(after, wanted):
            return after
        raise stepup.refusal_of(demand, now) from None
    _tell(changes, caller.customer_id)
    return read()


def event_of(
    kind: audit.Kind, customer_id: str, image: Image, changes: _Changes, now: dt.datetime, demand: stepup.Demand | None
) -> ItemPut:
    """The row of the owner's log, a part of the write that changes limits: each limit as it is from now on."""
    facts = {fact_of(name): text_of(name, new) for name, (_, new) in changes.items()}
    if "account_id" in image:
        facts["account"] = mask_account(image["account_id"])
    caller = demand.caller if demand else None
    return audit.event(
        customer_id,
        kind,
        now,
        session_id=caller.session_id if caller else None,
        device_id=caller.device_id if caller else None,
        **facts,
    )


def _write(writes: Sequence[ItemPut | ItemUpdate]) -> None:
    """Change limits with what goes with it; raises _Overtaken when they are no longer as they were read."""
    try:
        updates.run_together(writes)
    except updates.Overtaken:
        raise _Overtaken from None


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
