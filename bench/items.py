"""How large the three items of a transfer become, in bytes as the engine counts them: over 1 KB each costs double."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bench.bank import PURPOSE, Customer, awaiting, new_customer, pay_in, request_between
from bench.rows import Row
from bench.units import fee_charged
from chalicelib.customers import service as customers
from chalicelib.identity.domain import session_id
from chalicelib.identity.sessions import MAX_NOTED
from chalicelib.ledger.domain import REMEMBERED_ENTRIES
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, ids, settings, transactions
from chalicelib.platform.dynamo import s
from chalicelib.transfers.domain import MAX_NAME, MAX_PURPOSE

BUDGET_BYTES = 1024
_KEYS = {"customers": "customer_id", "accounts": "account_id", "journal": "entry_id"}
_LONGEST_NAME = "赵" * MAX_NAME
_LONGEST_PURPOSE = "货" * MAX_PURPOSE
_LONGEST_CORRELATION_ID = "c" * 36  # as many characters as the edge takes
# Under every single limit, with as many digits as it may have.
_AMOUNT_FEN = 49_999_99
# The largest deposit that leaves room for the second, and limits as large as a parameter may be.
_MOST_FEN = 10**14
_WIDEST = AccountLimits(
    single_fen=10**12 - 1, day_fen=10**12 - 1, day_count=10**6 - 1, month_fen=10**12 - 1, year_fen=10**12 - 1
)
# The movements worker keeps a bucket for two days after its period: these three days need the most buckets.
_NEW_YEAR = [dt.datetime(2026, 12, 30, 4, tzinfo=dt.UTC) + dt.timedelta(days=days) for days in range(3)]
# Sessions ended within the life of an access token; each leaves its id on the record until then. A log-in bears so
# many, and then every live one may end.
_ENDED_SESSIONS = MAX_NOTED + parameters.SESSIONS_MAX.high


def size_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """An item's size by DynamoDB's rules: names and values, UTF-8, numbers by their digits."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, inner),) = value.items()
    if kind == "S":
        return len(str(inner).encode())
    if kind == "B":
        return len(bytes(inner))
    if kind == "N":
        digits = len(inner.lstrip("-").strip("0") or "0")
        return (digits + 1) // 2 + 1 + int(inner.startswith("-"))
    if kind == "L":
        return 3 + sum(1 + _value_bytes(one) for one in inner)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_bytes(one) for name, one in inner.items())
    return 1  # BOOL, NULL


def stored_bytes(table: str, key: str) -> int:
    """The size of what the engine holds under a key."""
    answer = aws.dynamodb().get_item(TableName=settings.table(table), Key={_KEYS[table]: s(key)}, ConsistentRead=True)
    return size_bytes(answer["Item"])


def size_rows() -> list[Row]:
    """Instruction, payer, payee and customer after a usual and after the largest possible write."""
    payer, payee = new_customer("赵小明", 100_000_00), new_customer("钱红")
    rows = _after("typical", payer, payee, _paid(payer, payee, PURPOSE, str(uuid.uuid4())))
    with _at(_NEW_YEAR[0]):
        payer, payee = new_customer(_LONGEST_NAME, _MOST_FEN, _WIDEST), new_customer(_LONGEST_NAME, 0, _WIDEST)
        pay_in(payee.account, _MOST_FEN)
    # On the last day so many that the accounts' memory of entries is full too.
    moments = _NEW_YEAR + [_NEW_YEAR[-1]] * REMEMBERED_ENTRIES
    with fee_charged(99_99):
        for moment in moments:
            with _at(moment):
                entry_id = _paid(payer, payee, _LONGEST_PURPOSE, _LONGEST_CORRELATION_ID)
    with _at(moments[-1]):
        _end_sessions(payer)
    return rows + _after("worst", payer, payee, entry_id)


def _paid(payer: Customer, payee: Customer, purpose: str, correlation_id: str) -> str:
    """Create and confirm one transfer; its id."""
    transfer = awaiting(payer, request_between(payer, payee, _AMOUNT_FEN, purpose), correlation_id)
    transfer.confirm()
    return transfer.entry_id


def _end_sessions(customer: Customer) -> None:
    now = clock.now()
    record = customers.customer_of(customer.caller.customer_id)
    assert record is not None
    ended = [session_id(now, ids.random_id(4)) for _ in range(_ENDED_SESSIONS)]
    dies_at = int(now.timestamp()) + parameters.ACCESS_TOKEN_S.high
    assert transactions.commit(customers.ended_updates(record, dict.fromkeys(ended, dies_at), now))


def _after(case: str, payer: Customer, payee: Customer, entry_id: str) -> list[Row]:
    """What the transfer and those before it left behind."""
    found = {
        "instruction": stored_bytes("journal", entry_id),
        "payer_account": stored_bytes("accounts", payer.account),
        "payee_account": stored_bytes("accounts", payee.account),
        "customer": stored_bytes("customers", payer.caller.customer_id),
    }
    return [Row(f"item.{name}.{case}", size, "bytes", BUDGET_BYTES) for name, size in found.items()]


@contextmanager
def _at(moment: dt.datetime) -> Iterator[None]:
    """The bank's clock stands at that moment."""
    before = clock.use(clock.FixedClock(moment))
    try:
        yield
    finally:
        clock.use(before)
