"""Entries balance, or are none; an account's update carries its legs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger.domain import (
    FEE_INCOME_ACCOUNT,
    MAX_LEGS,
    Account,
    Entry,
    EntryUnbalanced,
    Leg,
    PostingFacts,
    cash_account,
    entry_from_image,
    is_house,
    leg_to_map,
    post_legs,
)
from chalicelib.platform.dynamo import ItemUpdate, s
from chalicelib.platform.errors import NotFound
from chalicelib.platform.money import MAX_FEN
from chalicelib.transfers.posting import entry_of
from tests.unit.samples import ENTRY, PAYEE, PAYER, account_image, instruction

FACTS = PostingFacts("20261121", "2026-11-21T02:00:00.000Z", "correlation-1")


def legs(*amounts_fen: Any) -> tuple[Leg, ...]:
    return tuple(Leg(f"account-{i}", amount_fen) for i, amount_fen in enumerate(amounts_fen))


@pytest.mark.requirement("NB-5.1.6")
@given(st.lists(st.integers(min_value=-(10**12), max_value=10**12).filter(bool), min_size=1, max_size=MAX_LEGS - 1))
def test_an_entry_exists_just_when_its_legs_add_up_to_zero(amounts_fen: list[int]) -> None:
    # given any legs
    rest = -sum(amounts_fen)
    if rest:
        # when a leg takes up the rest, then they make an entry
        assert sum(leg.amount_fen for leg in Entry(ENTRY, legs(*amounts_fen, rest)).legs) == 0
        # and without it they do not
        with pytest.raises(EntryUnbalanced):
            Entry(ENTRY, legs(*amounts_fen))


@pytest.mark.parametrize(
    "amounts_fen",
    [
        pytest.param((), id="no leg"),
        pytest.param((0,), id="one leg"),
        pytest.param((100,), id="one leg with an amount"),
        pytest.param((100, -99), id="one fen off"),
        pytest.param((100, 100), id="both credits"),
        pytest.param((0, 0), id="zero legs"),
        pytest.param((100, -100, 0), id="a zero leg among others"),
        pytest.param((True, -1), id="bool"),
        pytest.param((1.0, -1.0), id="float"),
        pytest.param((MAX_FEN + 1, -MAX_FEN - 1), id="huge"),
        pytest.param((1,) * MAX_LEGS + (-MAX_LEGS,), id="too many legs"),
    ],
)
def test_what_is_no_entry(amounts_fen: tuple[Any, ...]) -> None:
    with pytest.raises(EntryUnbalanced):
        Entry(ENTRY, legs(*amounts_fen))


@pytest.mark.parametrize("amount_fen", [1, MAX_FEN])
def test_the_smallest_and_the_largest_entry(amount_fen: int) -> None:
    assert len(Entry(ENTRY, legs(amount_fen, -amount_fen)).legs) == 2


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize("field", ["f", "drop", "add"])
def test_a_stored_entry_that_was_tampered_with_is_not_read(field: str) -> None:
    # given a stored entry that reads back as it was
    entry = entry_of(instruction(fee_fen=200))
    image: dict[str, Any] = {"entry_id": ENTRY, "postings": [leg_to_map(leg) for leg in entry.legs]}
    assert entry_from_image(image) == entry
    # when somebody changes an amount, drops a leg or adds one
    if field == "f":
        image["postings"][1]["f"] += 1
    elif field == "drop":
        image["postings"].pop()
    else:
        image["postings"].append({"a": "thief", "f": 1, "k": "principal"})
    # then it is no entry
    with pytest.raises(EntryUnbalanced):
        entry_from_image(image)


@pytest.mark.parametrize(
    ("fee_fen", "expected"),
    [
        (0, [(PAYER, -12_345, "principal"), (PAYEE, 12_345, "principal")]),
        (
            200,
            [
                (PAYER, -12_345, "principal"),
                (PAYEE, 12_345, "principal"),
                (PAYER, -200, "fee"),
                (FEE_INCOME_ACCOUNT, 200, "fee"),
            ],
        ),
    ],
    ids=["free", "with fee"],
)
def test_the_double_entry_of_a_transfer(fee_fen: int, expected: list[tuple[str, int, str]]) -> None:
    entry = entry_of(instruction(fee_fen=fee_fen))
    assert [(leg.account_id, leg.amount_fen, leg.kind) for leg in entry.legs] == expected
    # No item that every transfer touches: the fee account is posted from the stream.
    assert entry.customer_accounts() == [PAYER, PAYEE]


@pytest.mark.parametrize(
    ("account_id", "house"), [(FEE_INCOME_ACCOUNT, True), (cash_account("0001"), True), (PAYER, False), ("", False)]
)
def test_house_accounts_are_known_by_their_number(account_id: str, house: bool) -> None:
    assert is_house(account_id) == house


@pytest.mark.parametrize(
    ("account_id", "sign", "total", "lines", "kinds"),
    [(PAYER, "-", "12545", "2", ["principal", "fee"]), (PAYEE, "+", "12345", "1", ["principal"])],
    ids=["payer", "payee"],
)
def test_an_accounts_update_carries_its_legs(
    account_id: str, sign: str, total: str, lines: str, kinds: list[str]
) -> None:
    # given a transfer with a fee, when an account's update is made to carry its legs
    update = ItemUpdate("accounts", {"account_id": s(account_id)}, missing=NotFound)
    post_legs(update, entry_of(instruction(fee_fen=200)), account_id, FACTS)
    parameters = update.parameters()
    # then balance and sequence move by them
    assert f"#available_fen = #available_fen {sign} :total, #seq = #seq + :lines" in parameters["UpdateExpression"]
    values = parameters["ExpressionAttributeValues"]
    assert (values[":total"], values[":lines"]) == ({"N": total}, {"N": lines})
    assert [leg["M"]["k"]["S"] for leg in values[":legs"]["L"]] == kinds
    # and the account remembers its last eight entries, the newest first
    for i in range(1, 8):
        assert f"#e{i} = #e{i - 1}" in parameters["UpdateExpression"]
    assert "#e0 = :entry" in parameters["UpdateExpression"]


def test_one_name_cannot_stand_for_two_values() -> None:
    update = ItemUpdate("accounts", {"account_id": s(PAYER)}, missing=NotFound).set("#a = :a", a=s("1"))
    with pytest.raises(ValueError, match="two values"):
        update.set("#b = :a", a=s("2"))


def test_the_booked_balance_is_what_is_available_and_what_is_held() -> None:
    account = Account.from_image(account_image(available_fen=700, held_fen=300))
    assert (account.posted_fen, account.available_fen) == (1000, 700)
