"""Plan a change of a parameter, as a part of the approval that decides it (NB-5.2.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from chalicelib.parameters import domain, known, service, store
from chalicelib.parameters.domain import Row
from chalicelib.parameters.errors import ParameterOutOfBounds, ParameterUnknown
from chalicelib.parameters.shapes import AnyParameter, MessageText, Value
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate


@dataclass(frozen=True, slots=True)
class Wish:
    """What a change is to be; `since` is None for at once. `department` applied, `approver` of it approved."""

    name: str
    value: Value
    since: dt.datetime | None
    department: str
    approver: str


@dataclass(frozen=True, slots=True)
class Signatures:
    """Who decided on a change, why, and by which approval."""

    approval_id: str
    maker: str
    checker: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A change as planned on what the parameter was when it was read."""

    wish: Wish
    parameter: AnyParameter
    seen: Row | None

    @property
    def revision(self) -> int:
        """How often the parameter had been changed."""
        return (self.seen or domain.UNTOUCHED).revision

    def old(self, now: dt.datetime) -> Value:
        """What would be in force at the moment from which the change is to hold."""
        found = (self.seen or domain.UNTOUCHED).value_at(self.wish.since or now)
        return found if found is not None and self.parameter.admits(found) else self.parameter.default

    def writes(self, signatures: Signatures, now: dt.datetime) -> Sequence[ItemPut | ItemUpdate]:
        """The parameter's row, only if nobody changed it since it was read, and the row of its history.

        Raises ParameterEffectiveDateRefused, ParameterScheduleFull.
        """
        after = domain.changed(self.seen or domain.UNTOUCHED, self.wish.value, self.wish.since, now)
        change = service.Change(
            name=self.wish.name,
            changed=f"{clock.to_text(now)}#{signatures.approval_id}",
            old=self.old(now),
            new=self.wish.value,
            effective_from=clock.to_text(self.wish.since or now),
            department=self.wish.department,
            approver=self.wish.approver,
            **asdict(signatures),
        )
        return [store.change(self.wish.name, self.seen, after), store.history_put(asdict(change))]


def plan_change(wish: Wish, now: dt.datetime) -> Plan:
    """Read the parameter and plan the change.

    Raises ParameterUnknown, ParameterOutOfBounds or what a message's text raises, ParameterEffectiveDateRefused,
    ParameterScheduleFull.
    """
    parameter = known.ALL.get(wish.name)
    if parameter is None:
        raise ParameterUnknown(name=wish.name)
    _require_fit(parameter, wish.value)
    seen = store.row(wish.name)
    domain.changed(seen or domain.UNTOUCHED, wish.value, wish.since, now)
    return Plan(wish, parameter, seen)


def _require_fit(parameter: AnyParameter, value: Value) -> None:
    if isinstance(parameter, MessageText):
        parameter.require(value)
    elif not parameter.admits(value):
        raise ParameterOutOfBounds(name=parameter.name, bounds=parameter.bounds)
