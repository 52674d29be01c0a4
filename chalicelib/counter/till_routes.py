"""Tills over HTTP, for tellers: taken from the vault, counted, and balanced at day-end (NB-5.2.6)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.counter import errors, service
from chalicelib.counter.commands.count_till import count_till, settle_difference
from chalicelib.counter.commands.open_till import open_till
from chalicelib.counter.commands.papers import Reason
from chalicelib.counter.domain import Till
from chalicelib.counter.forms import CASH, fen
from chalicelib.platform import fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)


class NewTill(Body):
    cash: Annotated[fields.AmountText, Field(description="从库房领用的清点金额 / counted, from the vault")]


class TillCount(Body):
    counted: Annotated[fields.AmountText, Field(description="清点金额 / what was counted")]


class TillSettlement(Body):
    counted: Annotated[fields.AmountText, Field(description="所见清点金额 / the count that you have looked at")]
    reason: Reason


class TillView(View):
    """A till; `cash` is what should be in it, `difference` what was found beyond that (长款为正、短款为负)."""

    business_date: fields.BusinessDate
    teller: str
    branch: str
    state: str
    cash: fields.SignedAmount
    opened: fields.SignedAmount
    taken_in: fields.SignedAmount
    given_out: fields.SignedAmount
    counted: fields.SignedAmount | None
    difference: fields.SignedAmount
    checker: str | None


def _till(till: Till) -> TillView:
    return TillView(
        business_date=till.business_date,
        teller=till.teller_id,
        branch=till.branch_id,
        state=till.state,
        cash=decimal_text(till.cash_fen),
        opened=decimal_text(till.opened_fen),
        taken_in=decimal_text(till.in_fen),
        given_out=decimal_text(till.out_fen),
        counted=None if till.counted_fen is None else decimal_text(till.counted_fen),
        difference=decimal_text(till.difference_fen),
        checker=till.checker_id,
    )


@api.operation(
    "POST",
    "/v1/staff/counter/tills",
    zh="领用尾箱",
    en="Take a till from the vault",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    body=NewTill,
    answer=TillView,
    status=201,
    refusals=(*CASH, errors.VaultShort, errors.TillOpenedBefore),
)
def take_till(call: Call) -> TillView:
    """One till a teller and business date; the same amount again answers it."""
    return _till(open_till(call.staff.staff_id, fen(call.json(NewTill).cash)))


@api.operation(
    "GET",
    "/v1/staff/counter/tills/{business_date}/{teller}",
    zh="查询尾箱",
    en="A till as it is",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    answer=TillView,
    refusals=(NotFound,),
)
def read_till(call: Call, business_date: str, teller: str) -> TillView:
    """A till of the caller's own scope."""
    till = service.till_of(business_date, teller)
    staff.require_scope(call.staff, till.branch_id)
    return _till(till)


@api.operation(
    "POST",
    "/v1/staff/counter/tills/{business_date}/{teller}/counts",
    zh="尾箱轧账",
    en="Count a till",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    body=TillCount,
    answer=TillView,
    refusals=(*CASH, NotFound, errors.TillNotOpen, errors.TillCountChanged),
)
def count(call: Call, business_date: str, teller: str) -> TillView:
    """What agrees closes the till; a difference waits for a second person."""
    counted_fen = fen(call.json(TillCount).counted)
    return _till(count_till(business_date, teller, counted_fen, by=call.staff.staff_id))


@api.operation(
    "POST",
    "/v1/staff/counter/tills/{business_date}/{teller}/settlement",
    zh="长短款复核入账",
    en="Book a till's difference",
    auth=checks_session,
    permission=staff.COUNTER_APPROVE,
    body=TillSettlement,
    answer=TillView,
    refusals=(*CASH, NotFound, errors.TillNotCounted, errors.TillCountChanged, errors.SecondPersonRequired),
)
def settle(call: Call, business_date: str, teller: str) -> TillView:
    """Over and short, by somebody whose till it is not and who did not count it."""
    body = call.json(TillSettlement)
    settled = settle_difference(
        business_date, teller, fen(body.counted), reason=body.reason, checker_id=call.staff.staff_id
    )
    return _till(settled)
