"""A parameter gets another value, at once or at a moment to come (NB-5.2.2)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.approvals.domain import Kind, Proposal
from chalicelib.parameters import service as parameters
from chalicelib.parameters.commands.change_parameter import Signatures, Wish, plan_change
from chalicelib.parameters.errors import (
    MessagePlaceholderMissing,
    MessagePlaceholderUnknown,
    MessageTextMalformed,
    ParameterEffectiveDateRefused,
    ParameterOutOfBounds,
    ParameterScheduleFull,
    ParameterUnknown,
)
from chalicelib.platform import clock, fields
from chalicelib.platform.http import Body
from chalicelib.platform.texts import printable
from chalicelib.staff import service as staff

# A decision is before its request expires, by the smallest step of a time.
_TICK = dt.timedelta(milliseconds=1)

_Words = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40, strip_whitespace=True),
    AfterValidator(printable),
]


class BothLanguages(Body):
    """A text for customers."""

    zh: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)]


class TextValue(Body):
    """A parameter that is a text: of a message, the longest there is."""

    zh: Annotated[str, StringConstraints(min_length=1, max_length=parameters.MAX_MESSAGE)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=parameters.MAX_MESSAGE)]


class ParameterChange(Body):
    """Which parameter, its new value, from when, and who applied for and approved it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    value: Annotated[int | str | TextValue, Field(description="新值 / the new value")]
    effective_from: Annotated[
        fields.Moment | None,
        Field(default=None, description="生效时间；不填即复核通过时 / from when, or on approval"),
    ]
    department: Annotated[_Words, Field(description="申请部门 / the department that applied")]
    approver: Annotated[_Words, Field(description="批准的主管行长 / the president in charge who approved")]


def _propose(payload: ParameterChange, now: dt.datetime) -> Proposal:
    since = clock.from_text(payload.effective_from) if payload.effective_from else None
    value = payload.value.model_dump() if isinstance(payload.value, TextValue) else payload.value
    plan = plan_change(Wish(payload.name, value, since, payload.department, payload.approver), now)
    known = {
        "parameter": payload.name,
        "effective_from": clock.to_local_text(since) if since else "-",
        "department": payload.department,
        "approver": payload.approver,
        # A change to and fro between request and approval outdates the request.
        "revision": str(plan.revision),
    }
    return Proposal(
        branch_id=staff.HEAD_OFFICE,
        before={**known, "value": parameters.to_text(plan.old(now))},
        after={**known, "value": parameters.to_text(value)},
        writes=lambda by: plan.writes(Signatures(by.approval_id, by.maker, by.checker, by.reason), by.now),
        # Decided so long before its moment, every instance knows it then.
        latest=since - parameters.MAX_STALENESS + _TICK if since else None,
    )


PARAMETER_CHANGE = Kind(
    code="parameter.change",
    zh="参数变更",
    en="change of a parameter",
    payload=ParameterChange,
    words={
        "parameter": ("参数", "parameter"),
        "value": ("取值", "value"),
        "effective_from": ("生效时间（上海；“-”为复核通过时）", "in force from (Shanghai; '-' on approval)"),
        "revision": ("此前变更次数", "changes before"),
        "department": ("申请部门", "applied for by"),
        "approver": ("批准人", "approved by"),
    },
    makes=staff.PARAMETERS_CHANGE,
    checks=staff.PARAMETERS_APPROVE,
    propose=_propose,
    refusals=(
        ParameterUnknown,
        ParameterOutOfBounds,
        MessagePlaceholderMissing,
        MessagePlaceholderUnknown,
        MessageTextMalformed,
        ParameterEffectiveDateRefused,
        ParameterScheduleFull,
    ),
)
