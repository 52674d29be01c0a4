"""Schemathesis asks the bank as a visitor, as who pays by each factor and as who audits, by the contract."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chain.bank import Bank
from tests.fuzz import town
from tests.fuzz.asking import BRIEF, TO_THE_RECEIPT, asked, asked_as_staff, chained
from tests.fuzz.runs import Bounds


def test_a_visitor_is_answered_as_the_contract_says(bank: Bank, bounds: Bounds) -> None:
    asked(bank, town.visitor(bank, bounds.seed), bounds)


@pytest.mark.parametrize(
    ("factor", "edition"), [("token", "professional"), ("certificate", "professional"), ("sms", "express")]
)
def test_whoever_pays_is_answered_as_the_contract_says(bank: Bank, bounds: Bounds, factor: str, edition: str) -> None:
    role = town.paying(town.customer(bank, bounds.seed, factor, edition)[0])
    done = chained(bank, role, bounds)
    assert (done.keys() >= TO_THE_RECEIPT) is (edition == "professional"), done
    asked(bank, role, replace(bounds, phases=["fuzzing"]))


@pytest.mark.parametrize("role", sorted(BRIEF))
def test_staff_who_do_little_are_answered_as_the_contract_says(bank: Bank, bounds: Bounds, role: str) -> None:
    asked_as_staff(bank, role, bounds)
