"""What a batch says of itself: its sums, its facts, what makes two of them one."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.batches.domain import Line, Wanted, line_of, repeated, stored
from chalicelib.batches.service import entry_id_of, request_digest_of

BATCH, PAYER = "b" * 26, "9000010000000000017"
ONE = Line(1, "9000010000000000025", "钱红", 10_00, "分摊")
TWO = Line(2, "9000010000000000033", "孙立", 20_00, "", fee_fen=50)
OWN = Line(3, "9000010000000000041", "赵小明", 5_00, outward=False)


def test_sums_are_of_all_and_what_goes_to_others_of_those_alone() -> None:
    wanted = Wanted(BATCH, PAYER, (ONE, TWO, OWN))
    assert (wanted.total_fen, wanted.fee_fen, wanted.outward, wanted.outward_fen) == (35_00, 50, [10_00, 20_00], 30_00)


def test_facts_are_text_and_name_each_payment_whole() -> None:
    facts = Wanted(BATCH, PAYER, (ONE, TWO)).facts()
    assert facts == {
        "batch": BATCH,
        "payer_account": PAYER,
        "count": "2",
        "total": "30.00",
        "fee": "0.50",
        "line_01": (
            '{"amount":"10.00","fee":"0.00","own":"no","payee_account":"9000010000000000025","payee_name":"钱红",'
            '"purpose":"分摊"}'
        ),
        "line_02": (
            '{"amount":"20.00","fee":"0.50","own":"no","payee_account":"9000010000000000033","payee_name":"孙立",'
            '"purpose":""}'
        ),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"payee_account": "9000010000000000058"},
        {"payee_name": "孙丽"},
        {"amount_fen": 20_01},
        {"purpose": "x"},
    ],
)
def test_whatever_a_customer_says_differently_is_another_request(change: dict[str, object]) -> None:
    first = Wanted(BATCH, PAYER, (ONE, TWO))
    other = Wanted(BATCH, PAYER, (ONE, dataclasses.replace(TWO, **change)))  # type: ignore[arg-type]  # the fields' own types
    assert first.digest() != other.digest()
    assert first.digest() != Wanted(BATCH, PAYER, (TWO, ONE)).digest()
    # the fee and whose account it is are the bank's to say
    quoted = Wanted(BATCH, PAYER, (ONE, dataclasses.replace(TWO, fee_fen=0, outward=False)))
    assert first.digest() == quoted.digest()


texts = st.text(alphabet='钱红{}",:\\|# ', max_size=8)
names = st.text(alphabet='钱红{}",:\\|# ', min_size=1, max_size=8)
lines = st.builds(Line, st.integers(1, 50), names, names, st.integers(1, 10**15), texts, st.integers(0, 10**4))


@given(lines, lines)
def test_no_two_payments_share_a_fact(one: Line, other: Line) -> None:
    said = ("payee_account", "payee_name", "amount_fen", "fee_fen", "purpose")
    same = all(getattr(one, name) == getattr(other, name) for name in said)
    assert (one.fact() == other.fact()) == same
    assert set(json.loads(one.fact())) == {"payee_account", "payee_name", "amount", "fee", "purpose", "own"}


@given(lines)
def test_a_line_is_read_as_it_was_stored(line: Line) -> None:
    assert line_of(stored(line)) == line


def test_the_same_payment_twice_is_found_and_another_purpose_is_another_payment() -> None:
    again = dataclasses.replace(ONE, number=3)
    assert repeated([ONE, TWO, again]) == (3, 1)
    assert repeated([ONE, TWO, dataclasses.replace(again, purpose="补差")]) is None
    assert repeated([ONE, TWO, dataclasses.replace(again, amount_fen=1)]) is None


def test_a_payments_id_is_of_batch_and_number() -> None:
    ids = {entry_id_of(batch, number) for batch in ("a" * 26, "b" * 26) for number in range(1, 51)}
    digests = {request_digest_of(batch, number) for batch in ("a" * 26, "b" * 26) for number in range(1, 51)}
    assert (len(ids), len(digests)) == (100, 100)
    assert entry_id_of("a" * 26, 1) == entry_id_of("a" * 26, 1)
