"""What a report means for a payment: one table a rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.clearing.domain import RETURNED, SETTLED, Answer, Reported, meant_by, request_id
from chalicelib.clearing.errors import AnswerRefused
from tests.unit.clearing.test_messages import ENTRY, ORDER

SAID = Reported(frozenset({ENTRY}), "ACSC")


@pytest.mark.parametrize(
    ("code", "reason", "answer"),
    [
        ("ACSC", "", Answer(SETTLED)),
        ("ACCC", "", Answer(SETTLED)),
        # settled whatever else is remarked
        ("ACSC", "AM05", Answer(SETTLED)),
        ("RJCT", "AC04", Answer(RETURNED, "AC04")),
        ("RJCT", "", Answer(RETURNED)),
        # the schema admits any four characters; what is none of the standard's codes is not passed on
        ("RJCT", "<b>", Answer(RETURNED)),
        ("ACSP", "", None),
        ("ACWP", "", None),
        ("PDNG", "NARR", None),
    ],
)
def test_a_status_is_an_end_or_none(code: str, reason: str, answer: Answer | None) -> None:
    assert replace(SAID, status=code, reason=reason).answer() == answer


@pytest.mark.parametrize(
    ("code", "reason", "why"),
    [
        ("", "", "status"),
        ("CANC", "", "status"),
        ("BLCK", "", "status"),
        ("PART", "", "status"),
        ("acsc", "", "status"),
        ("RJCT", "AM05", "duplicate"),
        ("RJCT", "DUPL", "duplicate"),
        ("RJCT", "DU04", "duplicate"),
    ],
)
def test_a_status_that_says_neither_is_refused(code: str, reason: str, why: str) -> None:
    with pytest.raises(AnswerRefused) as refused:
        replace(SAID, status=code, reason=reason).answer()
    assert refused.value.reason == why


@pytest.mark.parametrize(
    ("ids", "why"),
    [(set(), "ambiguous"), ({ENTRY, "b"}, "ambiguous"), ({"b"}, "unknown"), ({ENTRY.upper()}, "unknown")],
)
def test_what_names_no_payment_or_two_is_refused(ids: set[str], why: str) -> None:
    with pytest.raises(AnswerRefused) as refused:
        assert replace(SAID, ids=frozenset(ids)).entry_id
    assert refused.value.reason == why


def test_what_is_repeated_of_the_order_has_to_be_ours() -> None:
    ours: dict[str, Any] = {
        "amount": "1234.56",
        "currency": "CNY",
        "payee_bank": ORDER.payee_bank,
        "payee_account": ORDER.payee_account,
        "payee_name": ORDER.payee_name,
    }
    replace(SAID, **ours).require(ORDER)
    SAID.require(ORDER)
    for name in ours:
        replace(SAID, **{**ours, name: ""}).require(ORDER)
        with pytest.raises(AnswerRefused, match="differs"):
            replace(SAID, **{**ours, name: "1234.57"}).require(ORDER)


def test_a_request_has_an_id_of_its_own_each_hour_that_leads_back() -> None:
    at = dt.datetime(2026, 11, 21, 23, 59, tzinfo=dt.UTC)
    ids = [request_id(ENTRY, at + dt.timedelta(minutes=minutes)) for minutes in (-59, 0, 1)]
    assert ids == [f"{ENTRY}Q26112123", f"{ENTRY}Q26112123", f"{ENTRY}Q26112200"]
    assert {len(one) for one in ids} == {35}
    assert [meant_by(one) for one in (*ids, ENTRY, "x", f"{ENTRY}Q")] == [*[ENTRY] * 4, "x", f"{ENTRY}Q"]
