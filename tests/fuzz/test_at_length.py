"""Schemathesis asks the bank whatever customers and staff may ask: `make fuzz`, too long for `make prove`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.staff import domain
from tests.chain.bank import Bank
from tests.fuzz import town
from tests.fuzz.asking import TO_THE_RECEIPT, asked, chained
from tests.fuzz.runs import Bounds


def test_a_customer_is_answered_as_the_contract_says(bank: Bank, bounds: Bounds) -> None:
    first, last = town.customer(bank, bounds.seed, "sms")
    done = chained(bank, first, bounds)
    assert done.keys() >= TO_THE_RECEIPT, done
    for role in (first, last):
        asked(bank, role, bounds)


@pytest.mark.parametrize("role", domain.ROLES)
def test_staff_are_answered_as_the_contract_says(bank: Bank, bounds: Bounds, role: str) -> None:
    known = town.staff_knows(bank, bounds.seed)
    for post in sorted(domain.SEATS[role][1], reverse=True):
        own, shared = (town.seated(bank, role, post, known, first=first) for first in (True, False))
        # Short chains, and many of them: one each keeps all of `make fuzz` within ten minutes.
        chained(bank, replace(own, operations=[*own.operations, *shared.operations]), bounds, an_example=1)
        if own.operations:
            asked(bank, own, bounds)
        if shared.operations:
            asked(bank, shared, replace(bounds, phases=["fuzzing"]))
