"""A payment's items stay under 1 KB, so that each costs two write units in a transaction, not four."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from types_boto3_dynamodb import DynamoDBClient

from chalicelib.customers import service as customers
from chalicelib.factors import code_secret
from chalicelib.identity.domain import session_id
from chalicelib.identity.sessions import MAX_NOTED
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.ledger.domain import REMEMBERED_ENTRIES
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.parameters import store as parameters_store
from chalicelib.parameters.domain import Row
from chalicelib.parameters.service import SESSIONS_MAX
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.domain import MAX_NAME, MAX_PURPOSE, Request
from chalicelib.transfers.posting import draft_of
from chalicelib.transfers.store import entry_id_of
from tests.unit.samples import CUSTOMER, PAYEE, PAYER, PROOF, SESSION

KB = 1024
NAME = "赵" * MAX_NAME
PURPOSE = "款" * MAX_PURPOSE
CORRELATION_ID = "c" * 36
LARGE_FEN = 98_765_432_109
# Across a year's end, so that two months and two years have their buckets; older than two days is removed.
DAYS = [dt.datetime(2026, 12, day, 10, 0, tzinfo=clock.SHANGHAI) for day in (30, 31)] + [
    dt.datetime(2027, 1, 1, 10, 0, tzinfo=clock.SHANGHAI)
]


def size_of(value: dict[str, Any]) -> int:
    """Bytes of one attribute value by DynamoDB's rules."""
    ((kind, inner),) = value.items()
    if kind == "S":
        return len(str(inner).encode())
    if kind == "N":
        digits = str(inner).lstrip("-").strip("0") or "0"
        return (len(digits) + 1) // 2 + 1 + str(inner).startswith("-")
    if kind == "B":
        return len(bytes(inner))
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + size_of(one) for one in inner)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size_of(one) for name, one in inner.items())
    raise AssertionError(kind)


def item_size(item: dict[str, Any]) -> int:
    """Bytes of an item: names and values."""
    return sum(len(name.encode()) + size_of(value) for name, value in item.items())


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "赵a"}, 4),
        ({"N": "0"}, 2),
        ({"N": "100"}, 2),
        ({"N": "12345"}, 4),
        ({"N": "-12345"}, 5),
        ({"B": b"123"}, 3),
        ({"BOOL": True}, 1),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"ab": {"S": "c"}}}, 7),
    ],
)
def test_the_rules_of_size(value: dict[str, Any], size: int) -> None:
    assert size_of(value) == size


