"""Plan to switch a function of a role on or off, by two system administrators (NB-5.2.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound
from chalicelib.staff import domain, store
from chalicelib.staff.commands.administer import Facts, Signatures, signed
from chalicelib.staff.errors import FunctionNotSwitchable


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """What would be switched, and the writes once two system administrators have signed."""

    before: Facts
    after: Facts
    writes: Callable[[Signatures, dt.datetime], Sequence[ItemPut | ItemUpdate]]


def plan_switch(role: str, function: str, *, is_on: bool) -> SwitchPlan:
    """Switch a function on or off for a role, within what the bank's standard admits.

    Raises NotFound for a role or function that is none, FunctionNotSwitchable for what is not admitted or fixed.
    """
    if role not in domain.ROLES or function not in domain.TABLE:
        raise NotFound()
    if not domain.is_switchable(function, role):
        raise FunctionNotSwitchable()
    before = store.switched().get((role, function))
    was_on = role not in domain.TABLE[function].off if before is None else before
    known = {"role": role, "function": function}

    def writes(by: Signatures, now: dt.datetime) -> list[ItemPut | ItemUpdate]:
        checks = signed(by, functions=(domain.FUNCTIONS_CHANGE, domain.FUNCTIONS_APPROVE))
        action = "function.switched_on" if is_on else "function.switched_off"
        noted = audit.staff_event(
            by.checker, action, now, on=f"{role}#{function}", maker=by.maker, approval=by.approval_id
        )
        return [store.switch_of(role, function, before, is_on), *checks, noted]

    return SwitchPlan({**known, "state": _word(was_on)}, {**known, "state": _word(is_on)}, writes)


def _word(is_on: bool) -> str:
    return "on" if is_on else "off"
