"""Planted bugs: each takes one protection out of the bank, and the simulation must notice.

They are put on from outside and taken off again; the bank itself has no switch for them. `within` is how
many seeds of its mix, of `runs.STEPS` steps, from 1 on, are enough to find it: a test holds it to that.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from chalicelib.accounts import domain as account_lines
from chalicelib.accounts import store as movements
from chalicelib.accounts.commands import write_lines
from chalicelib.accounts.domain import FIRST_HASH
from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.ledger import deferred_store
from chalicelib.ledger import domain as ledger_domain
from chalicelib.ledger import service as ledger
from chalicelib.ledger import store as ledger_store
from chalicelib.ledger.commands import holds, reverse_entry
from chalicelib.notifications import store as inbox
from chalicelib.platform import clock, ids, queues, workers
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule
from chalicelib.platform.errors import Retryable
from chalicelib.receipts import store as receipts
from chalicelib.statements import domain as statements
from chalicelib.transfers import posting, states
from chalicelib.transfers import store as transfer_list
from chalicelib.transfers.commands import confirm_transfer, create_transfer, transfer_at_once
from simulation import founding
from simulation.bugs_of_counter import COUNTER_BUGS, Patch, Replacing
from simulation.bugs_of_suspensions import SUSPENSION_BUGS
from simulation.bugs_of_transfers import TRANSFER_BUGS
from simulation.mixes import EVERYDAY, SUSPENSIONS


@dataclass(frozen=True, slots=True)
class Bug:
    """`plant` gives what to replace: (where, name, what with)."""

    name: str
    plant: Callable[[], list[Patch]]
    within: int = 30
    mix: str = EVERYDAY


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """The bank with this bug, until the end."""
    patches = [patch.object(where, name, new) for where, name, new in bug.plant()]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in reversed(patches):
            one.stop()


def _without(rules: Callable[..., list[Rule]], index: int) -> Callable[..., list[Rule]]:
    """A list of rules that lacks one."""

    def fewer(*args: Any) -> list[Rule]:
        found = rules(*args)
        del found[index]
        return found

    return fewer


def _always(image_name: str) -> Rule:
    return Rule(f"attribute_exists(#{image_name})", {}, lambda _: True, None)


# ---- the write that moves money ---------------------------------------------------------------------
def no_funds_condition() -> list[Patch]:
    return [(ledger_domain, "debit_rules", _without(ledger_domain.debit_rules, 3))]


def no_open_condition() -> list[Patch]:
    return [
        (ledger_domain, "debit_rules", _without(ledger_domain.debit_rules, 2)),
        (ledger_domain, "credit_rule", lambda: _always("state")),
    ]


def no_awaiting_condition() -> list[Patch]:
    own = states.Step.rule

    def rule(step: states.Step) -> Rule:
        return _always("state") if step in (states.CONFIRM, states.SET_ASIDE) else own(step)

    return [(states.Step, "rule", rule)]


def no_validity_condition() -> list[Patch]:
    return [(where, "valid_rule", lambda _: _always("state")) for where in (posting, confirm_transfer)]


def no_session_condition() -> list[Patch]:
    """Neither the session's own end is looked at nor that of all sessions before another."""
    return [(customers, "paying_rules", _without(_without(customers.paying_rules, 0), 0))]


def no_tries_condition() -> list[Patch]:
    def claim(caller: Any, entry_id: str, factor: str, _: int, now_text: str) -> ItemUpdate:
        return own(caller, entry_id, factor, 10**6, now_text)

    own = confirm_transfer._claim
    return [(confirm_transfer, "_claim", claim)]


def credit_twice() -> list[Patch]:
    own = ledger_domain.post_legs

    def post_legs(update: ItemUpdate, entry: Any, account_id: str, facts: Any) -> None:
        own(update, entry, account_id, facts)
        credit = max(0, sum(leg.amount_fen for leg in entry.legs_of(account_id)))
        if credit:
            update.values[":total"] = {"N": str(2 * credit)}

    return [(ledger_domain, "post_legs", post_legs)]


def forget_payee() -> list[Patch]:
    own = ledger_domain.Entry.customer_accounts
    return [(ledger_domain.Entry, "customer_accounts", lambda self: own(self)[:1])]


def no_code_check() -> list[Patch]:
    return [(factors, "verify_code", lambda *_: None)]


def random_entry_id() -> list[Patch]:
    return [(create_transfer, "entry_id_of", lambda *_: ids.random_id(16))]


def new_plan_after_silence() -> list[Patch]:
    """A time-out is taken for a failure: planned anew, with a new token, and nothing in the journal stops it."""
    own = ledger_store.transact

    def transact(items: Sequence[Any], _: str) -> None:
        try:
            own(items, ids.random_id(16))
        except ledger_store.WriteInDoubt as error:
            raise ledger_store.WriteContended from error

    return [(ledger_store, "transact", transact), *no_awaiting_condition()]


def own_account_not_checked() -> list[Patch]:
    """A transfer without a code goes to anybody's account."""
    return [(transfer_at_once, "own_rule", lambda _: _always("state"))]


def no_validity_at_once() -> list[Patch]:
    """A transfer without a code is executed whenever it arrives."""
    return [(transfer_at_once, "_refuse_late", lambda *_: None)]


def hold_freed_twice() -> list[Patch]:
    return [
        (holds, "open_rule", lambda: _always("state")),
        (ledger_domain, "held_rule", lambda _: _always("state")),
    ]


def capture_from_frozen() -> list[Patch]:
    """What was set aside before a freeze is paid in spite of it."""
    return [(holds, "paying_rule", lambda: _always("state"))]


