"""One role after another asks a bank in this process, and nothing it is answered is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from chalicelib.staff import domain
from tests.chain.bank import Bank
from tests.fuzz import town
from tests.fuzz.gateway import Gateway
from tests.fuzz.runs import UNASKED, Bounds, Found, Role, run

# A token that is left out or wrong is for tests/chain/test_tokens.py and for the deployed bank: the check needs HTTP.
HERE = (*UNASKED, "ignored_auth")
# A chain is up to eight requests, and the way to its end is narrow.
CHAINS_AN_EXAMPLE = 5
# Of all roles of staff, these are asked within seconds.
BRIEF = {domain.AUDITOR}
# Each way that money goes is gone to its end.
TO_THE_RECEIPT = {"POST /v1/transfers/{transfer_id}/confirmation", "GET /v1/transfers/{transfer_id}/receipt"}


def asked(bank: Bank, role: Role, bounds: Bounds) -> Found:
    """The run's finds, none of which is a failure."""
    found = run(role, replace(bounds, unasked=HERE), app=Gateway(bank))
    print(f"{role.name}: {found.report()}")
    assert not found.failures, f"{role.name}: {found.report()}"
    return found


def chained(bank: Bank, role: Role, bounds: Bounds, an_example: int = CHAINS_AN_EXAMPLE) -> Counter[str]:
    """Follow the links of the contract from answer to answer, in so many chains an example; how often each operation
    was done.
    """
    done: Counter[str] = Counter()
    for chain in town.chains(role):
        examples = bounds.examples * an_example
        more = replace(bounds, examples=examples, phases=["fuzzing", "stateful"], mode="positive")
        done += asked(bank, chain, more).done
    return done


def asked_as_staff(bank: Bank, role: str, bounds: Bounds) -> None:
    """All posts of a role, one after another: what one post does first is asked at length, what is shared in brief."""
    known = town.staff_knows(bank, bounds.seed)
    for post in sorted(domain.SEATS[role][1], reverse=True):
        own, shared = (town.seated(bank, role, post, known, first=first) for first in (True, False))
        # There are many groups of links, of few steps each.
        chained(bank, replace(own, operations=[*own.operations, *shared.operations]), bounds, an_example=1)
        if own.operations:
            asked(bank, own, bounds)
        if shared.operations:
            asked(bank, shared, replace(bounds, phases=["fuzzing"]))
