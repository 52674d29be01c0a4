"""Parameters over HTTP, for staff: as they stand, and their history; they are changed by approvals (NB-5.2.2)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.parameters import service
from chalicelib.parameters.errors import ParameterUnknown
from chalicelib.parameters.shapes import Value
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import CursorMalformed
from chalicelib.platform.http import Api, Call, Query, View
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)


class ScheduledView(View):
    """A value that waits for its moment."""

    value: Value
    effective_from: fields.Timestamp


class VariableView(View):
    """What is filled in where `{name}` stands in a text."""

    name: str
    meaning: Annotated[str, Field(description="含义，按 Accept-Language / in the caller's language")]
    is_required: bool


class ParameterView(View):
    """A parameter as it stands."""

    name: str
    value: Value
    default: Value
    bounds: Annotated[str, Field(description="取值要求 / what a value must be")]
    source: str
    variables: Annotated[list[VariableView], Field(description="消息文本可用的占位符 / what a message's text may hold")]
    revision: Annotated[int, Field(description="变更次数 / how often it was changed")]
    scheduled: list[ScheduledView]


class ParameterList(View):
    parameters: list[ParameterView]


class HistoryQuery(Query):
    limit: Annotated[fields.PageSize, Field(default=fields.DEFAULT_PAGE)]
    cursor: Annotated[fields.Cursor | None, Field(default=None)]


class ParameterChangeView(View):
    """One change: old and new, from when, who applied, approved, made and checked it, and why."""

    old: Value
    new: Value
    effective_from: fields.Timestamp
    department: str
    approver: str
    maker: str
    checker: str
    reason: str
    approval_id: str


class ParameterHistory(View):
    changes: list[ParameterChangeView]
    next_cursor: str | None


@api.operation(
    "GET",
    "/v1/staff/parameters",
    zh="参数现值及待生效变更",
    en="Parameters as they stand, and what waits for its moment",
    auth=checks_session,
    permission=staff.PARAMETERS_READ,
    answer=ParameterList,
)
def read_all(call: Call) -> ParameterList:
    """Every parameter, in order of name."""
    return ParameterList(parameters=[_view(one, call.language) for one in service.standing(clock.now())])


@api.operation(
    "GET",
    "/v1/staff/parameters/{name}/history",
    zh="参数变更历史",
    en="Changes of a parameter",
    auth=checks_session,
    permission=staff.PARAMETERS_READ,
    query=HistoryQuery,
    answer=ParameterHistory,
    refusals=(ParameterUnknown, CursorMalformed),
)
def read_history(call: Call, name: str) -> ParameterHistory:
    """A page of changes, newest first."""
    query = call.params(HistoryQuery)
    changes, cursor = service.history(name, query.limit, query.cursor)
    shown = [
        ParameterChangeView.model_validate({field: getattr(one, field) for field in ParameterChangeView.model_fields})
        for one in changes
    ]
    return ParameterHistory(changes=shown, next_cursor=cursor)


def _view(standing: service.Standing, language: str) -> ParameterView:
    parameter = standing.parameter
    return ParameterView(
        name=parameter.name,
        value=standing.value,
        default=parameter.default,
        bounds=parameter.bounds,
        source=parameter.source,
        variables=_variables(parameter, language) if isinstance(parameter, service.MessageText) else [],
        revision=standing.revision,
        scheduled=[
            ScheduledView(value=one.value, effective_from=clock.to_text(one.since)) for one in standing.scheduled
        ],
    )


def _variables(parameter: service.MessageText, language: str) -> list[VariableView]:
    return [
        VariableView(name=name, meaning=en if language == "en" else zh, is_required=name in parameter.required)
        for name, (zh, en) in parameter.variables.items()
    ]
