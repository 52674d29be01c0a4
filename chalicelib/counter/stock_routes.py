"""The stock of blank tokens and USB keys over HTTP, for tellers (NB-5.3.5)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.blanks import errors as blank_errors
from chalicelib.blanks import service as stock
from chalicelib.counter.commands.keep_stock import Batch, counted, history, put_back, send_on, take_in, write_off
from chalicelib.counter.commands.papers import Reason, Reference
from chalicelib.counter.forms import ASKED, DoneView
from chalicelib.platform import fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

_Kind = Annotated[Literal["token", "usb_key"], Field(description="令牌、USB Key / what they are")]
_Serial = Annotated[str, Field(pattern="^[A-Z0-9]{1,32}$")]
_Serials = Annotated[list[_Serial], Field(min_length=1, max_length=stock.AT_ONCE)]
_Branch = Annotated[str, Field(pattern="^[0-9]{4,10}$", description="机构号 / branch")]
_Order = Annotated[str, Field(pattern="^[A-Za-z0-9._/-]{1,64}$", description="送货单、调拨单号 / the order's number")]


class _Range(Body):
    kind: _Kind
    first: Annotated[_Serial, Field(description="起始序列号 / the first serial number")]
    last: Annotated[_Serial, Field(description="终止序列号，含 / the last one, included")]
    order: _Order
    reference: Reference


class Delivery(_Range):
    """What came from the maker: all serial numbers from the first to the last."""

    branch: _Branch


class Transfer(_Range):
    """What goes to another branch."""

    from_branch: _Branch
    to_branch: _Branch


class Removal(Body):
    """Blanks by their serial numbers, and why."""

    kind: _Kind
    serials: _Serials
    reason: Reason
    reference: Reference


class CountView(View):
    """What came to a branch, left it, and is there in each state."""

    kind: str
    received: int
    moved_in: int
    moved_out: int
    in_stock: int
    issued: int
    cancelled: int
    spoiled: int


class CountList(View):
    branch: str
    counts: list[CountView]


class StepView(View):
    """One step of a blank; `customer` is the number of whom it went to."""

    at: fields.Timestamp
    action: str
    from_state: str
    to_state: str
    from_branch: str
    branch: str
    staff: str
    note: str
    customer: str | None


class BlankView(View):
    kind: str
    serial: str
    branch: str
    state: str
    steps: list[StepView]


_STOCK = (*ASKED, blank_errors.BlankMalformed)
_TAKEN = (
    blank_errors.BlankNotInStock,
    blank_errors.BlankIssued,
    blank_errors.BlankCancelled,
    blank_errors.BlankSpoiled,
)


def _batch(call: Call, body: _Range) -> Batch:
    return Batch(call.staff, body.kind, stock.serials_between(body.first, body.last), body.reference)


@api.operation(
    "POST",
    "/v1/staff/counter/stock/deliveries",
    zh="空白介质入库",
    en="Take a delivery of blanks into stock",
    auth=checks_session,
    permission=staff.COUNTER_STOCK,
    body=Delivery,
    answer=DoneView,
    status=201,
    refusals=(*_STOCK, blank_errors.BlankKnown),
)
def take_delivery(call: Call) -> DoneView:
    """Each serial number is received once; the same order finishes one that was broken off."""
    body = call.json(Delivery)
    return DoneView(voucher=take_in(_batch(call, body), body.branch, body.order))


@api.operation(
    "POST",
    "/v1/staff/counter/stock/transfers",
    zh="空白介质调拨",
    en="Move blanks to another branch",
    auth=checks_session,
    permission=staff.COUNTER_STOCK,
    body=Transfer,
    answer=DoneView,
    status=201,
    refusals=(*_STOCK, *_TAKEN),
)
def move_blanks(call: Call) -> DoneView:
    """All or none; the same order finishes one that was broken off."""
    body = call.json(Transfer)
    return DoneView(voucher=send_on(_batch(call, body), body.from_branch, body.to_branch, body.order))


@api.operation(
    "POST",
    "/v1/staff/counter/stock/spoilages",
    zh="空白介质作废",
    en="Void blanks",
    auth=checks_session,
    permission=staff.COUNTER_STOCK,
    body=Removal,
    answer=DoneView,
    status=201,
    refusals=(*_STOCK, *_TAKEN),
)
def spoil_blanks(call: Call) -> DoneView:
    """In stock, or given back by customers; for good."""
    body = call.json(Removal)
    return DoneView(voucher=write_off(Batch(call.staff, body.kind, body.serials, body.reference), body.reason))


@api.operation(
    "POST",
    "/v1/staff/counter/stock/returns",
    zh="空白介质退库",
    en="Take blanks back into stock",
    auth=checks_session,
    permission=staff.COUNTER_STOCK,
    body=Removal,
    answer=DoneView,
    status=201,
    refusals=(*_STOCK, blank_errors.BlankNotInStock, blank_errors.BlankUsed),
)
def return_blanks(call: Call) -> DoneView:
    """Only what its customer never put to use."""
    body = call.json(Removal)
    return DoneView(voucher=put_back(Batch(call.staff, body.kind, body.serials, body.reference), body.reason))


@api.operation(
    "GET",
    "/v1/staff/counter/stock/branches/{branch}",
    zh="空白介质库存",
    en="A branch's stock of blanks",
    auth=checks_session,
    permission=staff.COUNTER_STOCK,
    answer=CountList,
    refusals=(NotFound,),
)
def count_stock(call: Call, branch: str) -> CountList:
    """As counted in the write of each step."""
    return CountList(
        branch=branch, counts=[CountView(kind=kind, **numbers) for kind, numbers in counted(call.staff, branch)]
    )


@api.operation(
    "GET",
    "/v1/staff/counter/stock/blanks/{kind}/{serial}",
    zh="空白介质流转记录",
    en="A blank and its history",
    auth=checks_session,
    permission=staff.COUNTER_STOCK,
    answer=BlankView,
    refusals=(NotFound, blank_errors.BlankNotInStock),
)
def read_blank(call: Call, kind: str, serial: str) -> BlankView:
    """Every step, oldest first; of the caller's own scope."""
    image, steps = history(call.staff, kind, serial)
    return BlankView(
        kind=image["kind"],
        serial=image["serial"],
        branch=image["branch_id"],
        state=image["state"],
        steps=[
            StepView(
                at=step["at"],
                action=step["action"],
                from_state=step["from_state"],
                to_state=step["to_state"],
                from_branch=step["from_branch"],
                branch=step["branch_id"],
                staff=step["staff_id"],
                note=step["note"],
                customer=step.get("customer_id"),
            )
            for step in steps
        ],
    )
