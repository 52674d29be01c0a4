"""The ledger's rules and updates word for word: what the engine is given, and what a breach is called.

That both forms of a rule agree is tests/unit/test_rules.py; here each form is pinned, to the edge.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.ledger.domain import (
    MAX_LEGS,
    STATES,
    Account,
    Entry,
    EntryUnbalanced,
    Leg,
    PostingFacts,
    credit_rule,
    date_rule,
    debit_rules,
    held_rule,
    hold_funds,
    leg_to_map,
    post_legs,
    release_funds,
)
from chalicelib.ledger.errors import (
    AccountNotActive,
    AccountQueryOnly,
    HoldNotOpen,
    InsufficientFunds,
    PayeeUnavailable,
)
from chalicelib.platform.dynamo import ItemUpdate, Rule, s
from chalicelib.platform.errors import NotFound, Refusal
from tests.unit.samples import CUSTOMER, ENTRY, PAYEE, PAYER, account_image

FACTS = PostingFacts("20261121", "2026-11-21T02:00:00.000Z", "correlation-1")
DEBIT_FEN = 12_345
MEMORY = ", ".join([*(f"#e{i} = #e{i - 1}" for i in range(7, 0, -1)), "#e0 = :entry0"])


def update() -> ItemUpdate:
    return ItemUpdate("accounts", {"account_id": s(PAYER)}, missing=NotFound)


def refusal_of(rule: Rule, **broken: Any) -> Refusal:
    """What an account with these changes is told."""
    image = account_image(**broken)
    assert rule.holds(image) is False
    assert rule.refuse is not None
    return rule.refuse(image)


@pytest.mark.parametrize(
    ("index", "expression", "values"),
    [
        (0, "#customer_id = :customer", {":customer": {"S": CUSTOMER}}),
        (1, "#right = :full", {":full": {"S": "full"}}),
        (2, "#state = :open", {":open": {"S": "open"}}),
        (3, "#available_fen >= :debit", {":debit": {"N": "12345"}}),
    ],
    ids=["owner", "right", "state", "funds"],
)
def test_what_the_engine_asks_of_a_payer(index: int, expression: str, values: dict[str, Any]) -> None:
    rule = debit_rules(CUSTOMER, DEBIT_FEN)[index]
    assert (rule.expression, rule.values) == (expression, values)
    # to the last fen
    assert rule.holds(account_image(available_fen=DEBIT_FEN)) is True


@pytest.mark.parametrize(
    ("index", "broken", "refusal", "facts"),
    [
        (0, {"customer_id": "d" * 20}, NotFound, {}),
        (1, {"right": "query"}, AccountQueryOnly, {}),
        *((2, {"state": state}, AccountNotActive, {"state": state}) for state in STATES if state != "open"),
        (3, {"available_fen": DEBIT_FEN - 1}, InsufficientFunds, {}),
    ],
)
def test_what_a_payer_is_refused_for(
    index: int, broken: dict[str, Any], refusal: type[Refusal], facts: dict[str, str]
) -> None:
    told = refusal_of(debit_rules(CUSTOMER, DEBIT_FEN)[index], **broken)
    assert (type(told), told.facts) == (refusal, facts)


def test_what_is_asked_of_a_payee() -> None:
    rule = credit_rule()
    assert rule.expression == "#state IN (:open, :frozen, :lost)"
    assert rule.values == {":open": {"S": "open"}, ":frozen": {"S": "frozen"}, ":lost": {"S": "lost"}}
    # an account that pays nothing may still receive
    for state in ("open", "frozen", "lost"):
        assert rule.holds(account_image(state=state)) is True
    for state in ("dormant", "closed"):
        assert isinstance(refusal_of(rule, state=state), PayeeUnavailable)


def test_business_dates_stand_still_or_go_forward() -> None:
    rule = date_rule("20261121")
    assert rule.expression == "#business_date <= :business_date"
    assert rule.values == {":business_date": {"S": "20261121"}}
    assert [rule.holds(account_image(business_date=date)) for date in ("20261120", "20261121", "20261122")] == [
        True,
        True,
        False,
    ]
    # a breach is nobody's fault: it is tried again
    assert rule.refuse is None


def test_no_more_is_freed_than_is_held() -> None:
    rule = held_rule(500)
    assert (rule.expression, rule.values) == ("#held_fen >= :held", {":held": {"N": "500"}})
    assert rule.holds(account_image(held_fen=500)) is True
    assert rule.holds(account_image(held_fen=501)) is True
    told = refusal_of(rule, held_fen=499)
    assert (type(told), told.facts) == (HoldNotOpen, {"state": "missing"})


def test_holding_moves_funds_from_available_to_held() -> None:
    held = update()
    hold_funds(held, 500, FACTS)
    parameters = held.parameters()
    assert parameters["UpdateExpression"] == (
        "SET #available_fen = #available_fen - :held, #held_fen = #held_fen + :held, #business_date = :business_date"
    )
    assert parameters["ConditionExpression"] == "attribute_exists(#account_id) AND (#business_date <= :business_date)"
    assert parameters["ExpressionAttributeValues"] == {":held": {"N": "500"}, ":business_date": {"S": "20261121"}}


def test_releasing_moves_them_back() -> None:
    released = update()
    release_funds(released, 500)
    parameters = released.parameters()
    assert parameters["UpdateExpression"] == (
        "SET #available_fen = #available_fen + :held, #held_fen = #held_fen - :held"
    )
    assert parameters["ConditionExpression"] == "attribute_exists(#account_id) AND (#held_fen >= :held)"
    assert parameters["ExpressionAttributeValues"] == {":held": {"N": "500"}}


def test_a_posting_word_for_word() -> None:
    # given a payment of 500 fen with a fee of 20
    entry = Entry(ENTRY, (Leg(PAYER, -500), Leg(PAYEE, 500), Leg(PAYER, -20, "fee"), Leg("H-FEE-INCOME", 20, "fee")))
    posted = update()
    post_legs(posted, entry, PAYER, FACTS)
    parameters = posted.parameters()
    # then the payer's change is this and nothing else
    assert parameters["UpdateExpression"] == (
        "SET #available_fen = #available_fen - :total, #seq = #seq + :lines, #legs = :legs, "
        f"#business_date = :business_date, #changed_at = :changed_at, #correlation_id = :correlation, {MEMORY}"
    )
    assert parameters["ConditionExpression"] == "attribute_exists(#account_id) AND (#business_date <= :business_date)"
    assert parameters["ExpressionAttributeValues"] == {
        ":total": {"N": "520"},
        ":lines": {"N": "2"},
        ":legs": {
            "L": [
                {"M": {"f": {"N": "-500"}, "k": {"S": "principal"}}},
                {"M": {"f": {"N": "-20"}, "k": {"S": "fee"}}},
            ]
        },
        ":changed_at": {"S": "2026-11-21T02:00:00.000Z"},
        ":correlation": {"S": "correlation-1"},
        ":entry0": {"S": ENTRY},
        ":business_date": {"S": "20261121"},
    }


@pytest.mark.parametrize(
    ("paid_fen", "sign", "total"),
    [
        pytest.param(300, "+", "200", id="what is not used is available again"),
        pytest.param(500, "+", "0", id="all of it"),
        pytest.param(499, "+", "1", id="all but a fen"),
        pytest.param(620, "-", "120", id="more than was held"),
    ],
)
def test_a_posting_from_a_hold_frees_it(paid_fen: int, sign: str, total: str) -> None:
    # given 500 fen set aside, when some amount is paid from them
    posted = update()
    post_legs(posted, Entry(ENTRY, (Leg(PAYER, -paid_fen), Leg(PAYEE, paid_fen))), PAYER, FACTS, from_hold_fen=500)
    parameters = posted.parameters()
    # then the hold is there and is gone afterwards, and the balance takes the difference
    assert parameters["UpdateExpression"].startswith(
        f"SET #held_fen = #held_fen - :held, #available_fen = #available_fen {sign} :total, "
    )
    assert parameters["ConditionExpression"] == (
        "attribute_exists(#account_id) AND (#business_date <= :business_date) AND (#held_fen >= :held)"
    )
    values = parameters["ExpressionAttributeValues"]
    assert (values[":held"], values[":total"], values[":lines"]) == ({"N": "500"}, {"N": total}, {"N": "1"})


@pytest.mark.parametrize(
    ("amounts_fen", "reason"),
    [
        ((100,), "^1 legs$"),
        ((0, 0), "^a leg is zero, too large or not whole fen$"),
        ((100, -99), "^legs do not add up to zero$"),
    ],
)
def test_a_programming_error_says_what_is_wrong(amounts_fen: tuple[int, ...], reason: str) -> None:
    with pytest.raises(EntryUnbalanced, match=reason):
        Entry(ENTRY, tuple(Leg(PAYER, amount_fen) for amount_fen in amounts_fen))


def test_an_entry_may_have_as_many_legs_as_are_allowed() -> None:
    most = Entry(ENTRY, (*(Leg(PAYEE, 1) for _ in range(MAX_LEGS - 1)), Leg(PAYER, 1 - MAX_LEGS)))
    assert len(most.legs) == MAX_LEGS


def test_lines_on_an_account_are_its_legs_whoever_posts_them() -> None:
    # given a payee whose credit is deferred, and a fee for the house
    entry = Entry(
        ENTRY,
        (
            Leg(PAYER, -500),
            Leg(PAYEE, 480, is_deferred=True),
            Leg("H-FEE-INCOME", 15, "fee"),
            Leg(PAYEE, 5, "interest", is_deferred=True),
        ),
    )
    # then each leg is a line of its account, in order, though the payer's write posts one only
    assert entry.lines_on(PAYEE) == (entry.legs[1], entry.legs[3])
    assert entry.lines_on("H-FEE-INCOME") == (entry.legs[2],)
    assert (entry.legs_of(PAYEE), entry.legs_of(PAYER)) == ((), (entry.legs[0],))


def test_a_leg_as_the_journal_keeps_it() -> None:
    assert leg_to_map(Leg(PAYEE, 5, "fee")) == {"a": PAYEE, "f": 5, "k": "fee"}
    assert leg_to_map(Leg(PAYEE, 5, is_deferred=True)) == {"a": PAYEE, "f": 5, "k": "principal", "d": 1}


def test_an_account_keeps_the_image_it_was_read_from() -> None:
    image = account_image()
    assert Account.from_image(image).image is image
    assert Account.from_image(image).is_credit_deferred is False
    assert Account.from_image({**image, "credit": "deferred"}).is_credit_deferred is True


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        ({}, False),
        ({"credit": "deferred"}, True),
        ({"deferred_until": "20261120"}, False),
        ({"deferred_until": "20261121"}, True),
        ({"deferred_until": "20261122"}, True),
    ],
    ids=["never had it", "has it", "ended the day before", "ended that day", "ended later"],
)
def test_deferred_legs_of_a_date_may_come_until_deferred_credit_has_ended(facts: dict[str, str], may: bool) -> None:
    assert Account.from_image({**account_image(), **facts}).may_get_deferred_legs_of("20261121") is may
