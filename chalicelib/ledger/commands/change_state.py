"""Change an account's state; whether it may pay or receive is a condition of every posting."""

from __future__ import annotations

from chalicelib.ledger import service as ledger
from chalicelib.ledger.domain import OPEN
from chalicelib.ledger.errors import StateChangeRefused
from chalicelib.platform.dynamo import Image, Rule, n, s

# From each state the states it may go to; closed is final.
CHANGES = {
    OPEN: ("dormant", "frozen", "lost", "closed"),
    "dormant": (OPEN, "frozen", "closed"),
    "frozen": (OPEN,),
    "lost": (OPEN, "frozen"),
    "closed": (),
}


def change_state(account_id: str, *, before: str, after: str) -> Image:
    """Move an account from one state to another; the new item.

    Only a change that CHANGES allows, only if the account still is in `before`, and to closed only with no
    money in it. Raises StateChangeRefused, NotFound.
    """
    if after not in CHANGES[before]:
        raise StateChangeRefused(state=before, wanted=after)
    update = ledger.account_update(account_id, payee=False)
    update.require(state_rule(before, after))
    if after == "closed":
        update.require(empty_rule(after))
    return ledger.claim(update.set("#state = :after", after=s(after)))


def state_rule(before: str, after: str) -> Rule:
    """The account still is in the state that the change starts from."""
    return Rule(
        "#state = :before",
        {":before": s(before)},
        lambda image: bool(image["state"] == before),
        lambda image: StateChangeRefused(state=image["state"], wanted=after),
    )


def empty_rule(after: str) -> Rule:
    """No money is in the account, available or held."""
    return Rule(
        "#available_fen = :nothing AND #held_fen = :nothing",
        {":nothing": n(0)},
        lambda image: bool(image["available_fen"] == 0 and image["held_fen"] == 0),
        lambda image: StateChangeRefused(state=image["state"], wanted=after),
    )
