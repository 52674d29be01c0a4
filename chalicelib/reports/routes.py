"""Transactions of a day, what is stuck, and statistics over HTTP, for staff (NB-5.2.5-op)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.closing.commands import closed_days
from chalicelib.platform import clock, fields, sheets
from chalicelib.platform.errors import CursorMalformed, MalformedRequest, NotFound
from chalicelib.platform.http import Answer, Api, Call, Query, View
from chalicelib.platform.money import decimal_text
from chalicelib.reports import service
from chalicelib.reports.commands import find_stuck
from chalicelib.reports.domain import Figure, Row
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

# A month, and what it costs: four queries a day.
MAX_DAYS = 31
State = Literal["awaiting", "held", "released", "expired", "pending", "cancelled", "returned", "posted", "reversed"]
Stage = Literal[
    "confirmation", "hold", "arrival", "lines", "deferred_legs", "receipt", "notification", "list", "altered"
]
# What a spreadsheet shows; an entry of a kind without a word is shown by its code.
KINDS = {
    "transfer": ("转账", "transfer"),
    "hold": ("预留付款", "payment of a hold"),
    "reversal": ("冲正", "reversal"),
    "cash_deposit": ("现金存入", "cash deposit"),
    "cash_withdrawal": ("现金支取", "cash withdrawal"),
}
_COLUMNS = {
    "zh": ("会计日期", "已日终", "机构", "机构名称", "业务种类", "笔数", "金额（元）", "手续费（元）"),
    "en": ("business date", "closed", "branch", "branch name", "kind", "entries", "amount (CNY)", "fees (CNY)"),
}
_YES_NO = {"zh": ("否", "是"), "en": ("no", "yes")}

BranchId = Annotated[str, Field(min_length=1, max_length=20, description="机构 / organisation", examples=["0001"])]


class TransactionsQuery(Query):
    """A business date, today where none is given, a state, and a page."""

    date: Annotated[
        fields.CalendarDate | None, Field(description="会计日期，默认当日 / business date, today by default")
    ] = None
    state: Annotated[State, Field(description="状态 / state")] = "posted"
    branch_id: BranchId | None = None
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


class StuckQuery(Query):
    stage: Annotated[Stage | None, Field(description="滞留环节 / at which stage")] = None
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


class StatisticsQuery(Query):
    """A period of business dates, both included, and an organisation: its own entries, not those below it."""

    date_from: Annotated[fields.CalendarDate, Field(description="起始日期 / first date")]
    date_to: Annotated[fields.CalendarDate, Field(description="截止日期，最多 31 天 / last date, 31 days at most")]
    branch_id: BranchId | None = None


class TransactionView(View):
    """One transaction. `at` is when it came into its state, `until` when an instruction or hold ends by itself."""

    id: fields.EntryId
    kind: str
    state: State
    business_date: fields.BusinessDate
    branch: str
    at: fields.Timestamp
    created_at: fields.Timestamp
    until: fields.Timestamp | None
    amount: fields.SignedAmount
    fee: fields.SignedAmount
    payer_account: fields.MaskedAccount | None
    payee_account: fields.MaskedAccount | None


class TransactionPage(View):
    transactions: list[TransactionView]
    next_cursor: fields.Cursor | None


class StuckView(View):
    """A transaction that does not go on: where, and for how long it has been in its state."""

    transaction: TransactionView
    stages: list[Stage]
    age_s: int


class StuckPage(View):
    stuck: list[StuckView]
    next_cursor: fields.Cursor | None


class FigureView(View):
    """What a branch did on a business date in one kind of entry."""

    business_date: fields.BusinessDate
    closed: Annotated[bool, Field(description="该日已日终 / whether the date is closed: its figures are final")]
    branch: str
    kind: str
    entries: int
    amount: fields.SignedAmount
    fees: fields.SignedAmount


class StatisticsView(View):
    figures: list[FigureView]
    entries: int
    amount: fields.SignedAmount
    fees: fields.SignedAmount


def _view(row: Row, state: str) -> TransactionView:
    return TransactionView.model_validate(
        {
            "id": row.entry_id,
            "kind": row.kind,
            "state": state,
            "business_date": row.day,
            "branch": row.branch_id,
            "at": row.at,
            "created_at": row.created_at,
            "until": row.until,
            "amount": decimal_text(row.amount_fen),
            "fee": decimal_text(row.fee_fen),
            "payer_account": row.payer,
            "payee_account": row.payee,
        }
    )


@api.operation(
    "GET",
    "/v1/staff/transactions",
    zh="交易监控：某日某状态的交易，最新在前",
    en="Transactions of a business date in a state, newest first",
    auth=checks_session,
    permission=staff.TRANSACTIONS_MONITOR,
    query=TransactionsQuery,
    answer=TransactionPage,
    refusals=(NotFound, CursorMalformed),
)
def read_transactions(call: Call) -> TransactionPage:
    """A page of one organisation's transactions, or of the whole bank's for the head office."""
    query, now = call.params(TransactionsQuery), clock.now()
    rows, cursor = service.page(
        call.staff,
        query.date or clock.business_date(now),
        query.state,
        branch_id=query.branch_id,
        limit=query.limit,
        cursor=query.cursor,
        now=now,
    )
    return TransactionPage(transactions=[_view(row, state) for row, state in rows], next_cursor=cursor)


@api.operation(
    "GET",
    "/v1/staff/transactions/stuck",
    zh="交易监控：滞留交易，最早在前；一页可能不满，以 next_cursor 为准",
    en="Transactions that do not go on, oldest first; a page may be short, next_cursor tells whether there is more",
    auth=checks_session,
    permission=staff.TRANSACTIONS_MONITOR,
    query=StuckQuery,
    answer=StuckPage,
    refusals=(CursorMalformed,),
)
def read_stuck(call: Call) -> StuckPage:
    """What lacks something that should have followed, in the caller's own organisation and below."""
    query = call.params(StuckQuery)
    found, cursor = find_stuck.stuck_page(
        call.staff, stage=query.stage, limit=query.limit, cursor=query.cursor, now=clock.now()
    )
    return StuckPage(
        stuck=[
            StuckView.model_validate(
                {"transaction": _view(one.row, one.row.state), "stages": one.stages, "age_s": one.age_s}
            )
            for one in found
        ],
        next_cursor=cursor,
    )


