"""Standing orders that are all due at once: found by key, handed out through the queue, executed by several workers."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.bank import Customer, available, new_customer
from bench.meter import metered
from bench.rows import Row
from chalicelib.factors import service as factors
from chalicelib.factors.commands.enrol import enrol_at_sign_up
from chalicelib.orders import domain, store
from chalicelib.orders.commands.execute_order import execute_order
from chalicelib.orders.commands.find_due import find_due
from chalicelib.platform import aws, clock, due, ids, settings
from chalicelib.platform.queues import Message

MANY = 10_000
PEOPLE = 64
AMOUNT_FEN = 1_00
WORKERS = 8
# As many as the worker is given at once, and as a batch of writes takes.
BATCH, PUT_BATCH = 10, 25
MAX_RUNS = 5
TELL_EVERY = 1_000

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Drained:
    """What became of orders that were due at once; `moved_fen` is what their payees got."""

    orders: int
    outcomes: Counter[str]
    moved_fen: int
    seconds: float
    left: int
    idle_round_trips: int

    @property
    def lost(self) -> int:
        """Orders that were not paid just once, by the payees' balances."""
        return abs(self.orders * AMOUNT_FEN - self.moved_fen) // AMOUNT_FEN + self.left


def order_rows() -> list[Row]:
    """10,000 due at once."""
    found = drain(MANY, lambda text: print(text, flush=True))
    return [
        Row("orders.due_at_once.executed", found.outcomes[domain.EXECUTED], "orders"),
        Row("orders.due_at_once.lost", found.lost, "orders", 0),
        Row("orders.due_at_once.per_second", round(found.orders / found.seconds, 1), "orders/s"),
        Row("orders.find_nothing_due.round_trips", found.idle_round_trips, "round trips", due.PARTS),
    ]


def drain(count: int, tell: Tell) -> Drained:
    """Make `count` orders due now, and let the schedule and eight workers run until nothing is due."""
    now = clock.now()
    payers = [new_customer("赵小明", (count // PEOPLE + 1) * AMOUNT_FEN) for _ in range(PEOPLE)]
    payees = [new_customer("钱红") for _ in range(PEOPLE)]
    for payer in payers:
        enrol_at_sign_up(payer.caller.customer_id, (factors.SMS_ID,), now)
    pairs = itertools.islice(itertools.cycle(zip(payers, payees, strict=True)), count)
    _write([due_order(payer, payee, now) for payer, payee in pairs])
    outcomes: Counter[str] = Counter()
    began = time.monotonic()
    for _ in range(MAX_RUNS):
        if not find_due(clock.now(), "bench"):
            break
        outcomes += _work(count, tell)
    seconds = time.monotonic() - began
    with metered() as cost:
        left = find_due(clock.now(), "bench")
    moved_fen = sum(available(payee.account) for payee in payees)
    return Drained(count, outcomes, moved_fen, seconds, left, cost.round_trips)


def due_order(payer: Customer, payee: Customer, now: dt.datetime) -> domain.Order:
    """A monthly order that was confirmed before, and is due today."""
    today = domain.date_of(clock.business_date(now))
    terms = domain.Terms(
        payer.account,
        payee.account,
        payee.name,
        AMOUNT_FEN,
        0,
        "房租",
        domain.Schedule(domain.MONTHLY, today.day, today),
    )
    at = clock.to_text(now)
    return domain.Order(
        order_id=ids.derived_id("bench", ids.random_id()),
        customer_id=payer.caller.customer_id,
        state=domain.ACTIVE,
        revision=1,
        terms=terms,
        confirmation=domain.Confirmation(factors.SMS, factors.SMS_ID, factors.SMS, 1),
        outward=True,
        place=0,
        tries=0,
        next_due=domain.digits_of(today),
        due_at=at,
        created_at=at,
        request_digest=terms.digest(),
        correlation_id="bench",
    )


def _write(orders: Sequence[domain.Order]) -> None:
    """The rows that setting up each would write, many at a time."""
    rows: list[tuple[str, Any]] = []
    for order in orders:
        (row,) = store.due_writes(None, order)
        rows += [("orders", store.put_of(order).item), ("order_dues", row.to_transact_item()["Put"]["Item"])]
    for start in range(0, len(rows), PUT_BATCH):
        wanted: dict[str, list[Any]] = {}
        for name, item in rows[start : start + PUT_BATCH]:
            wanted.setdefault(settings.table(name), []).append({"PutRequest": {"Item": item}})
        while wanted:
            wanted = aws.dynamodb().batch_write_item(RequestItems=wanted)["UnprocessedItems"]


def _work(count: int, tell: Tell) -> Counter[str]:
    """Eight workers on the queue until it is empty; what came of each message."""
    url, done = settings.queue_url("orders"), itertools.count(1)

    def worker(_: int) -> Counter[str]:
        found: Counter[str] = Counter()
        while received := aws.sqs().receive_message(QueueUrl=url, MaxNumberOfMessages=BATCH).get("Messages", []):
            for row in received:
                message = Message.from_json(row["Body"])
                due_date = message.data["due_date"]
                found[execute_order(message.aggregate_id, due_date, message.correlation_id, clock.now())] += 1
                if (number := next(done)) % TELL_EVERY == 0:
                    tell(f"      {number} of {count} orders")
            entries = [{"Id": str(i), "ReceiptHandle": row["ReceiptHandle"]} for i, row in enumerate(received)]
            aws.sqs().delete_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]  # plain dicts
        return found

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(worker, range(WORKERS)), Counter())
