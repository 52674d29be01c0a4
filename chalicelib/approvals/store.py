"""ApprovalsTable: one item a request, listed by state. ApprovalHistoryTable: who did what to it, only added to."""

from __future__ import annotations

from dataclasses import asdict

from chalicelib.approvals.domain import REQUESTED, Approval, Event
from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

KEY = "approval_id"
# Both lists are sorted by kind, then by time: `listed` is kind#time#id.
RANGE = "listed"
OF_BANK = reading.Listing("ByState", "state", RANGE, KEY)
OF_BRANCH = reading.Listing("ByBranch", "branch_state", RANGE, KEY)
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
    image = reading.item(settings.table("approvals"), {KEY: s(approval_id)})
    return Approval.from_image(image) if image is not None else None


def page(
    listing: reading.Listing, value: str, kind: str | None, limit: int, cursor: str | None
) -> tuple[list[Approval], str | None]:
    """At most `limit` requests of one list, newest first of each kind; the next page's cursor, None at the end."""
    begins = f"{kind}#" if kind else ""
    found, following = listing.page(settings.table("approvals"), value, limit, cursor, begins=begins)
    return [Approval.from_image(image) for image in found], following


def open_page(limit: int, cursor: str | None) -> tuple[list[Approval], str | None]:
    """Requests that nobody has decided on."""
    return page(OF_BANK, REQUESTED, None, limit, cursor)


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
