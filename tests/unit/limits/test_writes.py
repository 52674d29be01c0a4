"""The limits' rules and updates word for word: what the engine is given, and when each holds, to the edge.

That both forms of a rule agree is tests/unit/test_rules.py; here each form is pinned.
"""

from __future__ import annotations

import pytest

from chalicelib.limits import domain
from chalicelib.limits.domain import Counter
from chalicelib.limits.errors import AccountDayLimitExceeded, SingleLimitExceeded
from chalicelib.platform.dynamo import ItemUpdate, s
from chalicelib.platform.errors import NotFound
from tests.unit.samples import account_image

DAY = Counter("day_20261121", "limit_day", 500, AccountDayLimitExceeded)
COVERED = (
    "(attribute_exists(#day_20261121) AND #day_20261121 >= :take_limit_day) OR "
    "(attribute_not_exists(#day_20261121) AND #limit_day >= :take_limit_day)"
)


def update() -> ItemUpdate:
    return ItemUpdate("accounts", {"account_id": s("a")}, missing=NotFound)


def test_taking_from_a_counter_word_for_word() -> None:
    taken = update()
    DAY.apply(taken)
    parameters = taken.parameters()
    assert parameters["UpdateExpression"] == (
        "SET #day_20261121 = if_not_exists(#day_20261121, #limit_day) - :take_limit_day"
    )
    assert parameters["ConditionExpression"] == f"attribute_exists(#account_id) AND ({COVERED})"
    assert parameters["ExpressionAttributeValues"] == {":take_limit_day": {"N": "500"}}


@pytest.mark.parametrize(("remaining", "holds"), [(499, False), (500, True), (501, True)])
def test_a_counter_may_be_used_up(remaining: int, holds: bool) -> None:
    assert DAY.rule().holds(account_image(limit_day=remaining)) is holds
    assert DAY.rule().holds(account_image(day_20261121=remaining)) is holds


def test_giving_back_word_for_word() -> None:
    given = update()
    DAY.give_back(given, account_image(day_20261121=-3))
    parameters = given.parameters()
    assert parameters["UpdateExpression"] == "SET #day_20261121 = #day_20261121 + :give_limit_day"
    assert parameters["ConditionExpression"] == ("attribute_exists(#account_id) AND (attribute_exists(#day_20261121))")
    assert parameters["ExpressionAttributeValues"] == {":give_limit_day": {"N": "500"}}
    # if the bucket is cleaned up in between, the write is planned again and nobody is refused
    (rule,) = given.rules
    assert rule.holds(account_image(day_20261121=0)) is True
    assert rule.holds(account_image()) is False
    assert rule.refuse is None
    assert rule.values == {}


def test_nothing_is_given_back_to_a_bucket_that_is_gone_or_of_nothing() -> None:
    unchanged = update()
    DAY.give_back(unchanged, account_image())
    Counter("day_20261121", "limit_day", 0, AccountDayLimitExceeded).give_back(unchanged, account_image(day_20261121=1))
    assert (unchanged.rules, unchanged.sets, unchanged.values) == ([], [], {})


def test_one_fen_or_one_transfer_is_given_back() -> None:
    given = update()
    Counter("count_20261121", "limit_count", 1, AccountDayLimitExceeded).give_back(
        given, account_image(count_20261121=0)
    )
    assert given.values == {":give_limit_count": {"N": "1"}}


def test_the_ceiling_of_one_transfer_word_for_word() -> None:
    rule = domain.single_rule(1_000)
    assert (rule.expression, rule.values) == ("#limit_single >= :single", {":single": {"N": "1000"}})
    assert rule.refuse is not None
    told = rule.refuse(account_image(limit_single=999))
    assert (type(told), told.facts) == (SingleLimitExceeded, {"limit": "9.99"})


def test_a_limit_is_as_it_was_read() -> None:
    rule = domain.unchanged_rule("limit_day", 500)
    assert (rule.expression, rule.values) == ("#limit_day = :old_limit_day", {":old_limit_day": {"N": "500"}})
    assert [rule.holds(account_image(limit_day=value)) for value in (499, 500, 501)] == [False, True, False]
    assert rule.refuse is None


@pytest.mark.parametrize(("present", "function"), [(True, "attribute_exists"), (False, "attribute_not_exists")])
def test_a_bucket_is_there_or_is_not(present: bool, function: str) -> None:
    rule = domain.presence_rule("day_20261121", present=present)
    assert (rule.expression, rule.values) == (f"{function}(#day_20261121)", {})
    assert rule.holds(account_image(day_20261121=0)) is present
    assert rule.holds(account_image()) is not present
    assert rule.refuse is None


def test_moving_limits_word_for_word() -> None:
    # given an account that was used today
    image = account_image(limit_single=9, limit_day=500, limit_count=10, day_20261121=20, count_20261121=8)
    # when limits are moved; the single ceiling, which has no bucket, comes first and stops nothing
    changes = {"limit_single": (9, 8), "limit_day": (500, 800), "limit_count": (10, 7)}
    moved = update()
    assert domain.move_limits(moved, image, changes, "20261121") is moved
    # then each bucket moves by its own delta and direction, which the update names by itself
    assert moved.sets == [
        "#limit_single = :new_limit_single",
        "#limit_day = :new_limit_day",
        "#day_20261121 = #day_20261121 + :delta_limit_day",
        "#limit_count = :new_limit_count",
        "#count_20261121 = #count_20261121 - :delta_limit_count",
    ]
    assert moved.values == {
        ":new_limit_single": {"N": "8"},
        ":new_limit_day": {"N": "800"},
        ":delta_limit_day": {"N": "300"},
        ":new_limit_count": {"N": "7"},
        ":delta_limit_count": {"N": "3"},
    }
    # and only as long as the item is as it was read
    assert [rule.expression for rule in moved.rules] == [
        "#limit_single = :old_limit_single",
        "#limit_day = :old_limit_day",
        "attribute_exists(#day_20261121)",
        "attribute_not_exists(#day_20261120)",
        "attribute_not_exists(#day_20261122)",
        "#limit_count = :old_limit_count",
        "attribute_exists(#count_20261121)",
        "attribute_not_exists(#count_20261120)",
        "attribute_not_exists(#count_20261122)",
    ]
    assert all(rule.holds(image) for rule in moved.rules)
    values = moved.parameters()["ExpressionAttributeValues"]
    assert [values[f":old_{name}"] for name in changes] == [{"N": "9"}, {"N": "500"}, {"N": "10"}]


def test_buckets_are_dropped_once() -> None:
    dropped = domain.drop_buckets(update(), ["day_20261121", "year_2025"])
    assert [rule.expression for rule in dropped.rules] == [
        "attribute_exists(#day_20261121)",
        "attribute_exists(#year_2025)",
    ]
    assert all(rule.holds(account_image(day_20261121=0, year_2025=0)) for rule in dropped.rules)
    assert not any(rule.holds(account_image()) for rule in dropped.rules)