def _figures(call: Call) -> list[Figure]:
    """The figures that a call asks for; raises MalformedRequest for a period that is too long."""
    query = call.params(StatisticsQuery)
    first, last = (dt.date.fromisoformat(text) for text in (query.date_from, query.date_to))
    count = (last - first).days + 1
    if count > MAX_DAYS:
        raise MalformedRequest([{"field": "date_to", "code": "too_large"}])
    days = [(first + dt.timedelta(days=place)).strftime("%Y%m%d") for place in range(count)]
    return service.figures(call.staff, days, query.branch_id)


def _closed(call: Call) -> set[str]:
    query = call.params(StatisticsQuery)
    return closed_days.closed_between(min(query.date_from, query.date_to), query.date_to)


@api.operation(
    "GET",
    "/v1/staff/statistics",
    zh="业务统计：按日期、机构、业务种类",
    en="Statistics by business date, branch and kind of entry",
    auth=checks_session,
    permission=staff.STATISTICS_READ,
    query=StatisticsQuery,
    answer=StatisticsView,
    refusals=(NotFound,),
)
def read_statistics(call: Call) -> StatisticsView:
    """Figures of the caller's own organisation and those below it."""
    found, closed = _figures(call), _closed(call)
    return StatisticsView(
        figures=[
            FigureView(
                business_date=one.day,
                closed=one.day in closed,
                branch=one.branch_id,
                kind=one.kind,
                entries=one.entries,
                amount=decimal_text(one.amount_fen),
                fees=decimal_text(one.fee_fen),
            )
            for one in found
        ],
        entries=sum(one.entries for one in found),
        amount=decimal_text(sum(one.amount_fen for one in found)),
        fees=decimal_text(sum(one.fee_fen for one in found)),
    )


@api.operation(
    "GET",
    "/v1/staff/statistics/csv",
    zh="业务统计，CSV 文件（UTF-8，Excel 可直接打开）",
    en="The same statistics as CSV (UTF-8, as Excel opens it)",
    auth=checks_session,
    permission=staff.STATISTICS_READ,
    query=StatisticsQuery,
    answer=None,
    content_type=sheets.MEDIA_TYPE,
    refusals=(NotFound,),
)
def export_statistics(call: Call) -> Answer:
    """One line a figure, headed in the caller's language."""
    query, found, closed = call.params(StatisticsQuery), _figures(call), _closed(call)
    language = "en" if call.language == "en" else "zh"
    rows = [
        (
            one.day,
            _YES_NO[language][one.day in closed],
            one.branch_id,
            staff.branch_of(one.branch_id).name,
            KINDS.get(one.kind, (one.kind, one.kind))[language == "en"],
            str(one.entries),
            decimal_text(one.amount_fen),
            decimal_text(one.fee_fen),
        )
        for one in found
    ]
    name = f"statistics-{query.date_from}-{query.date_to}.csv"
    return Answer(
        None,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        text=sheets.csv_text(_COLUMNS[language], rows),
    )
