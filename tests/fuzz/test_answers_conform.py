"""Schemathesis asks the bank as a visitor, and as who pays by each factor: answers are as the contract says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chain.bank import Bank
from tests.fuzz import town
from tests.fuzz.asking import TO_THE_RECEIPT, asked, chained
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
