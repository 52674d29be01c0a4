"""RegistersTable: outages, which scopes are out, what probes saw, and customers' cases. RegisterStepsTable: what was
done to each, in order; rows are added and never changed.

A row is replaced by its next revision, if it still is the one that was read, in one write with the step that says who
did what: of two at once one is refused, and no change is without its step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib.outages.cases import Case
from chalicelib.outages.domain import Outage
from chalicelib.outages.errors import ExplanationOwn, OutageRunning, RegisterChanged
from chalicelib.outages.watches import Watch
from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, n, s, to_raw
from chalicelib.platform.errors import Refusal

OUTAGES, SCOPES, WATCHES, CASES = "outages", "scopes", "watches", "cases"
# A page holds some hundreds of rows.
MAX_PAGES = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to a row: who, when, what and why, and each value before and after."""

    number: str
    step: str
    action: str
    by: str
    at: str
    reason: str
    changes: dict[str, list[Any]]


@dataclass(slots=True)
class _NextPut(ItemPut):
    """A row in place of the revision of it that was read; where `not_by` is given, not by who drafted it."""

    seen: int = 0
    not_by: str | None = None

    def parameters(self) -> dict[str, Any]:
        """The parameters PutItem and TransactWriteItems share."""
        found = ItemPut.parameters(self)
        found["ConditionExpression"] = "#revision = :revision"
        found["ExpressionAttributeNames"] = {"#revision": "revision"}
        found["ExpressionAttributeValues"] = {":revision": n(self.seen)}
        if self.not_by is not None:
            found["ConditionExpression"] += " AND #drafted_by <> :publisher"
            found["ExpressionAttributeNames"] |= {"#drafted_by": "drafted_by"}
            found["ExpressionAttributeValues"] |= {":publisher": s(self.not_by)}
        return found

    def breaches(self, image: Image | None) -> list[Refusal]:
        """What is wrong when the engine refused: another revision is there, or the same person drafted it."""
        is_own = image is not None and self.not_by is not None and image.get("drafted_by") == self.not_by
        return [ExplanationOwn() if is_own else RegisterChanged()]


@dataclass(slots=True)
class _ScopePut(ItemPut):
    """A scope's mark: taken by an outage where it is free, or freed by the outage that has it."""

    freed_by: str | None = None
    names: dict[str, str] = field(default_factory=lambda: {"#outage_id": "outage_id"})

    def parameters(self) -> dict[str, Any]:
        """The parameters PutItem and TransactWriteItems share."""
        found = {**ItemPut.parameters(self), "ExpressionAttributeNames": self.names}
        if self.freed_by is None:
            return {**found, "ConditionExpression": "attribute_not_exists(#outage_id)"}
        values = {":outage_id": s(self.freed_by)}
        return {**found, "ConditionExpression": "#outage_id = :outage_id", "ExpressionAttributeValues": values}

    def breaches(self, image: Image | None) -> list[Refusal]:  # noqa: ARG002  # as a put's
        """What is wrong when the engine refused: the scope has, or no longer has, an outage."""
        return [OutageRunning() if self.freed_by is None else RegisterChanged()]


def case_month(case_id: str) -> str:
    """The month, as `2026-11`, that a case's id begins with: under it the case is kept."""
    return case_id[:7]


def _key(row: Outage | Watch | Case) -> dict[str, str]:
    if isinstance(row, Outage):
        return {"register": OUTAGES, "number": row.outage_id}
    if isinstance(row, Watch):
        return {"register": WATCHES, "number": row.scope}
    return {"register": f"{CASES}#{case_month(row.case_id)}", "number": row.case_id}


def _facts(row: Outage | Watch | Case) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(row).items()}


def new_put(row: Outage | Watch | Case) -> ItemPut:
    """A new row, as a part of the write that notes it."""
    return ItemPut(settings.table("registers"), "register", to_raw({**_facts(row), **_key(row)}))


def next_put(before: Outage | Watch | Case, after: Outage | Watch | Case, *, not_by: str | None = None) -> ItemPut:
    """A row in place of what was read; whoever was quicker makes it RegisterChanged."""
    item = to_raw({**_facts(after), **_key(after)})
    return _NextPut(settings.table("registers"), "register", item, seen=before.revision, not_by=not_by)


def scope_taken(outage: Outage) -> ItemPut:
    """The outage's scope is out, and no other outage has it."""
    row = {"register": SCOPES, "number": outage.scope, "outage_id": outage.outage_id}
    return _ScopePut(settings.table("registers"), "register", to_raw(row))


def scope_freed(outage: Outage) -> ItemPut:
    """The outage's scope is well again."""
    row = {"register": SCOPES, "number": outage.scope}
    return _ScopePut(settings.table("registers"), "register", to_raw(row), freed_by=outage.outage_id)


def step_put(
    before: Outage | Case | None, after: Outage | Case, *, action: str, by: str, at: str, reason: str
) -> ItemPut:
    """The step from one revision to the next, as a part of the write that makes it."""
    old, new = _facts(before) if before is not None else {}, _facts(after)
    changes = {
        name: [old.get(name), value] for name, value in new.items() if name != "revision" and value != old.get(name)
    }
    step = Step(_key(after)["number"], f"{after.revision:06d}", action, by, at, reason, changes)
    return ItemPut(settings.table("register_steps"), "number", to_raw(asdict(step)))


def _read(register: str, number: str) -> Image | None:
    return reading.item(settings.table("registers"), {"register": s(register), "number": s(number)})


def outage(outage_id: str) -> Outage | None:
    """One outage, or None."""
    image = _read(OUTAGES, outage_id)
    return Outage.from_image(image) if image is not None else None


def outages() -> list[Outage]:
    """Every outage there ever was, the latest first; a bank has a handful a year."""
    found = map(Outage.from_image, _rows("registers", "register", OUTAGES))
    return sorted(found, key=lambda one: one.opened_at, reverse=True)


def watch(scope: str) -> Watch | None:
    """What probes have seen of a scope, or None where none has looked yet."""
    image = _read(WATCHES, scope)
    return Watch.from_image(image) if image is not None else None


def case(case_id: str) -> Case | None:
    """One case, or None."""
    image = _read(f"{CASES}#{case_month(case_id)}", case_id)
    return Case.from_image(image) if image is not None else None


def cases(month: str) -> list[Case]:
    """A month's cases, newest first."""
    found = map(Case.from_image, _rows("registers", "register", f"{CASES}#{month}"))
    return sorted(found, key=lambda one: one.noted_at, reverse=True)


def steps(number: str) -> list[Step]:
    """What was done to an outage or a case, in order."""
    return [Step(**image) for image in _rows("register_steps", "number", number)]


def _rows(table: str, key: str, value: str) -> Iterator[Image]:
    name = settings.table("registers") if table == "registers" else settings.table("register_steps")
    return reading.rows(
        aws.dynamodb().query,
        MAX_PAGES,
        TableName=name,
        KeyConditionExpression="#register_key = :register_value",
        ExpressionAttributeNames={"#register_key": key},
        ExpressionAttributeValues={":register_value": s(value)},
        ConsistentRead=True,
    )


def are_answered(keys: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether the engine answers a consistent read of every one of these tables; `keys` are of rows that none has."""
    wanted: dict[str, Any] = {
        table: {"Keys": [{name: s(value) for name, value in key.items()}], "ConsistentRead": True}
        for table, key in keys.items()
    }
    return not aws.dynamodb().batch_get_item(RequestItems=wanted).get("UnprocessedKeys")
