"""Losses and freezes of accounts over HTTP, for tellers (XJ-5.3-loss)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.counter.commands.papers import Reference
from chalicelib.counter.commands.serve_customer import stop_account
from chalicelib.counter.forms import ASKED, AT_COUNTER, DoneView, RequestedView, requested, requested_view
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
