"""Planted bugs of the kinds of transfers; each is looked for in the seeds that have its kind."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.batches import store as batches_store
from chalicelib.batches.commands import execute_batch
from chalicelib.clearing import networks
from chalicelib.clearing import store as clearing_store
from chalicelib.clearing.commands import ask_open
from chalicelib.clearing.domain import SETTLED, Answer
from chalicelib.customers import service as customers
from chalicelib.ledger import domain as ledger_domain
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import dues, reverse_entry
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.limits import domain as limits_domain
from chalicelib.notifications import service as notifications
from chalicelib.orders import store as orders_store
from chalicelib.orders.commands import execute_order
from chalicelib.orders.domain import MONTHLY, WEEKLY, Schedule, Terms
from chalicelib.paycodes import domain as codes_domain
from chalicelib.paycodes import service as paycodes
from chalicelib.paycodes import store as codes_store
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.dynamo import Image, ItemDelete, ItemPut, ItemUpdate, Rule
from chalicelib.recalls import service as recalls
from chalicelib.recalls.commands import agree
from chalicelib.transfers import later, posting, states
from chalicelib.transfers.commands.transfer_unattended import Along, Unattended, transfer_unattended
from simulation.bugs_of_counter import ANYTHING, Patch, Replacing
from simulation.mixes import BATCHES, CLEARING, CODES, LATER, ORDERS, RECALLS

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

    name_of = staticmethod(networks.name_of)

    @staticmethod
    def network(now: dt.datetime, name: str | None = None) -> _Settling:
        return _Settling(networks.network(now, name))

    def __init__(self, own: networks.Network) -> None:
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


# ---- standing orders --------------------------------------------------------------------------------
def order_paid_twice_a_date() -> list[Patch]:
    """A payment has an id of its own, and does not take its order on to the next date: each message pays again."""
    return [
        (execute_order, "entry_id_of", lambda *_: ids.random_id(16)),
        (execute_order, "_along", lambda *_: Along((), ())),
    ]


class _Unasked(ItemDelete):
    """A row goes, whether it is there or not."""

    def to_transact_item(self) -> Any:
        return {"Delete": {"TableName": self.table, "Key": dict(self.key)}}


def stopped_order_pays() -> list[Patch]:
    """What an order was when it was looked at is paid, though it was changed or stopped since."""
    return [
        (orders_store, "unchanged_rule", lambda _: ANYTHING),
        (orders_store, "ItemDelete", _Unasked),
        (orders_store, "ItemPut", Replacing),
    ]


def missed_dates_made_up_for() -> list[Patch]:
    """After a standstill each date that has passed is paid, all on one day."""
    return [(execute_order, "_latest_place", lambda order, _: order.place)]


def months_drift() -> list[Patch]:
    """A month is four weeks."""

    def date(schedule: Schedule, place: int) -> dt.date | None:
        weeks = {WEEKLY: 1, MONTHLY: 4}.get(schedule.kind, 0)
        return schedule.first + dt.timedelta(weeks=weeks * place) if weeks or not place else None

    return [(Schedule, "_date", date)]


def order_changed_without_code() -> list[Patch]:
    """A change that takes more is made as one that takes less: at once."""
    return [(Terms, "asks_more_than", lambda *_: False)]


def refused_for_good_at_once() -> list[Patch]:
    """A payer without money at midnight is not asked again that day."""
    return [(execute_order, "retry_at", lambda *_: None)]


# ---- receive codes ----------------------------------------------------------------------------------
def code_not_consumed() -> list[Patch]:
    """A code for one payment stays open when it is paid."""

    def paid_update(code_id: str, *_: str) -> ItemUpdate:
        return codes_store.update_of(code_id).require(codes_domain.open_rule())

    return [(paycodes, "paid_update", paid_update)]


def code_paid_in_any_state() -> list[Patch]:
    """A code that was paid, or withdrawn, since it was scanned is paid all the same."""
    return [(codes_domain, "open_rule", lambda: ANYTHING)]


def static_codes_unbounded() -> list[Patch]:
    """What is paid by static codes has no limit of its own."""
    return [(limits_domain.Total, "rule", lambda *_: ANYTHING)]


def second_static_code() -> list[Patch]:
    """What hangs on the wall goes on being paid when another code takes its place."""

    def placed(made: paycodes.PayCode) -> list[ItemPut | ItemUpdate]:
        if codes_store.read(codes_store.place_of(made.account_id)) is None:
            return own(made)
        return own(made)[:1]

    own = paycodes._placed
    return [(paycodes, "_placed", placed)]


# ---- recalls ----------------------------------------------------------------------------------------
def recall_returned_twice() -> list[Patch]:
    """A return and a reversal each give back what the other one has, as neither asks for the other's mark."""
    return [(reverse_entry, "unreversed_rule", lambda *_: ANYTHING)]


def return_without_mark() -> list[Patch]:
    """A return does not note itself on what it gives back."""
    return [(posting, "_given_back", lambda _: ())]


def returns_beside_each_other() -> list[Patch]:
    """Who agrees again makes another return, whatever became of the one before."""
    numbers = itertools.count(1)
    return [
        (agree, "_attempt", lambda *_: next(numbers)),
        (reverse_entry, "unreversed_rule", lambda *_: ANYTHING),
    ]


def returned_unseen() -> list[Patch]:
    """Nobody notes that the money of a recall is back."""
    return [(recalls, "note_returned", lambda _: None)]


# ---- batches ----------------------------------------------------------------------------------------
def payment_made_for_each_message() -> list[Patch]:
    """A message that comes again pays again: no line asks whether it was paid, no payment whose it is."""
    return [
        (batches_store, "open_rule", lambda: ANYTHING),
        (execute_batch, "OPEN", _AnyState()),
        (execute_batch, "entry_id_of", lambda *_: ids.random_id(16)),
    ]


class _AnyState(str):
    """Equal to whatever a line says."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def payer_told_nothing() -> list[Patch]:
    """Nobody hears of payments that were not made."""
    return [(notifications, "tell_batch", lambda _: None)]


def ended_with_wrong_counts() -> list[Patch]:
    """The head says that all of it was paid, whatever its lines say."""
    own = batches_store.ended_update
    return [(batches_store, "ended_update", lambda id_, paid, refused, at: own(id_, paid + refused, 0, at))]


def line_left_open_by_its_payment() -> list[Patch]:
    """A payment is made, and its line ends in a write of its own, if that comes about."""

    def apart(wanted: Unattended, along: Callable[[dt.datetime], Along]) -> ledger.Posted:
        posted = transfer_unattended(wanted, lambda _: Along((), ()))
        updates.together(list(along(clock.now()).updates))
        return posted

    return [(execute_batch, "transfer_unattended", apart)]


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
    ORDERS: (
        order_paid_twice_a_date,
        stopped_order_pays,
        missed_dates_made_up_for,
        months_drift,
        order_changed_without_code,
        refused_for_good_at_once,
    ),
    CODES: (code_not_consumed, code_paid_in_any_state, static_codes_unbounded, second_static_code),
    RECALLS: (recall_returned_twice, return_without_mark, returns_beside_each_other, returned_unseen),
    BATCHES: (
        payment_made_for_each_message,
        payer_told_nothing,
        ended_with_wrong_counts,
        line_left_open_by_its_payment,
    ),
}