@pytest.fixture
def fattest(engine: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Raw items after the longest transfers on three days running: everything at its longest, a fee on top."""
    rows = {"fee.transfer.own_bank_fen": Row(99_99), "factor.sms.ceiling_fen": Row(10**12)}
    monkeypatch.setattr(parameters_store, "rows", lambda: rows)
    monkeypatch.setattr(code_secret, "current", lambda: b"secret of the codes")
    limits = AccountLimits(10**12 - 1, 10**12 - 1, 99_999, 10**13 - 1, 10**13 - 1)
    for account_id, owner in ((PAYER, CUSTOMER), (PAYEE, "d" * 20)):
        ledger.open_account(
            ledger.NewAccount(account_id, owner, "0001", NAME, "settlement", ledger.RIGHT_FULL, "20260101", limits)
        )
    customers.add_customer(
        CUSTOMER,
        limit_outward_fen=10**12 - 1,
        limit_nocert_fen=10**12 - 1,
        limit_nofactor_fen=10**12 - 1,
        factors={"sms": "sms", "tokens": "token", "phones": "phone", "clouds": "cloud", "usbkey": "usb_key"},
    )
    deposit_cash(
        account_id=PAYER,
        branch_id="0001",
        amount_fen=999_999_999_999_999,
        reference="voucher-1",
        teller_id="T0001",
        at=DAYS[0] - dt.timedelta(days=1),
    )
    clock.use(clock.FixedClock(DAYS[0]))
    caller = Caller(CUSTOMER, SESSION, "professional")
    request = Request(PAYER, PAYEE, NAME, LARGE_FEN, "CNY", PURPOSE)
    for day in DAYS:
        clock.use(clock.FixedClock(day))
        key = f"key-{day:%Y%m%d}"
        image = create_transfer(caller, key, request, CORRELATION_ID, day).image
        ledger.post(lambda at, image=image: draft_of(image, caller, at, PROOF))  # type: ignore[misc]  # bound per day
    entry_id = entry_id_of(CUSTOMER, key)
    items = {
        "account": engine.get_item(TableName="unit-accounts", Key={"account_id": {"S": PAYER}})["Item"],
        "instruction": engine.get_item(TableName="unit-journal", Key={"entry_id": {"S": entry_id}})["Item"],
        "customer": engine.get_item(TableName="unit-customers", Key={"customer_id": {"S": CUSTOMER}})["Item"],
    }
    # What is confirmed by nothing takes from one counter more.
    items["customer"] |= {f"nofactor_{clock.business_date(day)}": {"N": str(-LARGE_FEN)} for day in DAYS}
    # Four entries filled half of the account's memory; the rest is as long.
    return {**items, "account": items["account"] | {f"e{i}": {"S": entry_id} for i in range(REMEMBERED_ENTRIES)}}


@pytest.mark.parametrize("name", ["account", "customer", "instruction"])
def test_the_fattest_items_of_a_payment_are_under_one_kilobyte(fattest: dict[str, dict[str, Any]], name: str) -> None:
    assert item_size(fattest[name]) < KB


def test_the_buckets_of_three_days_were_weighed(fattest: dict[str, dict[str, Any]]) -> None:
    buckets = [name for name in fattest["account"] if name.startswith(("day_", "count_", "month_", "year_"))]
    assert len(buckets) == 2 * len(DAYS) + 2 + 2


def test_a_customer_with_all_there_can_be_stays_under_one_kilobyte(fattest: dict[str, dict[str, Any]]) -> None:
    # given as many notes of ended sessions as there can be: those that a log-in tolerates, and then each live one
    ids = [session_id(DAYS[0] + dt.timedelta(seconds=i), "z" * 7) for i in range(MAX_NOTED + SESSIONS_MAX.high)]
    # and all five factors and devices, and counts of two days: creation takes off older ones
    assert len(fattest["customer"]["factors"]["M"]) == 5
    counts = {f"{name}_2027010{day}": {"N": "99"} for name in ("wrong", "codes") for day in (1, 2)}
    more = {
        "revoked": {"M": {id_: {"N": "1795255891"} for id_ in ids}},
        "since": {"S": ids[0]},
        "devices": {"M": {f"{i:016d}": {"N": "1"} for i in range(parameters.DEVICES_MAX.high)}},
        "phone_at": {"N": "1795255800123"},
        "token_step": {"N": "29996640"},
        "misnamed": {"N": "999"},
        "misnamed_on": {"S": "20270102"},
    }
    assert item_size(fattest["customer"] | counts | more) < KB


def test_an_instruction_of_everyday_length_is_far_under_one_kilobyte(fattest: dict[str, dict[str, Any]]) -> None:
    everyday = {"payer_name": "赵小明", "payee_name": "欧阳红", "purpose": "十一月份房租", "correlation_id": "c" * 36}
    item = fattest["instruction"] | {name: {"S": text} for name, text in everyday.items()}
    assert item_size(item) < KB * 3 // 4


# What a certificate adds: its key, its serial number and a signature in place of the seal.
SIGNED = {
    "factor": {"S": "certificate"},
    "factor_id": {"S": "k7mq2xa"},
    "pubkey": {"B": b"k" * 33},
    "serial": {"B": b"s" * 8},
    "proof": {"B": b"p" * 64},
}
# With every text at its longest, a signed instruction costs two units more; no everyday one does.
MOST_SIGNED = 1136


def test_a_signed_instruction_is_under_one_kilobyte_unless_all_is_at_its_longest(
    fattest: dict[str, dict[str, Any]],
) -> None:
    longest = fattest["instruction"] | SIGNED
    assert KB < item_size(longest) <= MOST_SIGNED
    assert item_size(longest | {"payee_name": {"S": "欧阳红"}, "purpose": {"S": "十一月份房租"}}) < KB
