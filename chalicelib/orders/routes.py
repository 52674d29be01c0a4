"""Standing orders over HTTP: set up and changed with a step-up, paused and cancelled without (YQ-4.2.2-sched)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from chalicelib.customers import errors as customer_errors
from chalicelib.entitlements import service as entitlements
from chalicelib.factors import errors as factor_errors
from chalicelib.identity import service as identity
from chalicelib.ledger import errors as ledger_errors
from chalicelib.limits.errors import SingleLimitExceeded
from chalicelib.orders import domain, errors, service
from chalicelib.orders.commands import stop_order
from chalicelib.orders.domain import Event, Order, date_text
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import (
    AmountMalformed,
    AmountOutOfRange,
    CursorMalformed,
    IdempotencyKeyMissing,
    NotFound,
    OutcomeUnknown,
)
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View, found_or_done
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import Money, decimal_text
from chalicelib.stepup.errors import StepUpLimitReached, StepUpRequired, StrongFactorRequired
from chalicelib.transfers.errors import SamePayerAndPayee

api = Api(__name__)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError("not a date")
    return dt.date.fromisoformat(text).isoformat()


Date = Annotated[
    str,
    AfterValidator(_date),
    Field(description="日期（上海） / date (Shanghai)", json_schema_extra={"format": "date"}, examples=["2026-11-30"]),
]
Count = Annotated[int, Field(ge=1, le=domain.MAX_COUNT, description="共执行次数 / number of dates in all")]
Repeat = Annotated[
    Literal["once", "weekly", "monthly"], Field(description="频率：一次、每周、每月 / once, each week, each month")
]
Day = Annotated[
    int,
    Field(
        ge=0,
        le=domain.MAX_DAY,
        description="每周：1（周一）至 7；每月：1 至 31，当月无此日则为月末；一次：0 / "
        "weekly: 1 (Monday) to 7; monthly: 1 to 31, a shorter month's last day for what it lacks; once: 0",
    ),
]
Revision = Annotated[int, Field(description="版本，每次变化加一 / grows by one with every change")]


class NewOrder(Body):
    """What is to be paid, and when; the payee's name must match the account. At most one of `until` and `count`."""

    payer_account: fields.AccountId
    payee_account: fields.AccountId
    payee_name: fields.PersonName
    amount: fields.AmountText
    purpose: fields.Purpose = ""
    repeat: Repeat
    day: Annotated[Day, Field(validate_default=True)] = 0
    first_date: Annotated[Date, Field(description="首次日期，须符合频率 / the first date, which fits the schedule")]
    until: Annotated[Date | None, Field(description="截止日期 / no date after it")] = None
    count: Count | None = None

    @field_validator("day")
    @classmethod
    def _fits(cls, value: int, info: ValidationInfo) -> int:
        low, high = {"once": (0, 0), "weekly": (1, domain.MAX_WEEKDAY)}.get(
            info.data.get("repeat", ""), (1, domain.MAX_DAY)
        )
        if "repeat" in info.data and not low <= value <= high:
            raise ValueError("no such day")
        return value


class OrderChange(Body):
    """What is to be otherwise; what is left out stays. `until` and `count` take the place of the end before."""

    amount: Annotated[fields.AmountText | None, Field(description="每次金额 / amount of each payment")] = None
    purpose: fields.Purpose | None = None
    payee_account: fields.AccountId | None = None
    payee_name: fields.PersonName | None = None
    until: Date | None = None
    count: Count | None = None


class EventView(View):
    """One thing that happened to an order."""

    at: fields.Timestamp
    kind: Literal["created", "changed", "paused", "resumed", "cancelled", "executed", "retrying", "failed", "missed"]
    due_date: Annotated[str | None, Field(description="所涉日期 / the date that it is about")]
    next_due: Annotated[str | None, Field(description="之后的下一日期 / the next date from then on")]
    transfer_id: Annotated[str | None, Field(description="转账编号 / the transfer")]
    code: Annotated[str | None, Field(description="未执行的原因代码 / why it was not executed")]
    zh: str | None
    en: str | None


class OrderView(View):
    """An order as its payer sees it; the payee stays masked."""

    id: fields.EntryId
    state: Literal["active", "paused", "cancelled", "ended"]
    revision: Revision
    payer_account: fields.MaskedAccount
    payee_account: fields.MaskedAccount
    payee_name: fields.MaskedName
    amount: fields.AmountText
    fee: Annotated[fields.AmountText, Field(description="每次手续费 / fee of each payment")]
    purpose: str
    repeat: Repeat
    day: int
    first_date: str
    until: str | None
    count: int | None
    dates_gone: Annotated[int, Field(description="已过日期数 / dates that are gone, paid or not")]
    next_due: Annotated[str | None, Field(description="下一日期 / the next date")]
    next_try: Annotated[fields.Timestamp | None, Field(description="下一次执行时间 / the next try")]
    factor: Annotated[str, Field(description="确认方式 / how it was confirmed")]
    created_at: fields.Timestamp


