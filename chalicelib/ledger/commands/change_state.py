"""Change an account's state, or end its deferred credit. Every posting has a condition on what is set here."""

from __future__ import annotations

import datetime as dt

from chalicelib.ledger import service as ledger
from chalicelib.ledger.domain import CREDIT_DEFERRED, DEFERRED_TAIL, NEVER, OPEN
from chalicelib.ledger.errors import CreditNotDeferred, DeferredLegsDue, FrozenByCourt, StateChangeRefused
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s

# From each state the states it may go to; closed is final.
CHANGES = {
    OPEN: ("dormant", "frozen", "lost", "closed"),
    "dormant": (OPEN, "frozen", "closed"),
    "frozen": (OPEN,),
    "lost": (OPEN, "frozen"),
    "closed": (),
}


def change_state(account_id: str, *, before: str, after: str, closed_through: str = NEVER) -> Image:
    """Move an account from one state to another; the new item.

    Only a change that CHANGES allows, only if the account still is in `before`, and to closed only with no
    money in it or on its way to it. `closed_through` is the newest closed business date: an account that had
    deferred credit needs it (`closing.commands.close_account`). Raises StateChangeRefused, DeferredLegsDue,
    NotFound.
    """
    return ledger.claim(state_update(account_id, before=before, after=after, closed_through=closed_through))


def state_update(account_id: str, *, before: str, after: str, closed_through: str = NEVER) -> ItemUpdate:
    """The same as a part of another write, whose refusals are those of `change_state`."""
    if after not in CHANGES[before]:
        raise StateChangeRefused(state=before, wanted=after)
    update = ledger.account_update(account_id, payee=False)
    update.require(state_rule(before, after))
    if before == "frozen":
        update.require(no_court_rule())
    if after == "closed":
        update.require(empty_rule(after), arrived_rule(closed_through))
    return update.set("#state = :after", after=s(after))


def end_deferred_credit(account_id: str, now: dt.datetime) -> Image:
    """Let payments reach an account in the payer's own write from now on; the new item.

    Instructions that were made before execute as stored, so deferred legs may still be dated up to
    `deferred_until`. Raises CreditNotDeferred, NotFound.
    """
    update = ledger.account_update(account_id, payee=False).require(deferred_rule())
    update.set("#deferred_until = :until", until=s(clock.business_date(now + DEFERRED_TAIL)))
    return ledger.claim(update.remove("credit"))


def deferred_rule() -> Rule:
    """The account is credited from the stream."""
    return Rule(
        "#credit = :deferred",
        {":deferred": s(CREDIT_DEFERRED)},
        lambda image: bool(image.get("credit") == CREDIT_DEFERRED),
        lambda _: CreditNotDeferred(),
    )


def arrived_rule(closed_through: str) -> Rule:
    """No leg is on its way: none can be dated after `deferred_until`, and a date closes only with all of its legs."""
    return Rule(
        "attribute_not_exists(#credit)"
        " AND (attribute_not_exists(#deferred_until) OR #deferred_until <= :closed_through)",
        {":closed_through": s(closed_through)},
        lambda image: "credit" not in image and bool(image.get("deferred_until", NEVER) <= closed_through),
        lambda _: DeferredLegsDue(),
    )


def state_rule(before: str, after: str) -> Rule:
    """The account still is in the state that the change starts from."""
    return Rule(
        "#state = :before",
        {":before": s(before)},
        lambda image: bool(image["state"] == before),
        lambda image: StateChangeRefused(state=image["state"], wanted=after),
    )


def no_court_rule() -> Rule:
    """No order of a court keeps the account frozen."""
    return Rule(
        "attribute_not_exists(#court)",
        {},
        lambda image: "court" not in image,
        lambda _: FrozenByCourt(),
    )


def empty_rule(after: str) -> Rule:
    """No money is in the account, available or held."""
    return Rule(
        "#available_fen = :nothing AND #held_fen = :nothing",
        {":nothing": n(0)},
        lambda image: bool(image["available_fen"] == 0 and image["held_fen"] == 0),
        lambda image: StateChangeRefused(state=image["state"], wanted=after),
    )