def reversed_twice() -> list[Patch]:
    """Neither the mark on the original nor the reversal's derived id stops a second one."""
    return [
        (reverse_entry, "unreversed_rule", lambda: _always("state")),
        (reverse_entry, "reversal_id_of", lambda _: ids.random_id(16)),
    ]


# ---- workers ------------------------------------------------------------------------------------------
def receipt_written_again() -> list[Patch]:
    def put_once(item: Any) -> bool:
        item.save()
        return True

    # And nobody looks whether there is one before.
    return [(receipts, "put_once", put_once), (receipts, "get", lambda _: None)]


def no_inbox_claim() -> list[Patch]:
    return [(inbox, "claim", lambda *_: True)]


def inbox_row_written_again() -> list[Patch]:
    return [(inbox, "put_once", lambda item: item.save())]


def acknowledge_failures() -> list[Patch]:
    """The edge swallows what a worker could not do, so its message is deleted."""

    def swallow(work: Callable[[], None]) -> None:
        with suppress(Exception):
            work()

    return [(workers, "_tell_failure", swallow)]


def relay_drops_an_event() -> list[Patch]:
    own = queues.send

    def send(queue: str, messages: Sequence[Any]) -> None:
        try:
            own(queue, messages)
        except Retryable:
            return

    return [(queues, "send", send)]


def alert_before_line() -> list[Patch]:
    """The message goes first; a crash in between leaves it without the line, until dead letters have it."""
    own = movements.append

    def append(movement: Any, **more: Any) -> bool:
        return True if movement.seq % 2 == 0 else own(movement, **more)

    return [(movements, "append", append)]


def deferred_legs_posted_twice() -> list[Patch]:
    """The row that says what was posted is replaced instead of refused: each message posts its legs again."""
    own = deferred_store.row

    def row(*args: Any) -> ItemPut:
        return Replacing(**{one.name: getattr(own(*args), one.name) for one in dataclasses.fields(ItemPut)})

    return [(deferred_store, "row", row)]


def send_before_commit() -> list[Patch]:
    own = ledger.post

    def post(plan: Any) -> Any:
        draft = plan(clock.now())
        entry_id = draft.entry_id
        if len(draft.others) != 1 or not isinstance(draft.journal, ItemUpdate):
            return own(plan)
        queues.send("receipts", [queues.Message(f"{entry_id}#posted", "transfer.posted", entry_id, entry_id, {})])
        return own(plan)

    return [(ledger, "post", post)]


def balance_from_the_wrong_base() -> list[Patch]:
    own = account_lines.lines_of

    def lines_of(old: Any, new: Any) -> list[Any]:
        base = old["available_fen"] if old else 0
        found = own(old, new)
        return [dataclasses.replace(line, balance_fen=base + line.amount_fen) for line in found]

    return [(write_lines, "lines_of", lines_of)]


def chain_starts_anew() -> list[Patch]:
    own = account_lines.Movement.chained_to
    return [(account_lines.Movement, "chained_to", lambda self, _: own(self, FIRST_HASH))]


def sends_after_it_gave_up() -> list[Patch]:
    """Settles a failed send as sent: the alert is lost."""
    own = inbox.settle

    def settle(customer_id: str, notification_id: str, channel: str, outcome: str | None) -> None:
        own(customer_id, notification_id, channel, outcome or inbox.SENT)

    return [(inbox, "settle", settle)]


def silence_taken_for_failure() -> list[Patch]:
    """A provider that does not answer is told as one that did not take the message: it is sent again."""
    return [(founding, "ProviderSilent", Retryable)]


def bill_of_a_day_too_many() -> list[Patch]:
    own = statements.days_of

    def days_of(month: str) -> tuple[str, str]:
        first, last = own(month)
        after = dt.datetime.strptime(last, "%Y%m%d") + dt.timedelta(days=1)  # noqa: DTZ007  # a date
        return first, after.strftime("%Y%m%d")

    return [(statements, "days_of", days_of)]


def list_forgets_order() -> list[Patch]:
    """The list is written whatever it has: a repeated record shows a posted transfer as awaiting again."""

    def project(image: Mapping[str, Any]) -> None:
        created = f"{image['created_at']}#{image['entry_id']}"
        transfer_list.TransferItem(
            image["customer_id"],
            created,
            entry_id=image["entry_id"],
            state=image["state"],
            state_rank=transfer_list.STATE_RANK[image["state"]],
        ).save()

    return [(transfer_list, "project", project)]


OTHER_BUGS = {**TRANSFER_BUGS, SUSPENSIONS: SUSPENSION_BUGS}
BUGS = tuple(
    Bug(plant.__name__, plant)
    for plant in (
        no_funds_condition,
        no_open_condition,
        no_awaiting_condition,
        no_validity_condition,
        no_session_condition,
        no_tries_condition,
        credit_twice,
        forget_payee,
        no_code_check,
        random_entry_id,
        new_plan_after_silence,
        own_account_not_checked,
        no_validity_at_once,
        hold_freed_twice,
        capture_from_frozen,
        reversed_twice,
        receipt_written_again,
        no_inbox_claim,
        inbox_row_written_again,
        acknowledge_failures,
        relay_drops_an_event,
        alert_before_line,
        deferred_legs_posted_twice,
        send_before_commit,
        balance_from_the_wrong_base,
        chain_starts_anew,
        sends_after_it_gave_up,
        silence_taken_for_failure,
        bill_of_a_day_too_many,
        list_forgets_order,
        *COUNTER_BUGS,
    )
) + tuple(Bug(plant.__name__, plant, mix=mix) for mix, plants in OTHER_BUGS.items() for plant in plants)