class OrderWithHistory(OrderView):
    """The same, and what happened lately, newest first."""

    history: list[EventView]


class OrderPage(View):
    """One page, newest first."""

    orders: list[OrderView]
    next_cursor: fields.Cursor | None


class OrderQuery(Query):
    """All of them, or those in a state."""

    state: Annotated[Literal["active", "paused", "cancelled", "ended"] | None, Field(description="状态 / state")] = None
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


def _day_text(digits: str) -> str | None:
    return date_text(domain.date_of(digits)) if digits else None


def _facts(order: Order) -> dict[str, Any]:
    terms, schedule = order.terms, order.terms.schedule
    return {
        "id": order.order_id,
        "state": order.state,
        "revision": order.revision,
        "payer_account": mask_account(terms.payer_account),
        "payee_account": mask_account(terms.payee_account),
        "payee_name": mask_name(terms.payee_name),
        "amount": decimal_text(terms.amount_fen),
        "fee": decimal_text(terms.fee_fen),
        "purpose": terms.purpose,
        "repeat": schedule.kind,
        "day": schedule.day,
        "first_date": date_text(schedule.first),
        "until": date_text(schedule.until) or None,
        "count": schedule.count,
        "dates_gone": order.place,
        "next_due": _day_text(order.next_due),
        "next_try": order.due_at or None,
        "factor": order.confirmation.factor,
        "created_at": order.created_at,
    }


def _event_view(event: Event) -> EventView:
    return EventView(
        at=event.at,
        kind=event.kind,  # type: ignore[arg-type]  # one of the domain's kinds
        due_date=_day_text(event.due_date),
        next_due=_day_text(event.next_due),
        transfer_id=event.entry_id or None,
        code=event.code or None,
        zh=event.zh or None,
        en=event.en or None,
    )


# Whatever an execution would be refused for today, funds and the day's limits apart, is told at once.
_TERMS_REFUSALS = (
    AmountMalformed,
    AmountOutOfRange,
    NotFound,
    errors.OrderDatesUnfit,
    SamePayerAndPayee,
    customer_errors.CustomerNotActive,
    customer_errors.TransfersStopped,
    customer_errors.TransfersSwitchedOff,
    customer_errors.WrongPayeesExhausted,
    ledger_errors.AccountQueryOnly,
    ledger_errors.AccountNotActive,
    ledger_errors.PayeeUnavailable,
    ledger_errors.InsufficientFunds,
    factor_errors.FactorNotActive,
    factor_errors.FactorCeilingExceeded,
    factor_errors.CodeGuessesExhausted,
    SingleLimitExceeded,
    StepUpRequired,
    StepUpLimitReached,
    StrongFactorRequired,
    OutcomeUnknown,
)


@api.operation(
    "POST",
    "/v1/standing-orders",
    zh="设立预约或定期转账：一次、每周或每月；须确认身份（本人账户之间除外），到期自动执行",
    en="Set up a scheduled or standing order: once, weekly or monthly; with a step-up, unless between own accounts",
    auth=identity.checks_session,
    entitlement=entitlements.ORDERS_MANAGE,
    body=NewOrder,
    answer=OrderView,
    status=201,
    also=(200,),
    refusals=(IdempotencyKeyMissing, ledger_errors.IdempotencyKeyReused, errors.OrdersTooMany, *_TERMS_REFUSALS),
)
def create(call: Call) -> Answer:
    """Set up an order (YQ-4.2.2-sched); nothing is paid before its first date."""
    from chalicelib.orders.commands import create_order  # noqa: PLC0415  # most requests are for something else

    key = call.idempotency_key()
    body = call.json(NewOrder)
    schedule = domain.Schedule(
        body.repeat,
        body.day,
        dt.date.fromisoformat(body.first_date),
        dt.date.fromisoformat(body.until) if body.until is not None else None,
        body.count,
    )
    terms = domain.Terms(
        payer_account=body.payer_account,
        payee_account=body.payee_account,
        payee_name=body.payee_name,
        amount_fen=Money.parse(body.amount).amount_fen,
        fee_fen=0,
        purpose=body.purpose,
        schedule=schedule,
    )
    made = create_order.create_order(call.caller, key, terms, call.header("step-up"), call.correlation_id, clock.now())
    return found_or_done(OrderView(**_facts(made.order)), hit=made.hit, status=201)


