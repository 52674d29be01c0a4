"""Remind the owner once when a token or certificate is to be renewed, and once when it has ended (NB-5.3.4).

Two rows are written with the factor, by its end. The schedule asks for what is due and takes those rows away; who
tells the owner looks at the factor again, since it may have been lost, revoked or replaced meanwhile.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.factors import domain, store
from chalicelib.factors.errors import FactorStateUnfit
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, queues, updates
from chalicelib.platform.dynamo import ItemPut, s
from chalicelib.platform.queues import Message

KINDS = {
    domain.TOKEN: parameters.TOKEN_REMINDER_MONTHS,
    domain.CERTIFICATE: parameters.CERTIFICATE_RENEWAL_MONTHS,
}
ROWS_A_PAGE = 100
# Of each kind and stage; what is left is the next run's, an hour later.
PAGES_A_RUN = 5
# A hundred customers a page: an operator waits where a function may not.
BACKFILL_PAGES = 1_000_000
_TAIL = 4
_MOMENT = dt.timedelta(milliseconds=1)  # what times as text tell apart


@dataclass(frozen=True, slots=True)
class Due:
    """What to tell: of which factor, that ends when; `tail` is the end of its number, empty for a short one.

    `at` is when it was first about to be told, and stays so however often it is told again.
    """

    method: str
    has_ended: bool
    tail: str
    valid_until: dt.datetime
    at: str


def remind(now: dt.datetime, correlation_id: str) -> int:
    """Ask that the owners of what is due at `now` be told; how many reminders were asked for.

    Reads what is due and nothing else. A row goes only after it was asked for, so a crash in between asks again, as
    two runs at once do: the message says the same, and is told once. Raises Retryable when the queue fails.
    """
    asked = 0
    for kind, window in KINDS.items():
        months = parameters.value(window, now)
        # A factor that ends at this very moment has ended.
        ends = {domain.OPENING: domain.first_not_open(now, months), domain.ENDED: now + _MOMENT}
        for stage, before in ends.items():
            for _ in range(PAGES_A_RUN):
                rows = store.due_reminders(kind, stage, before, ROWS_A_PAGE)
                if not rows:
                    break
                queues.send("factor_reminders", [_message(row, correlation_id) for row in rows])
                for row in rows:
                    store.drop_reminder(row)
                asked += len(rows)
    return asked


def _message(row: store.Reminder, correlation_id: str) -> Message:
    return Message(
        f"{row.customer_id}#{row.factor_id}#{row.stage}",
        "factor.reminder_due",
        row.customer_id,
        correlation_id,
        {"factor_id": row.factor_id, "stage": row.stage},
    )


def due(customer_id: str, factor_id: str, stage: str, now: dt.datetime) -> Due | None:
    """What to tell the owner, or None when it is no longer true: the factor was lost, revoked, renewed or replaced,
    online banking closed; or it ended before anybody could say that it will.

    Notes on the factor when that was. Raises TryAgain, OutcomeUnknown.
    """
    row = store.get(customer_id, factor_id)
    if row is None or row.valid_until is None or factor_id not in _held(customer_id):
        return None
    valid_until = clock.from_text(row.valid_until)
    if (stage == domain.ENDED) != (valid_until <= now):
        return None
    note = store.update_of(customer_id, factor_id).require(store.state_rule(domain.ACTIVE))
    try:
        image = updates.insist(
            note.set(f"#told_{stage} = if_not_exists(#told_{stage}, :told_at)", told_at=s(clock.to_text(now)))
        )
    except FactorStateUnfit:
        return None
    number = row.device_serial or row.serial or ""
    tail = number[-_TAIL:] if len(number) > _TAIL else ""
    return Due(row.method, stage == domain.ENDED, tail, valid_until, image[f"told_{stage}"])


def _held(customer_id: str) -> set[str]:
    """The ids on the customer's record: of what is active, and of what has ended until another takes its place."""
    customer = customers.customer_of(customer_id)
    if customer is None or customer.state == customers.CLOSED:
        return set()
    return set(customer.image.get("factors", {}))


def backfill(now: dt.datetime) -> int:
    """Write the rows of factors that were issued before there were any; how many were written.

    Again, it writes what is missing and still to be told.
    """
    return sum(
        store.put_reminder(put)
        for customer_id in customers.all_ids(BACKFILL_PAGES)
        for row in _of_customer(customer_id)
        for put in _untold(row, now)
    )


def _of_customer(customer_id: str) -> list[store.FactorItem]:
    held = _held(customer_id)
    return [row for row in store.of_customer(customer_id) if row.factor_id in held]


def _untold(row: store.FactorItem, now: dt.datetime) -> list[ItemPut]:
    """The rows that issuing this factor would have written, without those of what was told or is too late to tell."""
    if not row.valid_until:
        return []  # the reserved phone has no end
    ends = clock.from_text(row.valid_until)
    is_over = {domain.OPENING: bool(row.told_opening) or ends <= now, domain.ENDED: bool(row.told_ended)}
    puts = store.reminder_puts(row.customer_id, row.factor_id, row.method, ends)
    return [put for stage, put in zip(domain.STAGES, puts, strict=True) if not is_over[stage]]
