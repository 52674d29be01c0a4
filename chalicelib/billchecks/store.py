"""BillChecksTable: one item a bill. BillCheckDuesTable: what is due when. BillCheckHistoryTable: what happened.

A step is one write: the check if it is as it was read, a row of its history, and what is due of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from chalicelib.billchecks.domain import BillCheck, Event, unchanged_rule
from chalicelib.platform import aws, due, ids, reading, settings
from chalicelib.platform.due import Due
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

KEY, LISTED = "check_id", "listed"
# A customer's bills, newest month first; and what a branch's staff have to do, oldest month first.
OF_CUSTOMER = reading.Listing("ByCustomer", "customer_id", LISTED, KEY)
OF_DESK = reading.Listing("ByDesk", "desk", LISTED, KEY)
REMIND, LAPSE, TELL = "remind", "lapse", "tell"
# Some steps each, of which staff take a few.
MAX_HISTORY = 200
ROWS_A_PAGE, PAGES_A_PART = 100, 5
_REVISION_DIGITS = 6


@dataclass(frozen=True, slots=True)
class CheckDue(Due):
    """A row of what is due: of which check, what, and the how manieth of that."""

    check_id: str
    kind: str
    number: int

    @property
    def at(self) -> str:
        """When it is due, as text."""
        return self.due.partition("#")[0]


def id_of(account_id: str, month: str) -> str:
    """The check's id: one a bill, for ever. It is in queues and logs in place of an account number."""
    return ids.derived_id("bill-check", account_id, month)


def put_of(check: BillCheck) -> ItemPut:
    """The put of a new check."""
    return ItemPut(settings.table("bill_checks"), KEY, to_raw(check.to_item()))


def update_of(before: BillCheck, after: BillCheck) -> ItemUpdate:
    """The update that makes one of the other, if nobody changed it since it was read."""
    update = ItemUpdate(settings.table("bill_checks"), {KEY: s(before.check_id)}, missing=NotFound)
    update.require(unchanged_rule(before.revision))
    return update.become(to_raw(before.to_item()), to_raw(after.to_item()))


def event_put(event: Event) -> ItemPut:
    """A row of the history, as a part of the write that makes it true."""
    row = {**asdict(event), "place": f"{event.revision:0{_REVISION_DIGITS}d}"}
    return ItemPut(settings.table("bill_check_history"), KEY, to_raw(row))


def due_put(check_id: str, kind: str, number: int, at: str) -> ItemPut:
    """A row of what is due at a time, as a part of the write that makes it wait."""
    row = CheckDue(*due.place_of(f"{check_id}#{kind}#{number}", at), check_id, kind, number)
    return due.put_of(settings.table("bill_check_dues"), row)


def due_pages(until: str) -> Iterator[list[CheckDue]]:
    """What is due, a page in memory at a time; what is left is the next run's."""
    return due.pages(settings.table("bill_check_dues"), CheckDue, until, ROWS_A_PAGE, PAGES_A_PART)


def drop(row: CheckDue) -> None:
    """Take a row away; one that is gone stays so."""
    due.drop(settings.table("bill_check_dues"), row)


def read(check_id: str) -> BillCheck | None:
    """A check as it is now (consistent), or None."""
    image = reading.item(settings.table("bill_checks"), {KEY: s(check_id)})
    return BillCheck.from_image(image) if image is not None else None


def page(
    listing: reading.Listing, value: str, limit: int, cursor: str | None, *, newest_first: bool
) -> tuple[list[BillCheck], str | None]:
    """At most `limit` checks of one list; the next page's cursor, None at the end."""
    found, following = listing.page(settings.table("bill_checks"), value, limit, cursor, newest_first=newest_first)
    return [BillCheck.from_image(image) for image in found], following


def history(check_id: str) -> list[Event]:
    """What happened to a check, oldest first."""
    answer = aws.dynamodb().query(
        TableName=settings.table("bill_check_history"),
        KeyConditionExpression="#check_id = :check_id",
        ExpressionAttributeNames={"#check_id": KEY},
        ExpressionAttributeValues={":check_id": s(check_id)},
        ConsistentRead=True,
        Limit=MAX_HISTORY,
    )
    rows = (to_image(item) for item in answer["Items"])
    return [Event(**{name: row[name] for name in Event.__dataclass_fields__}) for row in rows]
