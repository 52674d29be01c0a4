"""Instructions, accounts and customers as the tables hold them, for tests to vary."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from chalicelib.factors.domain import METHODS, STANDARD, Policy, Terms
from chalicelib.factors.service import Proof
from chalicelib.ledger.domain import NO_ENTRY, REMEMBERED_ENTRIES
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image
from chalicelib.transfers.domain import SMS, Instruction
from chalicelib.transfers.states import AWAITING

NOW = dt.datetime(2026, 11, 21, 10, 0, tzinfo=clock.SHANGHAI)
CUSTOMER = "c" * 20
SESSION = "s" * 20
CALLER = Caller(CUSTOMER, SESSION, "professional")
ENTRY = "mzxw6ytboi2dkmrrgu4tembxge"
PAYER = "9000010000000000017"
PAYEE = "9000010000000000025"
WRONG_CODES_DAY = 10
# Ceilings that do not bind.
POLICY = Policy(STANDARD, dict.fromkeys(METHODS, 10**12), None)
PROOF = Proof(Terms(WRONG_CODES_DAY, POLICY))


def instruction(**changes: Any) -> Instruction:
    """123.45 yuan from PAYER to PAYEE, created at NOW, three minutes to confirm it."""
    facts: dict[str, Any] = {
        "entry_id": ENTRY,
        "customer_id": CUSTOMER,
        "payer_account": PAYER,
        "payee_account": PAYEE,
        "payee_name": "钱红",
        "amount_fen": 12_345,
        "fee_fen": 0,
        "currency": "CNY",
        "purpose": "货款",
        "factor": SMS,
        "factor_id": "sms",
        "created_at": clock.to_text(NOW),
        "valid_until": clock.to_text(NOW + dt.timedelta(seconds=180)),
    }
    return Instruction(**{**facts, **changes})


def instruction_image(**changes: Any) -> Image:
    """The journal item of an instruction that awaits confirmation."""
    names = Instruction.__dataclass_fields__
    made = instruction(**{name: value for name, value in changes.items() if name in names})
    return {
        **{name: value for name, value in asdict(made).items() if value is not None},
        "kind": "transfer",
        "state": AWAITING,
        "outward": True,
        "payer_name": "赵小明",
        "tries": 1,
        "attempt": 1,
        "digest": made.digest(),
        "request_digest": b"r" * 16,
        "correlation_id": "correlation-1",
        **{name: value for name, value in changes.items() if name not in names},
    }


def account_image(account_id: str = PAYER, **changes: Any) -> Image:
    """An open account of CUSTOMER with 1,000.00 yuan and limits that do not bind."""
    return {
        "account_id": account_id,
        "customer_id": CUSTOMER,
        "branch_id": "0001",
        "holder": "赵小明",
        "kind": "savings",
        "currency": "CNY",
        "state": "open",
        "right": "full",
        "opened_on": "20260101",
        "available_fen": 100_000,
        "held_fen": 0,
        "seq": 7,
        "business_date": "20261120",
        "limit_single": 1_000_000,
        "limit_day": 1_000_000,
        "limit_count": 10,
        "limit_month": 1_000_000,
        "limit_year": 1_000_000,
        **{f"e{i}": NO_ENTRY for i in range(REMEMBERED_ENTRIES)},
        **changes,
    }


def resident_number(serial: int, birth_date: str = "19900307", region: str = "110101") -> str:
    """A made-up resident identity number whose check digit is right (GB 11643)."""
    body = f"{region}{birth_date}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def customer_image(**changes: Any) -> Image:
    """An active professional customer whose limits do not bind."""
    return {
        "customer_id": CUSTOMER,
        "state": "active",
        "edition": "professional",
        "transfers_on": True,
        "revoked": {},
        "devices": {},
        "factors": {"sms": "sms"},
        "limit_outward": 1_000_000,
        "limit_nocert": 1_000_000,
        "limit_nofactor": 1_000_000,
        **changes,
    }


def account_change(legs: list[int], *, kinds: list[str] | None = None, **wrong: Any) -> tuple[Image, Image]:
    """An account before and after a write with these legs."""
    old = account_image(available_fen=100_000, held_fen=500, seq=7)
    new = {
        **old,
        "available_fen": 100_000 + sum(legs),
        "seq": 7 + len(legs),
        "legs": [{"f": leg, "k": kind} for leg, kind in zip(legs, kinds or ["principal"] * len(legs), strict=True)],
        "business_date": "20261121",
        "changed_at": "2026-11-21T02:00:00.000Z",
        "correlation_id": "correlation-1",
        "e0": ENTRY,
        **wrong,
    }
    return old, new
