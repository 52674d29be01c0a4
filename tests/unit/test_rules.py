"""Every rule in its two forms, which must agree: what the engine evaluates, and what names the refusal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from types_boto3_dynamodb import DynamoDBClient

import chalicelib
from chalicelib.customers.domain import EDITIONS, paying_rules, switch_rule
from chalicelib.ledger.commands import change_state, holds, reverse_entry
from chalicelib.ledger.domain import STATES, credit_rule, date_rule, debit_rules, held_rule
from chalicelib.limits.domain import account_counters, customer_counters, single_rule
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, n, s, to_image, to_raw
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Caller
from chalicelib.transfers.commands.confirm_transfer import _claim
from chalicelib.transfers.commands.transfer_at_once import holder_rule, own_rule
from chalicelib.transfers.posting import draft_of, state_rule, valid_rule
from tests.unit.samples import (
    CUSTOMER,
    ENTRY,
    NOW,
    PAYER,
    SESSION,
    account_image,
    customer_image,
    instruction_image,
)

TABLE = "rules"
TODAY = "20261121"
NOW_TEXT = clock.to_text(NOW)
MAX_TRIES = 5


def update_of(*rules: Rule) -> ItemUpdate:
    """An update under these rules of the one item there is."""
    update = ItemUpdate(TABLE, {"id": s("it")}, missing=NotFound).require(*rules)
    return update.set("#touched = :touched", touched=n(1))


def without(image: Image, *names: str) -> Image:
    """The image without some attributes."""
    return {name: value for name, value in image.items() if name not in names}


def edges(image: Image, name: str, edge: Any) -> list[Image]:
    """The image with an attribute at the edge, one below, one above, at nothing, and absent."""
    if isinstance(edge, int):
        values: list[Any] = [edge, edge - 1, edge + 1, 0, -1, -edge]
    else:
        values = [edge, edge[:-1], edge + "x", edge.upper(), "-"]
    return [*({**image, name: value} for value in values), without(image, name)]


def counter_images(image: Image, bucket: str, limit: str, take: int) -> list[Image]:
    """Untouched, touched, used up, over-used; the limit above, at and below what is taken."""
    found = []
    for limit_value in (take - 1, take, take + 1, 0):
        found.append({**image, limit: limit_value})
        found += [{**image, limit: limit_value, bucket: held} for held in (take - 1, take, take + 1, 0, -1, -take)]
    return [*found, without(image, limit), {**without(image, limit), bucket: take}]


def claim_rules() -> list[Rule]:
    return _claim(Caller(CUSTOMER, SESSION, "professional"), ENTRY, MAX_TRIES, NOW_TEXT).rules


def posting_rules() -> list[Rule]:
    journal = draft_of(instruction_image(), SESSION, NOW).journal
    assert isinstance(journal, ItemUpdate)
    return journal.rules


def cases() -> list[tuple[str, Rule, list[Image]]]:
    """Name, rule, and images around its edge."""
    account, customer, awaiting = account_image(), customer_image(), instruction_image()
    owner, right, state, funds = debit_rules(CUSTOMER, 12_345)
    session, edition, active = paying_rules(SESSION)
    claimant, claim_state, claim_valid, tries = claim_rules()
    post_state, post_valid, digest = posting_rules()
    states = [{**awaiting, "state": value} for value in ("awaiting", "posted", "expired", "")]
    found = [
        ("payer's owner", owner, edges(account, "customer_id", CUSTOMER)),
        ("payer's right", right, [{**account, "right": value} for value in ("full", "query", "")]),
        ("payer's state", state, [{**account, "state": value} for value in STATES]),
        ("payer's funds", funds, edges(account, "available_fen", 12_345)),
        ("payee's state", credit_rule(), [{**account, "state": value} for value in STATES]),
        (
            "business date",
            date_rule(TODAY),
            [{**account, "business_date": value} for value in ("20261120", TODAY, "20261122", "20270101")],
        ),
        ("single ceiling", single_rule(12_345), edges(account, "limit_single", 12_345)),
        (
            "session",
            session,
            [{**customer, "revoked": value} for value in ({}, {SESSION: 1}, {"other": 1}, {"other": 1, SESSION: 2})],
        ),
        ("edition", edition, [{**customer, "edition": value} for value in (*EDITIONS, "")]),
        ("customer's state", active, edges(customer, "state", "active")),
        ("transfer switch", switch_rule(), [{**customer, "transfers_on": value} for value in (True, False)]),
        ("claimant", claimant, edges(awaiting, "customer_id", CUSTOMER)),
        ("claim: state", claim_state, states),
        ("claim: in time", claim_valid, edges(awaiting, "valid_until", NOW_TEXT)),
        ("claim: tries", tries, edges(awaiting, "tries", MAX_TRIES)),
        ("posting: state", post_state, states),
        ("posting: in time", post_valid, edges(awaiting, "valid_until", NOW_TEXT)),
        (
            "posting: digest",
            digest,
            [awaiting, {**awaiting, "digest": b"x" * 32}, {**awaiting, "digest": b""}, without(awaiting, "digest")],
        ),
        ("state", state_rule(), states),
        ("valid", valid_rule(NOW_TEXT), edges(awaiting, "valid_until", NOW_TEXT)),
        *hold_and_reversal_cases(account, awaiting),
        ("own payee", own_rule(CUSTOMER), edges(account, "customer_id", CUSTOMER)),
        ("payee's name", holder_rule("赵小明"), edges(account, "holder", "赵小明")),
    ]
    for image, counters in ((account, account_counters(TODAY, 500)), (customer, customer_counters(TODAY, 500))):
        found += [
            (c.limit, c.rule(), counter_images(without(image, c.limit), c.bucket, c.limit, c.take)) for c in counters
        ]
    return found


def hold_and_reversal_cases(account: Image, awaiting: Image) -> list[tuple[str, Rule, list[Image]]]:
    """The same for holds, reversals and changes of state."""
    held = {**awaiting, "state": holds.HELD, "expires_at": NOW_TEXT}
    posted = {**awaiting, "state": "posted"}
    give_back = ItemUpdate(TABLE, {"id": s("it")}, missing=NotFound)
    (day, *_) = account_counters(TODAY, 500)
    day.give_back(give_back, {day.bucket: 1})
    moneys = [{**account, "available_fen": a, "held_fen": h} for a in (0, 1, -1) for h in (0, 1)]
    return [
        ("held funds", held_rule(300), edges(account, "held_fen", 300)),
        ("hold: open", holds.open_rule(), [{**held, "state": value} for value in ("held", "posted", "released", "")]),
        ("hold: in time", holds.in_time_rule(NOW_TEXT), edges(held, "expires_at", NOW_TEXT)),
        ("hold: over", holds.over_rule(NOW_TEXT), edges(held, "expires_at", NOW_TEXT)),
        ("bucket is there", give_back.rules[0], [account, {**account, day.bucket: 0}, {**account, day.bucket: 9}]),
        ("reversal: funds", reverse_entry.funds_rule(300), edges(account, "available_fen", 300)),
        ("unreversed", reverse_entry.unreversed_rule(), [posted, awaiting, {**posted, "reversed_by": "x"}]),
        ("state before", change_state.state_rule("open", "lost"), [{**account, "state": value} for value in STATES]),
        ("empty", change_state.empty_rule("closed"), moneys),
    ]


# A row of the table is named here, so that each is a test of its own.
NAMES = [
    "payer's owner",
    "payer's right",
    "payer's state",
    "payer's funds",
    "payee's state",
    "business date",
    "single ceiling",
    "session",
    "edition",
    "customer's state",
    "transfer switch",
    "claimant",
    "claim: state",
    "claim: in time",
    "claim: tries",
    "posting: state",
    "posting: in time",
    "posting: digest",
    "state",
    "valid",
    "held funds",
    "hold: open",
    "hold: in time",
    "hold: over",
    "bucket is there",
    "reversal: funds",
    "unreversed",
    "state before",
    "empty",
    "own payee",
    "payee's name",
    "limit_day",
    "limit_month",
    "limit_year",
    "limit_count",
    "limit_outward",
    "limit_nocert",
]


@pytest.fixture(scope="module")
def rules_engine() -> Iterator[DynamoDBClient]:
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        yield client


def engine_admits(client: DynamoDBClient, update: ItemUpdate, image: Image) -> bool:
    """Whether the engine takes the update when the item stands as in `image`."""
    client.put_item(TableName=TABLE, Item={"id": s("it"), **to_raw(image)})
    try:
        client.update_item(**update.parameters())
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def predicate_admits(rule: Rule, image: Image) -> bool:
    """Whether the predicate holds; where an attribute is absent that every item has, it may also fail loudly."""
    try:
        return rule.holds(to_image(to_raw(image)))
    except KeyError:
        return False


@pytest.mark.parametrize("name", NAMES)
def test_engine_and_predicate_agree_around_the_edge(environment: None, rules_engine: DynamoDBClient, name: str) -> None:
    ((rule, images),) = [(rule, images) for case, rule, images in cases() if case == name]
    answers = set()
    for image in images:
        # given an item around the rule's edge, when engine and predicate judge it, then they agree
        admitted = engine_admits(rules_engine, update_of(rule), image)
        assert predicate_admits(rule, image) == admitted, {name: image}
        answers.add(admitted)
        # and a breach can be told in both languages
        if not admitted and rule.refuse is not None:
            assert all("{" not in text for text in refusal_texts(rule, image))
    assert answers == {True, False}, "the images must reach both sides of the edge"


def refusal_texts(rule: Rule, image: Image) -> list[str]:
    assert rule.refuse is not None
    try:
        refusal = rule.refuse(image)
    except KeyError:
        return []  # an attribute is absent that every item has: fails loudly
    return [refusal.text("zh"), refusal.text("en")]


def test_the_table_above_knows_every_rule_of_the_code(environment: None) -> None:
    # given every place in the code that makes a Rule
    root = Path(str(chalicelib.__file__)).parent
    places = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Rule":
                places.add((str(path), node.lineno, node.end_lineno or node.lineno))
    # then the cases have one rule from each
    assert [name for name, _, _ in cases()] == NAMES
    reached = set()
    for _, rule, _ in cases():
        code: Any = rule.holds.__code__
        reached |= {p for p in places if p[0] == code.co_filename and p[1] <= code.co_firstlineno <= p[2]}
    assert places == reached


small = st.integers(min_value=-3, max_value=8)
around = st.integers(min_value=12_343, max_value=12_347)


@settings(max_examples=150, deadline=None)
@given(
    available=around,
    limits=st.fixed_dictionaries({f"limit_{name}": around for name in ("single", "day", "month", "year")}),
    count=small,
    buckets=st.fixed_dictionaries(
        {}, optional={f"day_{TODAY}": around, "month_202611": around, "year_2026": around, f"count_{TODAY}": small}
    ),
    state=st.sampled_from(["open", "open", "open", "frozen"]),
)
def test_the_whole_write_passes_just_when_no_rule_is_broken(
    rules_engine: DynamoDBClient, available: int, limits: Image, count: int, buckets: Image, state: str
) -> None:
    # given a payer's account near all its edges at once
    with pytest.MonkeyPatch.context() as patched:
        for name in ("ACCOUNTS", "JOURNAL", "CUSTOMERS"):
            patched.setenv(f"{name}_TABLE", TABLE)
        draft = draft_of(instruction_image(), SESSION, NOW)
    image = {**account_image(), "available_fen": available, **limits, "limit_count": count, **buckets, "state": state}
    whole = draft.accounts[PAYER]
    update = ItemUpdate(TABLE, {"id": s("it")}, missing=NotFound, rules=whole.rules, sets=whole.sets)
    update.values = dict(whole.values)
    # when the engine judges it, then it agrees with the judge that names refusals
    assert engine_admits(rules_engine, update, image) == (update.breaches(image) == [])


ARITHMETIC = set("+-*/")


def test_no_condition_calculates(environment: None) -> None:
    # given every write of a posting, with and without fee, outward and not, and the claim before it
    writes: list[ItemPut | ItemUpdate] = [_claim(Caller(CUSTOMER, SESSION, "professional"), ENTRY, MAX_TRIES, NOW_TEXT)]
    for outward in (True, False):
        for fee_fen in (0, 100):
            writes += draft_of(instruction_image(outward=outward, fee_fen=fee_fen), SESSION, NOW).writes()
    # then no condition calculates: the engine cannot (a local one may wrongly accept it)
    conditions = [write.parameters()["ConditionExpression"] for write in writes]
    assert len(conditions) == 1 + 4 * 4
    for condition in conditions:
        assert not ARITHMETIC & set(condition), condition


def test_no_condition_written_down_anywhere_calculates() -> None:
    found = []
    for path in Path(str(chalicelib.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            given_ = node.keywords if isinstance(node, ast.Call) else []
            found += [k.value for k in given_ if k.arg == "ConditionExpression"]
    texts = [part.value for one in found for part in ast.walk(one) if isinstance(part, ast.Constant)]
    assert texts
    for text in texts:
        assert not ARITHMETIC & set(str(text)), text


@pytest.mark.parametrize("outward", [True, False])
def test_every_name_and_value_of_a_write_is_used(environment: None, outward: bool) -> None:
    # The engine refuses a write that brings a name or value it does not use.
    for write in draft_of(instruction_image(outward=outward, fee_fen=100), SESSION, NOW).writes():
        parameters = write.parameters()
        text = parameters["ConditionExpression"] + " " + parameters.get("UpdateExpression", "")
        for name in (*parameters["ExpressionAttributeNames"], *parameters.get("ExpressionAttributeValues", {})):
            assert name in text
