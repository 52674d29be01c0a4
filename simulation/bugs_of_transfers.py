"""Planted bugs of the kinds of transfers; each is looked for in the seeds that have its kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from chalicelib.clearing import networks
from chalicelib.clearing import store as clearing_store
from chalicelib.clearing.commands import ask_open
from chalicelib.clearing.domain import SETTLED, Answer
from chalicelib.customers import service as customers
from chalicelib.ledger import domain as ledger_domain
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import dues, reverse_entry
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.platform import ids
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule
from chalicelib.transfers import later, states
from simulation.bugs_of_counter import ANYTHING, Patch
from simulation.mixes import CLEARING, LATER

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


# ---- to other banks ---------------------------------------------------------------------------------
def sent_without_claim() -> list[Patch]:
    """Whoever is told that a payment is due sends it."""
    own = clearing_store.claim_update

    def claim_update(*args: str) -> ItemUpdate:
        update = own(*args)
        update.rules.clear()
        return update

    return [(clearing_store, "claim_update", claim_update)]


def return_pays_twice() -> list[Patch]:
    """A payment's end does not ask whether it had one, nor its reversal whether there was one: each answer pays."""
    return [
        (clearing_store, "state_rule", lambda _: ANYTHING),
        (reverse_entry, "unreversed_rule", lambda *_: ANYTHING),
        (reverse_entry, "reversal_id_of", lambda _: ids.random_id(16)),
    ]


def later_answer_counts_too() -> list[Patch]:
    """What was settled is returned when the network says so afterwards."""
    return [(clearing_store, "state_rule", lambda _: ANYTHING)]


def silence_taken_for_settled() -> list[Patch]:
    """What has no answer when it is asked for is taken for paid."""
    return [(ask_open, "networks", _Settling)]


class _Settling:
    """Networks that always have an answer."""

    @staticmethod
    def network(now: dt.datetime) -> _Settling:
        return _Settling(networks.network(now))

    def __init__(self, own: networks.SimulatedNetwork) -> None:
        self._own = own

    def enquire(self, entry_id: str, sent_at: dt.datetime, now: dt.datetime) -> Answer:
        return self._own.enquire(entry_id, sent_at, now) or Answer(SETTLED)


def clerk_takes_back_what_was_sent() -> list[Patch]:
    """Somebody at the counter reverses a payment that another bank has."""

    def reversible_entry(entry_id: str) -> Image:
        found = ledger.read_entry(entry_id)
        if found is None or found["state"] != ledger.POSTED or found["kind"] == reverse_entry.REVERSAL:
            raise EntryNotReversible()
        return found

    return [(reverse_entry, "reversible_entry", reversible_entry)]


TRANSFER_BUGS: Mapping[str, tuple[Plant, ...]] = {
    LATER: (
        executed_without_pending,
        revoked_without_pending,
        executed_past_the_switch,
        executed_early,
        limits_of_customer_not_given_back,
    ),
    CLEARING: (
        sent_without_claim,
        return_pays_twice,
        later_answer_counts_too,
        silence_taken_for_settled,
        clerk_takes_back_what_was_sent,
    ),
}
