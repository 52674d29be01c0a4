"""Losses and freezes of accounts, and the stop of a customer's transfers, over HTTP, for tellers (XJ-5.3-loss)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.counter.commands.change_customer import met
from chalicelib.counter.commands.papers import Reason, Reference
from chalicelib.counter.commands.serve_customer import stop_account
from chalicelib.counter.commands.stop_transfers import RESUME, stop_transfers
from chalicelib.counter.forms import ASKED, AT_COUNTER, DoneView, RequestedView, requested, requested_view
from chalicelib.customers.errors import TransferStopUnchanged
from chalicelib.ledger import errors as ledger_errors
from chalicelib.platform.http import Api, Body, Call
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)


class StopBody(Body):
    """`lost` 挂失, `frozen` 冻结."""

    state: Literal["lost", "frozen"]


class LiftBody(Body):
    lifted: Annotated[Literal["lost", "frozen"], Field(description="lost 解除挂失，frozen 解冻")]
    reference: Reference


class TransferStopBody(Body):
    reason: Annotated[Reason, Field(description="停用原因，不告知客户 / why; the customer is not told")]


class TransferResumptionBody(Body):
    reason: Annotated[Reason, Field(description="启用原因 / why")]
    reference: Reference


@api.operation(
    "POST",
    "/v1/staff/counter/accounts/{account}/stops",
    zh="账户挂失、冻结",
    en="Report an account lost, or freeze it",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=StopBody,
    answer=DoneView,
    status=201,
    refusals=(*AT_COUNTER, ledger_errors.StateChangeRefused),
)
def stop(call: Call, account: str) -> DoneView:
    """It stops paying at once (XJ-5.3-loss)."""
    return DoneView(voucher=stop_account(account, call.json(StopBody).state, teller_id=call.staff.staff_id))


@api.operation(
    "POST",
    "/v1/staff/counter/accounts/{account}/lifts",
    zh="解除挂失、解冻（待复核）",
    en="Ask that a loss report or a freeze be lifted",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=LiftBody,
    answer=RequestedView,
    status=202,
    refusals=(*ASKED, ledger_errors.StateChangeRefused, ledger_errors.FrozenByCourt),
)
def lift(call: Call, account: str) -> RequestedView:
    """Two people lift it; what a court froze only its document lifts."""
    body = call.json(LiftBody)
    kind = "account.lift_loss" if body.lifted == "lost" else "account.unfreeze"
    return requested_view(requested(call, kind, {"account_id": account}, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/transfer-stops",
    zh="停用客户的网上转账",
    en="Stop a customer's online transfers",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=TransferStopBody,
    answer=DoneView,
    status=201,
    refusals=(*AT_COUNTER, TransferStopUnchanged),
)
def stop_transfers_of(call: Call, customer_id: str) -> DoneView:
    """At once, ordered ones too, and whatever the customer's own switch says (XJ-4.4-switch)."""
    return DoneView(voucher=stop_transfers(call.staff, customer_id, call.json(TransferStopBody).reason))


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/transfer-resumptions",
    zh="启用客户的网上转账（待复核）",
    en="Ask that a customer's stopped online transfers go on",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=TransferResumptionBody,
    answer=RequestedView,
    status=202,
    refusals=(*ASKED, TransferStopUnchanged),
)
def resume_transfers_of(call: Call, customer_id: str) -> RequestedView:
    """Two people let them go on; the customer's own switch stays as it is (XJ-4.4-switch)."""
    body = call.json(TransferResumptionBody)
    met(call.staff, customer_id)
    return requested_view(requested(call, RESUME, {"customer": customer_id}, body.reference, body.reason))
