"""EmergencyCasesTable, and the mark that a case leaves on the member's row until it is reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, s, to_image, to_raw
from chalicelib.platform.errors import NotFound
from chalicelib.staff.errors import EmergencyOwn, EmergencyReviewed, EmergencyUnreviewed


@dataclass(frozen=True, slots=True)
class Case:
    """An emergency right that was taken; times as text. `state` is open until another person has reviewed it."""

    month: str
    case_id: str
    staff_id: str
    function: str
    reason: str
    opened_at: str
    until: str
    state: str
    reviewed_by: str | None = None
    reviewed_at: str | None = None
    finding: str | None = None


OPEN, REVIEWED = "open", "reviewed"
# More emergencies in a month are none.
MAX_CASES = 500


def _case(image: Image) -> Case:
    known: dict[str, Any] = {name: image.get(name) for name in Case.__dataclass_fields__}
    return Case(**known)


def case_put(case: Case) -> ItemPut:
    """A new case's row."""
    row = {name: getattr(case, name) for name in Case.__dataclass_fields__}
    return ItemPut(settings.table("emergency_cases"), "month", to_raw(row))


def read_case(month: str, case_id: str) -> Case | None:
    """One case, or None."""
    image = reading.item(settings.table("emergency_cases"), {"month": s(month), "case_id": s(case_id)})
    return _case(image) if image is not None else None


def cases_of(month: str) -> list[Case]:
    """A month's cases, newest first."""
    answer = aws.dynamodb().query(
        TableName=settings.table("emergency_cases"),
        KeyConditionExpression="#month = :month",
        ExpressionAttributeNames={"#month": "month"},
        ExpressionAttributeValues={":month": s(month)},
        ConsistentRead=True,
        Limit=MAX_CASES,
    )
    return sorted((_case(to_image(item)) for item in answer["Items"]), key=lambda one: one.opened_at, reverse=True)


def other_reviewer_rule(reviewer: str) -> Rule:
    """Open, and of another person than who reviews it."""
    return Rule(
        "#state = :open_case AND #staff_id <> :reviewer",
        {":open_case": s(OPEN), ":reviewer": s(reviewer)},
        lambda image: bool(image["state"] == OPEN and image["staff_id"] != reviewer),
        lambda image: EmergencyOwn() if image["staff_id"] == reviewer else EmergencyReviewed(),
    )


def reviewed(case: Case, reviewer: str, finding: str, at: str) -> ItemUpdate:
    """Close a case with another person's finding."""
    key = {"month": s(case.month), "case_id": s(case.case_id)}
    update = ItemUpdate(settings.table("emergency_cases"), key, missing=NotFound)
    update.require(other_reviewer_rule(reviewer)).set("#state = :reviewed", reviewed=s(REVIEWED))
    update.set("#reviewed_by = :reviewed_by", reviewed_by=s(reviewer)).set("#reviewed_at = :at", at=s(at))
    return update.set("#finding = :finding", finding=s(finding))


def no_emergency_rule() -> Rule:
    """The member has taken no emergency right that nobody has reviewed yet."""
    return Rule(
        "attribute_not_exists(#emergency)",
        {},
        lambda image: "emergency" not in image,
        lambda _: EmergencyUnreviewed(),
    )


def case_rule(case_id: str) -> Rule:
    """The member's mark is of this case."""
    return Rule(
        "#emergency.#case_id = :case_id",
        {":case_id": s(case_id)},
        lambda image: bool(image.get("emergency", {}).get("case_id") == case_id),
        None,
    )


def with_emergency(update: ItemUpdate, case: Case) -> ItemUpdate:
    """The member holds the case's function until its end; the mark stays until the case is reviewed."""
    mark = to_raw({"function": case.function, "until": case.until, "case_id": case.case_id})
    return update.require(no_emergency_rule()).set("#emergency = :emergency", emergency={"M": mark})
