"""ApprovalsTable: one item a request, listed by state. ApprovalHistoryTable: who did what to it, only added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chalicelib.approvals.domain import REQUESTED, Approval, Event
from chalicelib.platform import aws, settings
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

KEY = "approval_id"
# Both lists are sorted by kind, then by time: `listed` is kind#time#id.
RANGE = "listed"
OF_BANK, OF_BRANCH = ("ByState", "state"), ("ByBranch", "branch_state")
MAX_HISTORY = 10


def put_of(approval: Approval) -> ItemPut:
    """The put of a new request."""
    lists = {
        RANGE: f"{approval.kind}#{approval.created_at}#{approval.approval_id}",
        "branch_state": branch_state(approval.branch_id, approval.state),
    }
    return ItemPut(settings.table("approvals"), KEY, to_raw({**asdict(approval), **lists}))


def update_of(approval_id: str) -> ItemUpdate:
    """A conditional update of one request, to be given its rules."""
    return ItemUpdate(settings.table("approvals"), {KEY: s(approval_id)}, missing=NotFound)


def event_put(event: Event) -> ItemPut:
    """A row of a request's history, as a part of the write that makes it true."""
    return ItemPut(settings.table("approval_history"), KEY, to_raw(asdict(event)))


def branch_state(branch_id: str, state: str) -> str:
    """Under what a branch's requests in a state are listed."""
    return f"{branch_id}#{state}"


def read(approval_id: str) -> Approval | None:
    """A request as it is now (consistent), or None."""
    answer = aws.dynamodb().get_item(
        TableName=settings.table("approvals"), Key={KEY: s(approval_id)}, ConsistentRead=True
    )
    return Approval.from_image(to_image(answer["Item"])) if "Item" in answer else None


def page(
    index: tuple[str, str], value: str, kind: str | None, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[Approval], Mapping[str, Any] | None]:
    """At most `limit` requests of one list, newest first of each kind; the key to go on after, None at the end."""
    name, hash_name = index
    start: dict[str, Any] = {}
    if after is not None:
        # A position in a list is also the table's own key.
        start["ExclusiveStartKey"] = {**after, KEY: s(after[RANGE]["S"].rpartition("#")[2])}
    answer = aws.dynamodb().query(
        TableName=settings.table("approvals"),
        IndexName=name,
        KeyConditionExpression="#list = :list AND begins_with(#listed, :kind)" if kind else "#list = :list",
        ExpressionAttributeNames={"#list": hash_name, **({"#listed": RANGE} if kind else {})},
        ExpressionAttributeValues={":list": s(value), **({":kind": s(f"{kind}#")} if kind else {})},
        ScanIndexForward=False,
        Limit=limit,
        **start,
    )
    last = answer.get("LastEvaluatedKey")
    found = [Approval.from_image(to_image(item)) for item in answer["Items"]]
    return found, {name: last[name] for name in (hash_name, RANGE)} if last else None


def open_page(limit: int, after: Mapping[str, Any] | None) -> tuple[list[Approval], Mapping[str, Any] | None]:
    """Requests that nobody has decided on."""
    return page(OF_BANK, REQUESTED, None, limit, after)


def history(approval_id: str) -> list[Event]:
    """What happened to a request, in order of time."""
    answer = aws.dynamodb().query(
        TableName=settings.table("approval_history"),
        KeyConditionExpression="#approval_id = :approval",
        ExpressionAttributeNames={"#approval_id": KEY},
        ExpressionAttributeValues={":approval": s(approval_id)},
        ConsistentRead=True,
        Limit=MAX_HISTORY,
    )
    return [Event(**to_image(item)) for item in answer["Items"]]
