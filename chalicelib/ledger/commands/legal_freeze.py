"""What a court's order does to an account: nothing leaves it, or an amount of it, until the order ends.

The updates are parts of the write that keeps the order itself (`counter.commands.court_orders`). An order for an
amount sets it aside whether it is there or not: the available balance may go below zero, and what comes in later
fills it first. An order for the whole account freezes it, and its number stands on the account: no other way leads
out of that state. `court_count` is how many orders there ever were, so that no two writes about them pass each other.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.ledger import domain
from chalicelib.ledger import service as ledger
from chalicelib.ledger.domain import Entry, PostingFacts
from chalicelib.ledger.errors import InsufficientFunds
from chalicelib.platform.dynamo import ItemUpdate, Rule, n, s

FROZEN = "frozen"


def order_update(account: ledger.Account) -> ItemUpdate:
    """An update of the account, if no order came since it was read."""
    update = ledger.account_update(account.account_id, payee=False)
    return update.require(court_count_rule(account.court_count))


def count_one(update: ItemUpdate, account: ledger.Account) -> ItemUpdate:
    """One more order came."""
    return update.set("#court_count = :next_count", next_count=n(account.court_count + 1))


def freeze(update: ItemUpdate, account: ledger.Account, order: int) -> ItemUpdate:
    """Freeze the account by an order, from the state in which it was read."""
    update.require(found_rule(account.state))
    return update.set("#state = :frozen, #court = :court", frozen=s(FROZEN), court=n(order))


def hand_over(update: ItemUpdate, order: int, following: int) -> ItemUpdate:
    """The account stays frozen, by the order that waited."""
    return update.require(court_rule(order)).set("#court = :following", following=n(following))


def thaw(update: ItemUpdate, order: int, state: str) -> ItemUpdate:
    """The account goes back to the state in which the first of the orders found it."""
    return update.require(court_rule(order)).set("#state = :back", back=s(state)).remove("court")


def hold_amount(update: ItemUpdate, amount_fen: int, facts: PostingFacts) -> None:
    """Set an amount aside, there or not."""
    domain.hold_funds(update, amount_fen, facts)


def free_amount(update: ItemUpdate, amount_fen: int) -> None:
    """What was set aside is the holder's again."""
    domain.release_funds(update, amount_fen)
    _read_again(update, amount_fen)


def take(update: ItemUpdate, entry: Entry, facts: PostingFacts, account: ledger.Account, held_fen: int) -> ItemUpdate:
    """Take money for a court, `held_fen` of it from what is set aside; the account is in the state it was read in."""
    update.require(found_rule(account.state))
    domain.post_legs(update, entry, account.account_id, facts, from_hold_fen=held_fen)
    return _read_again(update, held_fen)


def _read_again(update: ItemUpdate, held_fen: int) -> ItemUpdate:
    """Less is held only where another ended the order, or took of it, since it was read: then it is read again."""
    held = domain.held_rule(held_fen).expression
    update.rules = [replace(rule, refuse=None) if rule.expression == held else rule for rule in update.rules]
    return update


def court_funds_rule(least_fen: int) -> Rule:
    """What is taken is there: `least_fen` may be below zero by what this order and later ones have set aside."""
    return Rule(
        "#available_fen >= :court_least",
        {":court_least": n(least_fen)},
        lambda image: bool(image["available_fen"] >= least_fen),
        lambda _: InsufficientFunds(),
    )


def court_count_rule(count: int) -> Rule:
    """There are as many orders as were read; else they are read again."""
    return Rule(
        "#court_count = :court_count" if count else "attribute_not_exists(#court_count)",
        {":court_count": n(count)} if count else {},
        lambda image: bool(image.get("court_count", 0) == count),
        None,
    )


def found_rule(state: str) -> Rule:
    """The account still is in the state in which it was read; else it is read again."""
    return Rule(
        "#state = :as_found",
        {":as_found": s(state)},
        lambda image: bool(image["state"] == state),
        None,
    )


def court_rule(order: int) -> Rule:
    """The account is frozen by this order; else it is read again."""
    return Rule(
        "#court = :order",
        {":order": n(order)},
        lambda image: bool(image.get("court") == order),
        None,
    )