@api.operation(
    "GET",
    "/v1/standing-orders",
    zh="预约与定期转账列表",
    en="Standing orders, newest first",
    auth=identity.checks_session,
    entitlement=entitlements.ORDERS_STOP,
    query=OrderQuery,
    answer=OrderPage,
    refusals=(CursorMalformed,),
)
def read_page(call: Call) -> OrderPage:
    """A page of orders; one that has just come into a state may be missing for a moment."""
    query = call.params(OrderQuery)
    orders, following = service.order_page(call.caller.customer_id, query.state, query.limit, query.cursor)
    return OrderPage(orders=[OrderView(**_facts(order)) for order in orders], next_cursor=following)


@api.operation(
    "GET",
    "/v1/standing-orders/{order_id}",
    zh="查询一笔预约或定期转账及其执行记录",
    en="One standing order, and what happened to it",
    auth=identity.checks_session,
    entitlement=entitlements.ORDERS_STOP,
    answer=OrderWithHistory,
    refusals=(NotFound,),
)
def read_one(call: Call, order_id: str) -> OrderWithHistory:
    """An order by id; another customer's looks like an unknown one (NB-5.1.4)."""
    order = service.order_of(call.caller.customer_id, order_id)
    history = [_event_view(event) for event in service.history_of(order)]
    return OrderWithHistory(**_facts(order), history=history)


@api.operation(
    "PATCH",
    "/v1/standing-orders/{order_id}",
    zh="变更：减少金额或提前结束立即生效；增加金额、延长期限、更换收款人须确认身份",
    en="Change it: less at once; a higher amount, a later end or another payee with a step-up",
    auth=identity.checks_session,
    entitlement=entitlements.ORDERS_MANAGE,
    body=OrderChange,
    answer=OrderView,
    refusals=(errors.OrderNotOpen, *_TERMS_REFUSALS),
)
def change(call: Call, order_id: str) -> OrderView:
    """Change an order; its dates stay what they are."""
    from chalicelib.orders.commands import change_order  # noqa: PLC0415  # most requests are for something else

    body = call.json(OrderChange)
    wanted = change_order.Change(
        amount_fen=Money.parse(body.amount).amount_fen if body.amount is not None else None,
        purpose=body.purpose,
        payee_account=body.payee_account,
        payee_name=body.payee_name,
        until=dt.date.fromisoformat(body.until) if body.until is not None else None,
        count=body.count,
    )
    order = change_order.change_order(
        call.caller, order_id, wanted, call.header("step-up"), call.correlation_id, clock.now()
    )
    return OrderView(**_facts(order))


_STOP_REFUSALS = (NotFound, errors.OrderNotOpen, OutcomeUnknown)


@api.operation(
    "POST",
    "/v1/standing-orders/{order_id}/pause",
    zh="暂停：立即生效，恢复前不再执行",
    en="Pause it: nothing is paid until it is resumed",
    auth=identity.checks_session,
    entitlement=entitlements.ORDERS_STOP,
    answer=OrderView,
    refusals=_STOP_REFUSALS,
)
def pause(call: Call, order_id: str) -> OrderView:
    """Pause an order."""
    return OrderView(**_facts(stop_order.pause_order(call.caller, order_id, call.correlation_id, clock.now())))


@api.operation(
    "POST",
    "/v1/standing-orders/{order_id}/resumption",
    zh="恢复：从今日或之后的下一日期起继续；期间错过的日期不补",
    en="Resume it: from today's date or the next; what passed meanwhile is not made up for",
    auth=identity.checks_session,
    entitlement=entitlements.ORDERS_MANAGE,
    answer=OrderView,
    refusals=_STOP_REFUSALS,
)
def resume(call: Call, order_id: str) -> OrderView:
    """Resume a paused order."""
    return OrderView(**_facts(stop_order.resume_order(call.caller, order_id, call.correlation_id, clock.now())))


@api.operation(
    "POST",
    "/v1/standing-orders/{order_id}/cancellation",
    zh="取消：立即生效，不可恢复",
    en="Cancel it, for good",
    auth=identity.checks_session,
    entitlement=entitlements.ORDERS_STOP,
    answer=OrderView,
    refusals=_STOP_REFUSALS,
)
def cancel(call: Call, order_id: str) -> OrderView:
    """Cancel an order."""
    return OrderView(**_facts(stop_order.cancel_order(call.caller, order_id, call.correlation_id, clock.now())))
