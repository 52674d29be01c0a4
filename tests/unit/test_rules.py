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
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, s, to_image, to_raw
from chalicelib.platform.errors import NotFound
from chalicelib.transfers.commands.confirm_transfer import _claim
from chalicelib.transfers.posting import draft_of
from tests.unit.rule_cases import MAX_TRIES, NOW_TEXT, TABLE, TODAY, cases, update_of
from tests.unit.samples import (
    CALLER,
    CUSTOMER,
    ENTRY,
    NOW,
    PAYER,
    PROOF,
    SESSION,
    account_image,
    instruction_image,
)

NAMES = [
    "payer's owner",
    "payer's right",
    "payer's state",
    "payer's funds",
    "payee's state",
    "business date",
    "single ceiling",
    "small amount",
    "session",
    "since",
    "since grows",
    "edition",
    "customer's state",
    "transfers stopped",
    "stop of that time",
    "transfer switch",
    "claimant",
    "claim: state",
    "claim: in time",
    "claim: factor",
    "claim: tries",
    "posting: state",
    "pending",
    "posting: in time",
    "posting: digest",
    "state",
    "valid",
    "factor",
    "wrong codes",
    "codes",
    "token's step",
    "factor's ceiling",
    "factor's ceiling: k1",
    "factor's state",
    "factors as read",
    "factors: none yet",
    "factor's place",
    "factor not lost",
    "factor not lost since",
    "no loss lifted since",
    "key kept by the bank",
    "key kept by the customer",
    "pin: cloud",
    "pin: usable",
    "pin: tries",
    "pin: as checked",
    "download: attempt",
    "download: in time",
    "download: tries",
    "paying state",
    "giving back state",
    "held funds",
    "hold: open",
    "hold: in time",
    "hold: over",
    "bucket is there",
    "reversal: funds",
    "unreversed",
    "state before",
    "empty",
    "deferred",
    "arrived",
    "till: open",
    "till: cash",
    "vault: cash",
    "till: countable",
    "till: expected",
    "till: counted",
    "till: same count",
    "court: orders",
    "court: as found",
    "court: in force",
    "court: none",
    "court: funds",
    "court: taken",
    "court: nothing taken",
    "court: order as read",
    "till: other person",
    "session as read",
    "session in time",
    "room",
    "standing",
    "own and open",
    "contract: query",
    "unverified",
    "verified",
    "bound device",
    "a device of one's own",
    "room for a device",
    "device row",
    "reserved phone",
    "phone as read",
    "step-up: holder",
    "step-up: state",
    "step-up: proved",
    "step-up: in time",
    "step-up: tries",
    "step-up: attempt",
    "step-up: usable",
    "limit as read",
    "bucket as read",
    "inbox head as read",
    "sequence",
    "row's rank",
    "day's total",
    "day's total: untouched",
    "application is open",
    "application is unused",
    "password as checked",
    "login name as read",
    "no login name",
    "name's owner",
    "login lock as seen",
    "no login lock",
    "login tries used up",
    "blank: in stock",
    "blank: held",
    "blank: to spoil",
    "blank: unused",
    "blank: steps",
    "approval: open",
    "approval: in time",
    "approval: over",
    "approval: two people",
    "approval: maker",
    "approval: as seen",
    "notice: not withdrawn",
    "notice: not replaced",
    "notice: not shortened",
    "notice: not over",
    "parameter as read",
    "clearing: sent",
    "batch: line open",
    "batch: not ended",
    "bill check as read",
    "bill check: account",
    "document: not ready",
    "document as read",
    "order as read",
    "parameter without history",
    "staff: active",
    "staff: standing",
    "staff: first standing",
    "staff: password",
    "staff: code unused",
    "staff: credentials due",
    "staff: own number",
    "staff: switch",
    "emergency: another reviews",
    "emergency: none",
    "emergency: this case",
    "staff: session",
    "room for a payee",
    "payee's last use",
    "recall: agree",
    "recall: refuse",
    "recall: withdraw",
    "recall: return",
    "recall: expire",
    "recall: in time",
    "recall: payer",
    "recall: payee",
    "receive code: open",
    "receive code: owner",
    "receive code: not used",
    "receive code: as read",
    "wrong payees: room",
    "wrong payees: first",
    "own payee",
    "payee's name",
    "limit_day",
    "limit_month",
    "limit_year",
    "limit_count",
    "limit_outward",
    "limit_nocert",
    "limit_nofactor",
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
        patched.setenv("TABLE_PREFIX", "unit-")
        draft = draft_of(instruction_image(), CALLER, NOW, PROOF)
    image = {**account_image(), "available_fen": available, **limits, "limit_count": count, **buckets, "state": state}
    whole = draft.accounts[PAYER]
    update = ItemUpdate(TABLE, {"id": s("it")}, missing=NotFound, rules=whole.rules, sets=whole.sets)
    update.values = dict(whole.values)
    # when the engine judges it, then it agrees with the judge that names refusals
    assert engine_admits(rules_engine, update, image) == (update.breaches(image) == [])


ARITHMETIC = set("+-*/")


def test_no_condition_calculates(environment: None) -> None:
    # given every write of a posting, with and without fee, outward and not, and the claim before it
    writes: list[ItemPut | ItemUpdate] = [
        _claim(Caller(CUSTOMER, SESSION, "professional"), ENTRY, "sms", MAX_TRIES, NOW_TEXT)
    ]
    for outward in (True, False):
        for fee_fen in (0, 100):
            writes += draft_of(instruction_image(outward=outward, fee_fen=fee_fen), CALLER, NOW, PROOF).writes()
    # then no condition calculates: the engine cannot (a local one may wrongly accept it)
    conditions = [write.parameters()["ConditionExpression"] for write in writes]
    assert len(conditions) == 1 + 4 * 4
    for condition in conditions:
        assert not ARITHMETIC & set(condition), condition


def test_no_condition_written_down_anywhere_calculates() -> None:
    found = []
    for path in Path(str(chalicelib.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            found += [k.value for k in node.keywords if k.arg == "ConditionExpression"]
            if getattr(node.func, "id", "") == "Rule":
                found.append(node.args[0])
    texts = [part.value for one in found for part in ast.walk(one) if isinstance(part, ast.Constant)]
    assert texts
    for text in texts:
        assert not ARITHMETIC & set(str(text)), text


@pytest.mark.parametrize("outward", [True, False])
def test_every_name_and_value_of_a_write_is_used(environment: None, outward: bool) -> None:
    # The engine refuses a write that brings a name or value it does not use.
    for write in draft_of(instruction_image(outward=outward, fee_fen=100), CALLER, NOW, PROOF).writes():
        parameters = write.parameters()
        text = parameters["ConditionExpression"] + " " + parameters.get("UpdateExpression", "")
        for name in (*parameters["ExpressionAttributeNames"], *parameters.get("ExpressionAttributeValues", {})):
            assert name in text
