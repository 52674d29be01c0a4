"""The staff's log over HTTP, for auditors (NB-4-audit)."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from pydantic import Field

from chalicelib.audit import service, store
from chalicelib.audit.commands.export_actions import export_page
from chalicelib.audit.links import PLACE
from chalicelib.platform import clock, fields, keyed
from chalicelib.platform.dynamo import decode_cursor, encode_cursor
from chalicelib.platform.errors import CursorMalformed
from chalicelib.platform.http import Api, Call, Query, View
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

_SEAL_DIGITS = 32


class StaffActionView(View):
    """What a member of staff did, looked at, or was not let."""

    id: str
    at: fields.Timestamp
    staff_id: str
    action: Annotated[str, Field(description="不变的代码 / a code that never changes", examples=["logged_in"])]
    on: Annotated[str, Field(description="对象编号 / whom or what it was done to, by ids")]
    outcome: Annotated[str, Field(description="done, asked（查看 / a look）, refused（被拒绝 / not let）")]
    purpose: str
    source_address: str | None
    session_id: str | None
    branch_id: str | None
    correlation_id: str | None
    case_id: Annotated[str | None, Field(description="应急记录 / the emergency case under which")]
    facts: dict[str, str]


class StaffActionPage(View):
    actions: list[StaffActionView]
    next_cursor: fields.Cursor | None


class StaffActionQuery(Query):
    """A business date, what a row must have, and a page."""

    date: Annotated[fields.CalendarDate, Field(description="营业日期（上海）/ business date (Shanghai)")]
    staff_id: Annotated[str | None, Field(min_length=1, max_length=20, description="员工号 / whose")] = None
    action: Annotated[str | None, Field(min_length=1, max_length=50, description="操作代码 / what")] = None
    on: Annotated[str | None, Field(min_length=1, max_length=300, description="对象编号 / on whom or what")] = None
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


@api.operation(
    "GET",
    "/v1/staff/audit/actions",
    zh="查询员工操作日志，最新在前；一页可能不满，以 next_cursor 为准；首页查询记入日志",
    en="What staff did on a date, newest first; a page may be short, next_cursor tells whether there is more; "
    "the first page is itself on record",
    auth=checks_session,
    permission=staff.AUDIT_READ,
    query=StaffActionQuery,
    answer=StaffActionPage,
    refusals=(CursorMalformed,),
)
def read_staff_log(call: Call) -> StaffActionPage:
    """A page of what staff did, for auditors."""
    query = call.params(StaffActionQuery)
    after = decode_cursor(_opened(call, query.cursor), store.STAFF_KEY, query.date, store.STAFF_RANGE)
    wanted = query.model_dump(include={"staff_id", "action", "on"}, exclude_none=True)
    if after is None:
        _note_look(call, query.date, wanted)
    actions, last = service.staff_actions(query.date, limit=query.limit, after=after, **wanted)
    return StaffActionPage(
        actions=[
            StaffActionView(
                id=action.action_key.partition("#")[2],
                at=action.at,
                staff_id=action.staff_id,
                action=action.action,
                on=action.on,
                outcome=action.outcome,
                purpose=action.purpose,
                source_address=action.source_address,
                session_id=action.session_id,
                branch_id=action.branch_id,
                correlation_id=action.correlation_id,
                case_id=action.case_id,
                facts=action.facts,
            )
            for action in actions
        ],
        next_cursor=_sealed(call, encode_cursor(last)),
    )


class StaffLogExport(View):
    lines: Annotated[list[str], Field(description="导出文件的行（JSON Lines）/ lines of the file, in order")]
    next_cursor: fields.Cursor | None


class StaffLogExportQuery(Query):
    """A business date, and where to go on."""

    date: Annotated[fields.CalendarDate, Field(description="营业日期（上海）/ business date (Shanghai)")]
    cursor: fields.Cursor | None = None


@api.operation(
    "GET",
    "/v1/staff/audit/export",
    zh="导出某日员工操作日志及其哈希链；各页的行依次写入文件即可离线验证；导出记入日志",
    en="A date of the staff's log with its chain; the lines of all pages, in order, are a file that is verified "
    "offline; the export is itself on record",
    auth=checks_session,
    permission=staff.AUDIT_READ,
    query=StaffLogExportQuery,
    answer=StaffLogExport,
    refusals=(CursorMalformed,),
)
def export_staff_log(call: Call) -> StaffLogExport:
    """A page of the lines of an export."""
    query = call.params(StaffLogExportQuery)
    if query.cursor is None:
        _note_look(call, query.date, {})
    after = _export_key(_opened(call, query.cursor), query.date)
    lines, last = export_page(query.date, after, clock.now())
    return StaffLogExport(lines=lines, next_cursor=_sealed(call, encode_cursor(last)))


def _sealed(call: Call, cursor: str | None) -> str | None:
    """A cursor that says that this session was answered the page before, whose first is on record."""
    return None if cursor is None else f"{cursor}.{_seal(call, cursor)}"


def _opened(call: Call, cursor: str | None) -> str | None:
    """The cursor in it; raises CursorMalformed for one that nobody was given, as no look goes unrecorded."""
    if cursor is None:
        return None
    bare, _, seal = cursor.partition(".")
    if not seal.isascii() or not hmac.compare_digest(seal, _seal(call, bare)):
        raise CursorMalformed()
    return bare


def _seal(call: Call, cursor: str) -> str:
    parts = (call.operation.name, call.staff.session_id, cursor)
    return keyed.keyed_hash("cursor of the staff's log", *parts).hex()[:_SEAL_DIGITS]


def _export_key(cursor: str | None, business_date: str) -> dict[str, Any] | None:
    """The key of a link or of a row; raises CursorMalformed for any other."""
    try:
        key = decode_cursor(cursor, store.STAFF_KEY, business_date, store.LINK_RANGE)
    except CursorMalformed:
        return decode_cursor(cursor, store.STAFF_KEY, business_date, store.STAFF_RANGE)
    if key is not None and not key[store.LINK_RANGE]["S"].startswith(PLACE):
        raise CursorMalformed()  # the engine takes no start outside what is asked for
    return key


def _note_look(call: Call, business_date: str, wanted: dict[str, str]) -> None:
    asked = {f"asked_{name}": value for name, value in wanted.items()}
    operation = call.operation.name
    service.record_staff_action(
        call.staff, call.permission, clock.now(), on=business_date, operation=operation, **asked
    )
