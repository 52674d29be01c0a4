"""One item, all rows of an answer with pages, and a list that is leafed through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.platform import aws, reading
from chalicelib.platform.dynamo import s
from chalicelib.platform.errors import CursorMalformed

TABLE = "things"
THINGS = reading.Listing("ByOwner", "owner", "listed", "thing_id", {"place": s("head")})


@pytest.fixture(autouse=True)
def things() -> Iterator[None]:
    """Five things of one owner and one of another; ids in no order of time."""
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        aws.dynamodb().create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "thing_id", "KeyType": "HASH"},
                {"AttributeName": "place", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("thing_id", "place", "owner", "listed")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "ByOwner",
                    "KeySchema": [
                        {"AttributeName": "owner", "KeyType": "HASH"},
                        {"AttributeName": "listed", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        for number, id_ in enumerate(["e", "b", "d", "a", "c"]):
            put(id_, "me", f"2026-11-0{number + 1}#{id_}")
        put("z", "you", "2026-11-09#z")
        yield


def put(id_: str, owner: str, listed: str) -> None:
    row = {"thing_id": s(id_), "place": s("head"), "owner": s(owner), "listed": s(listed)}
    aws.dynamodb().put_item(TableName=TABLE, Item=row)


def leaf(limit: int, **more: Any) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page, cursor = THINGS.page(TABLE, "me", limit, cursor, **more)
        assert len(page) <= limit
        found += [row["thing_id"] for row in page]
        if cursor is None:
            return found


def test_an_item_is_read_by_its_key_or_is_none() -> None:
    found = reading.item(TABLE, {"thing_id": s("a"), "place": s("head")})
    assert found == {"thing_id": "a", "place": "head", "owner": "me", "listed": "2026-11-04#a"}
    assert reading.item(TABLE, {"thing_id": s("q"), "place": s("head")}) is None


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_rows_come_whole_whatever_the_pages(limit: int) -> None:
    rows = reading.rows(aws.dynamodb().scan, TableName=TABLE, Limit=limit)
    assert sorted(row["thing_id"] for row in rows) == ["a", "b", "c", "d", "e", "z"]


def test_a_page_is_read_when_it_is_asked_for() -> None:
    pages = reading.pages(aws.dynamodb().scan, TableName=TABLE, Limit=4)
    assert len(next(pages)) == 4
    aws.dynamodb().delete_table(TableName=TABLE)
    with pytest.raises(aws.dynamodb().exceptions.ResourceNotFoundException):
        next(pages)


def test_more_pages_than_were_allowed_are_no_silent_end() -> None:
    request = {"TableName": TABLE, "Limit": 2}
    # Three full pages, and the engine says only with a fourth that there is no more.
    assert len(list(reading.rows(aws.dynamodb().scan, 4, **request))) == 6
    rows = reading.rows(aws.dynamodb().scan, 2, **request)
    assert [bool(next(rows)) for _ in range(4)] == [True] * 4
    with pytest.raises(reading.TooManyPages, match="over 2 pages of things"):
        next(rows)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 50])
def test_a_list_is_leafed_through_in_its_order(limit: int) -> None:
    assert leaf(limit) == ["c", "a", "d", "b", "e"]
    assert leaf(limit, newest_first=False) == ["e", "b", "d", "a", "c"]
    assert leaf(limit, begins="2026-11-04") == ["a"]
    assert leaf(limit, begins="2027") == []


def test_a_cursor_is_of_its_own_list_alone() -> None:
    _, cursor = THINGS.page(TABLE, "me", 2, None)
    with pytest.raises(CursorMalformed):
        THINGS.page(TABLE, "you", 2, cursor)
    with pytest.raises(CursorMalformed):
        THINGS.page(TABLE, "me", 2, "bm8")
