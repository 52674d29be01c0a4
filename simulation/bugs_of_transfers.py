"""Planted bugs of the kinds of transfers; each is looked for in the seeds that have its kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from chalicelib.customers import service as customers
from chalicelib.ledger import domain as ledger_domain
from chalicelib.ledger.commands import dues
from chalicelib.platform.dynamo import Rule
from chalicelib.transfers import later, states
from simulation.bugs_of_counter import ANYTHING, Patch
from simulation.mixes import LATER

Plant = Callable[[], list[Patch]]


# ---- what arrives later -----------------------------------------------------------------------------
def _without_state(*steps: states.Step) -> Patch:
    """These steps are taken whatever the state."""
    own = states.Step.rule

    def rule(step: states.Step) -> Rule:
        return ANYTHING if step in steps else own(step)

    return states.Step, "rule", rule


def executed_without_pending() -> list[Patch]:
    """An execution does not ask whether the transfer still waits, nor whether its money is still set aside."""
    return [_without_state(states.EXECUTE), (ledger_domain, "held_rule", lambda _: ANYTHING)]


def revoked_without_pending() -> list[Patch]:
    """A revocation gives back what has arrived meanwhile."""
    return [_without_state(states.REVOKE), (ledger_domain, "held_rule", lambda _: ANYTHING)]


def executed_past_the_switch() -> list[Patch]:
    """What waits goes on though its payer has switched transfers off."""
    own = customers.absent_payer_update

    return [(customers, "absent_payer_update", lambda customer_id, **_: own(customer_id, outward=False))]


def executed_early() -> list[Patch]:
    """Whatever waits is due, so nobody has the time that was promised."""
    own = dues.due_at
    return [
        (later, "is_due", lambda *_: True),
        (dues, "due_at", lambda now, most: own(now + dt.timedelta(days=2), most)),
    ]


def limits_of_customer_not_given_back() -> list[Patch]:
    """What is revoked or returned stays counted on the customer."""
    return [(customers, "give_back_updates", lambda *_: ())]


TRANSFER_BUGS: Mapping[str, tuple[Plant, ...]] = {
    LATER: (
        executed_without_pending,
        revoked_without_pending,
        executed_past_the_switch,
        executed_early,
        limits_of_customer_not_given_back,
    ),
}
