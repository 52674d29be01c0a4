"""Schemathesis asks the bank whatever customers and staff may ask: `make fuzz`, too long for `make prove`."""

from __future__ import annotations

import pytest

from chalicelib.staff import domain
from tests.chain.bank import Bank
from tests.fuzz import town
from tests.fuzz.asking import BRIEF, TO_THE_RECEIPT, asked, asked_as_staff, chained
from tests.fuzz.runs import Bounds


def test_a_customer_is_answered_as_the_contract_says(bank: Bank, bounds: Bounds) -> None:
    first, last = town.customer(bank, bounds.seed, "sms")
    done = chained(bank, first, bounds)
    assert done.keys() >= TO_THE_RECEIPT, done
    for role in (first, last):
        asked(bank, role, bounds)


@pytest.mark.parametrize("role", [role for role in domain.ROLES if role not in BRIEF])
def test_staff_are_answered_as_the_contract_says(bank: Bank, bounds: Bounds, role: str) -> None:
    asked_as_staff(bank, role, bounds)
