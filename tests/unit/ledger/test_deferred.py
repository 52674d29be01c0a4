"""Deferred legs: what an entry brings to which account, in which parts, and what the account's change carries."""

from __future__ import annotations

import pytest

from chalicelib.accounts.domain import FIRST_HASH, lines_of
from chalicelib.ledger import deferred
from chalicelib.ledger.deferred import MAX_CREDITS, MAX_CUSTOMER_LEGS, Credit
from chalicelib.ledger.domain import (
    FEE_INCOME_ACCOUNT,
    REMEMBERED_ENTRIES,
    EntryUnbalanced,
    Leg,
    entry_from_image,
    remember_entries,
)
from chalicelib.ledger.service import postings_of
from chalicelib.platform.dynamo import ItemUpdate, s, to_image
from chalicelib.platform.errors import NotFound
from chalicelib.transfers.posting import entry_of
from tests.unit.samples import ENTRY, PAYEE, PAYER, account_image, instruction
from tests.unit.test_item_sizes import item_size

DAY, NEXT = "20261121", "20261122"


def posted(*, payee_is_deferred: bool = True, fee_fen: int = 200) -> dict[str, object]:
    """A posted journal item, as far as the worker reads it."""
    entry = entry_of(instruction(fee_fen=fee_fen), payee_is_deferred=payee_is_deferred)
    return {"entry_id": ENTRY, "business_date": DAY, "postings": postings_of(entry)}


def credit(number: int, account_id: str = PAYEE, legs: int = 1, date: str = DAY) -> Credit:
    return Credit(account_id, f"{number:026d}", date, tuple(Leg(account_id, 100) for _ in range(legs)))


def test_only_the_payee_and_house_accounts_wait() -> None:
    found = deferred.credits_of(posted())
    assert [(c.account_id, c.total_fen, c.line) for c in found] == [
        (PAYEE, 12_345, f"{DAY}#{ENTRY}"),
        (FEE_INCOME_ACCOUNT, 200, f"{DAY}#{ENTRY}"),
    ]
    assert [c.account_id for c in deferred.credits_of(posted(payee_is_deferred=False))] == [FEE_INCOME_ACCOUNT]
    # what the write itself posts is the rest
    entry = entry_from_image(posted())
    assert entry.customer_accounts() == [PAYER]
    assert entry.legs_of(PAYEE) == ()


def test_an_entry_that_does_not_balance_is_not_taken_apart() -> None:
    image = posted()
    image["postings"] = image["postings"][1:]  # type: ignore[index]  # a list
    with pytest.raises(EntryUnbalanced):
        deferred.credits_of(image)


@pytest.mark.parametrize(
    ("credits_", "sizes"),
    [
        ([credit(i, FEE_INCOME_ACCOUNT) for i in range(250)], [MAX_CREDITS, MAX_CREDITS, 250 - 2 * MAX_CREDITS]),
        ([credit(i) for i in range(50)], [MAX_CUSTOMER_LEGS, MAX_CUSTOMER_LEGS, 50 - 2 * MAX_CUSTOMER_LEGS]),
        ([credit(0, legs=15), credit(1, legs=15), credit(2, legs=5)], [1, 2]),
        ([credit(0)], [1]),
        ([], []),
    ],
    ids=["house", "customer", "an entry is not torn apart", "one", "none"],
)
def test_parts_fit_a_transaction_and_an_item(credits_: list[Credit], sizes: list[int]) -> None:
    parts = deferred.chunks(credits_)
    assert [len(part) for part in parts] == sizes
    assert [one for part in parts for one in part] == credits_


def test_credits_go_to_their_accounts_oldest_first() -> None:
    mixed = [credit(2, date=NEXT), credit(1, FEE_INCOME_ACCOUNT), credit(0), credit(3)]
    assert {name: [c.line for c in part] for name, part in deferred.by_account(mixed).items()} == {
        PAYEE: [credit(0).line, credit(3).line, credit(2, date=NEXT).line],
        FEE_INCOME_ACCOUNT: [credit(1).line],
    }


def change(credits_: list[Credit], account_id: str = PAYEE) -> dict[str, dict[str, object]]:
    """The values of the update that carries `credits_`, posted on NEXT."""
    update = ItemUpdate("unit-accounts", {"account_id": s(account_id)}, missing=NotFound)
    deferred.apply(update, credits_, 7, NEXT, "2026-11-21T16:30:00.000Z")
    return dict(update.parameters()["ExpressionAttributeValues"])


def test_lines_are_made_of_the_change_each_with_its_entry_and_date() -> None:
    values = change([credit(0), credit(1, date=NEXT)])
    old = account_image(PAYEE, available_fen=1_000, seq=7)
    new = {
        **old,
        "available_fen": 1_200,
        "seq": 9,
        "legs": to_image({"legs": values[":legs"]})["legs"],
        "business_date": NEXT,
        "changed_at": "2026-11-21T16:30:00.000Z",
        "correlation_id": "c",
        "e0": credit(1).entry_id,
    }
    lines = lines_of(old, new)
    assert [(line.entry_id, line.business_date, line.valued_on, line.balance_fen) for line in lines] == [
        (credit(0).entry_id, NEXT, DAY, 1_100),
        (credit(1).entry_id, NEXT, NEXT, 1_200),
    ]
    # the value date is chained where it says something, so an altered one is found
    first = lines[0].chained_to(FIRST_HASH)
    altered = type(first)(**{name: getattr(first, name) for name in first.__dataclass_fields__} | {"value_date": NEXT})
    assert altered.chained_to(FIRST_HASH).chain != first.chain


def test_a_house_account_carries_no_legs_and_a_customers_stays_small() -> None:
    assert ":legs" not in change([credit(i, FEE_INCOME_ACCOUNT) for i in range(MAX_CREDITS)], FEE_INCOME_ACCOUNT)
    legs = change([credit(i) for i in range(MAX_CUSTOMER_LEGS)])[":legs"]
    assert item_size({"legs": legs}) < 1_024 + 512


@pytest.mark.parametrize("count", [1, 2, 7, 8, 20])
def test_an_account_remembers_its_last_entries_in_order(count: int) -> None:
    # given a memory of 8, and `count` entries that come together
    memory = {f"e{i}": f"old{i}" for i in range(REMEMBERED_ENTRIES)}
    values = {f":entry{i}": f"new{i}" for i in range(min(count, REMEMBERED_ENTRIES))}
    # when the update is done as the engine does it: all right sides first
    after = dict(memory)
    for clause in remember_entries(count).split(", "):
        target, source = (part.strip() for part in clause.split("="))
        after[target[1:]] = values[source] if source in values else memory[source[1:]]
    # then the newest come first, and what is old moves on
    expected = [*(f"new{i}" for i in range(count)), *memory.values()][:REMEMBERED_ENTRIES]
    assert list(after.values()) == expected
