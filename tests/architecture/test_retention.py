"""Each kind of record has a term, and the packaged bank keeps to it (NB-5.1.6-2)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.parameters import service as parameters
from compliance import retention
from compliance.retention import ACCOUNTING, KEPT, LOG, PERMANENT, WORKING, YEARS
from tests.architecture.packaged import packaged
from tests.architecture.source import ROOT
from tests.iam import Template, decide, statements_of

pytestmark = pytest.mark.requirement("NB-5.1.6-2")

STORES = {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}
# Only the local bank makes these, and it ends with them.
LOCAL = {"LocalMessagesTable", "LocalPeopleTable"}
# What would take rows, files, or the term itself away.
ENDS_ROWS = (
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:DeleteTable",
    "dynamodb:UpdateTimeToLive",
    "s3:DeleteObject",
)


def template() -> Template:
    return Template(packaged()["Resources"])


def stores() -> dict[str, dict[str, Any]]:
    return {name: item for name, item in template().resources.items() if item["Type"] in STORES}


def held(*terms: str) -> list[str]:
    """Tables, and buckets or their folders, with a term, of what is in the template."""
    return [place for one in retention.records() if one.term in terms for place in one.held if place not in LOCAL]


def store(place: str) -> dict[str, Any]:
    return stores()[place.partition("/")[0]]


def deletes(place: str) -> list[str]:
    """The roles that may take a row of the table, or a file of the folder, away."""
    logical_id, _, folder = place.partition("/")
    arn = template().arn(logical_id)
    if store(place)["Type"] == "AWS::S3::Bucket":
        arn = f"{arn}/{folder}/any"
    roles = {name: item for name, item in template().resources.items() if item["Type"] == "AWS::IAM::Role"}
    statements = {name: statements_of(template(), role) for name, role in roles.items()}
    return [
        name
        for name, own in statements.items()
        if any(decide(template(), own, action, arn) == "allowed" for action in ENDS_ROWS)
    ]


def ends_by_itself(place: str) -> bool:
    """Whether a time-to-live, or a rule of the bucket, ends what is there."""
    properties, folder = store(place)["Properties"], place.partition("/")[2]
    rules = properties.get("LifecycleConfiguration", {}).get("Rules", [])
    ending = [rule for rule in rules if "ExpirationInDays" in rule and f"{folder}/".startswith(rule.get("Prefix", ""))]
    return "TimeToLiveSpecification" in properties or bool(ending)


def test_each_table_and_bucket_has_one_term_and_each_term_words() -> None:
    places = [place for one in retention.records() for place in one.held]
    assert len(places) == len(set(places))
    assert {place.partition("/")[0] for place in places} == set(stores())
    assert {one.term for one in retention.records()} == set(retention.WORDS)
    # a term is a parameter, save what has none
    for one in retention.records():
        named = one.parameter or (YEARS if one.term == ACCOUNTING else "")
        assert named in parameters.ALL or (one.term in (PERMANENT, KEPT, WORKING) and not named), one.en
        assert one.ends or one.term != WORKING, one.en


def test_the_term_of_accounting_archives_is_thirty_years_unless_two_people_change_it() -> None:
    assert parameters.ALL[YEARS].default == 30


@pytest.mark.parametrize("place", held(PERMANENT, ACCOUNTING))
def test_nothing_ends_what_belongs_to_the_accounting_archives(place: str) -> None:
    item = store(place)
    assert (item["DeletionPolicy"], item["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert not ends_by_itself(place)
    assert deletes(place) == []
    if item["Type"] == "AWS::DynamoDB::Table":
        assert item["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_applications_to_sign_up_are_permanent() -> None:
    assert held(PERMANENT) == ["CounterVouchersTable"]


def test_logs_end_by_their_term_alone_and_what_is_kept_by_none() -> None:
    logs = held(LOG)
    assert [place for place in logs if not ends_by_itself(place) or deletes(place)] == []
    assert [place for place in held(KEPT) if ends_by_itself(place)] == []


def test_what_is_said_to_end_does_end() -> None:
    assert [place for place in held(WORKING) if not ends_by_itself(place) and not deletes(place)] == []


def test_the_page_is_made_of_the_rows() -> None:
    page = (ROOT / "docs/retention.md").read_text(encoding="utf-8")
    assert page == retention.page()
    assert f"`{YEARS}` (30)" in page
