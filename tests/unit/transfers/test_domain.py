"""What you see is what you sign: one canonical form, one digest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform import clock
from chalicelib.transfers.domain import Instruction, Request, arrival, state_at
from tests.unit.samples import PAYEE, PAYER, instruction, instruction_image

# Written down once and for all: receipts and signatures of years ago must still verify.
CANONICAL = (
    '{"amount":"123.45","created_at":"2026-11-21T02:00:00.000Z","currency":"CNY",'
    '"customer_id":"cccccccccccccccccccc","entry_id":"mzxw6ytboi2dkmrrgu4tembxge","factor":"sms","factor_id":"sms",'
    '"fee":"0.00",'
    '"payee_account":"9000010000000000025","payee_name":"钱红","payer_account":"9000010000000000017",'
    '"purpose":"货款","valid_until":"2026-11-21T02:03:00.000Z","version":"rural-bank-instruction-2"}'
)
DIGEST = "05e29dc151c432f172292183cd4f6e9ec4e270d0d543fc7ec5a3f539b9220da1"


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_the_canonical_form_never_changes() -> None:
    assert instruction().canonical().decode() == CANONICAL
    assert instruction().digest().hex() == DIGEST
    assert hashlib.sha256(CANONICAL.encode()).hexdigest() == DIGEST


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize("name", Instruction.__dataclass_fields__)
def test_any_changed_field_changes_the_digest(name: str) -> None:
    # given an instruction, when any one fact of it is another
    later = instruction(speed="normal", arrives_at="2026-11-21T04:03:00.000Z", payee_bank="999100000018")
    before = getattr(later, name)
    changed: dict[str, Any] = {name: before + 1 if isinstance(before, int) else before + "x"}
    after = replace(later, **changed)
    # then so is the digest that was confirmed
    assert after.digest() != later.digest()


@given(st.text(max_size=30), st.text(max_size=60), st.text(max_size=30), st.text(max_size=60))
def test_facts_do_not_run_together(name: str, purpose: str, other_name: str, other_purpose: str) -> None:
    one = instruction(payee_name=name, purpose=purpose)
    other = instruction(payee_name=other_name, purpose=other_purpose)
    assert (one.digest() == other.digest()) == ((name, purpose) == (other_name, other_purpose))
    assert json.loads(one.canonical())["payee_name"] == name


def test_a_stored_instruction_reads_back_with_the_same_digest() -> None:
    image = instruction_image(fee_fen=200, purpose="")
    assert Instruction.from_image(image).digest() == image["digest"]


REQUEST = Request(PAYER, PAYEE, "钱红", 12_345, "CNY", "货款", valid_until="2026-11-21T02:05:00.000Z", speed="normal")


@pytest.mark.parametrize("name", Request.__dataclass_fields__)
def test_any_changed_field_of_a_request_makes_it_another(name: str) -> None:
    before = asdict(REQUEST)[name]
    changed: dict[str, Any] = {name: before + 1 if isinstance(before, int) else f"{before or ''}x"}
    other = replace(REQUEST, **changed)
    assert other.digest() != REQUEST.digest() == replace(REQUEST).digest()


def test_a_request_that_states_no_time_keeps_its_digest() -> None:
    # Written down once: a repeat of what was stored long ago must still be known.
    assert replace(REQUEST, valid_until=None, speed=None).digest().hex() == "853c2b6b2ed28ece8024aa1c49fb9c61"


@pytest.mark.requirement("NB-5.3.3-sms")
@pytest.mark.parametrize(
    ("state", "now", "seen"),
    [
        ("awaiting", "2026-11-21T02:02:59.999Z", "awaiting"),
        ("awaiting", "2026-11-21T02:03:00.000Z", "expired"),
        ("awaiting", "2026-11-22T00:00:00.000Z", "expired"),
        ("posted", "2026-11-22T00:00:00.000Z", "posted"),
        ("pending", "2026-11-22T00:00:00.000Z", "pending"),
    ],
)
def test_an_instruction_that_waited_too_long_reads_expired(state: str, now: str, seen: str) -> None:
    assert state_at(instruction_image(state=state), now) == seen


NORMAL_MIN, AT_MIN = 120, 0


@pytest.mark.parametrize(
    ("speed", "latest", "arrives"),
    [
        ("normal", "2026-11-21T15:59:59.999", "2026-11-21T17:59:59.999"),
        ("next_day", "2026-11-21T15:59:59.999", "2026-11-21T16:00:00.000"),
        ("next_day", "2026-11-21T16:00:00.000", "2026-11-22T16:00:00.000"),
        ("next_day", "2026-12-31T04:00:00.000", "2026-12-31T16:00:00.000"),
        ("next_day", "2028-02-28T04:00:00.000", "2028-02-28T16:00:00.000"),
        ("next_day", "2028-02-29T04:00:00.000", "2028-02-29T16:00:00.000"),
    ],
)
def test_when_it_arrives_follows_from_the_last_moment_of_its_confirmation(
    speed: str, latest: str, arrives: str
) -> None:
    found = arrival(speed, clock.from_text(f"{latest}Z"), normal_min=NORMAL_MIN, next_day_at_min=AT_MIN)
    assert clock.to_text(found) == f"{arrives}Z"


def test_when_it_arrives_follows_the_banks_parameters() -> None:
    latest = clock.from_text("2026-11-21T04:00:00.000Z")
    assert arrival("normal", latest, normal_min=30, next_day_at_min=540) == latest + dt.timedelta(minutes=30)
    assert clock.to_text(arrival("next_day", latest, normal_min=30, next_day_at_min=540)) == "2026-11-22T01:00:00.000Z"


def test_what_leaves_the_payer_is_amount_and_fee() -> None:
    assert instruction(amount_fen=100, fee_fen=7).debit_fen == 107
