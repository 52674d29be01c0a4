"""What you see is what you sign: one canonical form, one digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.transfers.domain import Instruction, Request, state_at
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
    before = getattr(instruction(), name)
    changed: dict[str, Any] = {name: before + 1 if isinstance(before, int) else f"{before or ''}x"}
    after = replace(instruction(), **changed)
    # then so is the digest that was confirmed
    assert after.digest() != instruction().digest()


@given(st.text(max_size=30), st.text(max_size=60), st.text(max_size=30), st.text(max_size=60))
def test_facts_do_not_run_together(name: str, purpose: str, other_name: str, other_purpose: str) -> None:
    one = instruction(payee_name=name, purpose=purpose)
    other = instruction(payee_name=other_name, purpose=other_purpose)
    assert (one.digest() == other.digest()) == ((name, purpose) == (other_name, other_purpose))
    assert json.loads(one.canonical())["payee_name"] == name


def test_a_stored_instruction_reads_back_with_the_same_digest() -> None:
    image = instruction_image(fee_fen=200, purpose="")
    assert Instruction.from_image(image).digest() == image["digest"]


REQUEST = Request(PAYER, PAYEE, "钱红", 12_345, "CNY", "货款", valid_until="2026-11-21T02:05:00.000Z")


@pytest.mark.parametrize("name", Request.__dataclass_fields__)
def test_any_changed_field_of_a_request_makes_it_another(name: str) -> None:
    before = asdict(REQUEST)[name]
    changed: dict[str, Any] = {name: before + 1 if isinstance(before, int) else f"{before or ''}x"}
    other = replace(REQUEST, **changed)
    assert other.digest() != REQUEST.digest() == replace(REQUEST).digest()


def test_a_request_that_states_no_time_keeps_its_digest() -> None:
    # Written down once: a repeat of what was stored long ago must still be known.
    assert replace(REQUEST, valid_until=None).digest().hex() == "853c2b6b2ed28ece8024aa1c49fb9c61"


@pytest.mark.requirement("NB-5.3.3-sms")
@pytest.mark.parametrize(
    ("state", "now", "seen"),
    [
        ("awaiting", "2026-11-21T02:02:59.999Z", "awaiting"),
        ("awaiting", "2026-11-21T02:03:00.000Z", "expired"),
        ("awaiting", "2026-11-22T00:00:00.000Z", "expired"),
        ("posted", "2026-11-22T00:00:00.000Z", "posted"),
    ],
)
def test_an_instruction_that_waited_too_long_reads_expired(state: str, now: str, seen: str) -> None:
    assert state_at(instruction_image(state=state), now) == seen


def test_what_leaves_the_payer_is_amount_and_fee() -> None:
    assert instruction(amount_fen=100, fee_fen=7).debit_fen == 107
