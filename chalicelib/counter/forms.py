"""What the counter's routes have in common: shapes of answers, refusals, and how a second person is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.approvals.service import Approval
from chalicelib.ledger import errors as ledger_errors
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import AmountOutOfRange, NotFound, OutcomeUnknown
from chalicelib.platform.http import Call, View
from chalicelib.platform.money import Money
from chalicelib.staff.errors import StaffNotEntitled

AT_COUNTER = (StaffNotEntitled, NotFound, OutcomeUnknown)
ASKED = (*AT_COUNTER, ledger_errors.IdempotencyKeyReused)
CASH = (StaffNotEntitled, AmountOutOfRange, OutcomeUnknown)


class RequestedView(View):
    """A request that another person decides on."""

    approval: str
    kind: str
    state: str
    expires_at: fields.Timestamp


class DoneView(View):
    """What was done is on record under this voucher."""

    voucher: Annotated[str, Field(description="凭证号 / its number")]


def requested(
    call: Call, kind: str, payload: Mapping[str, object], reference: str, reason: str = "柜面业务"
) -> Approval:
    """A request of this teller for another person to decide on; the same reference again is the same request."""
    return make_request(call.staff, Wish(kind, payload, reason), key=f"{kind}#{reference}", now=clock.now())


def requested_view(approval: Approval) -> RequestedView:
    """The request as its maker is answered."""
    return RequestedView(
        approval=approval.approval_id, kind=approval.kind, state=approval.state, expires_at=approval.expires_at
    )


def fen(text: str) -> int:
    """An amount of a body, in fen."""
    return Money.parse(text).amount_fen
