"""Cash over the counter over HTTP, for tellers (NB-5.2.6)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.counter import errors
from chalicelib.counter.commands.papers import Reference, ShownDocument
from chalicelib.counter.commands.pay_out import Withdrawal, check_large, is_large, pay_out
from chalicelib.counter.commands.take_deposit import CashDone, take_deposit
from chalicelib.counter.forms import CASH, fen, requested
from chalicelib.identity import errors as identity_errors
from chalicelib.ledger import errors as ledger_errors
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)


class NewDeposit(Body):
    account: fields.AccountId
    amount: fields.AmountText
    reference: Reference


class NewWithdrawal(Body):
    """`password` is typed by the holder; from the parameter's amount on the document is required."""

    account: fields.AccountId
    amount: fields.AmountText
    reference: Reference
    password: Annotated[str, Field(pattern="^[0-9]{6}$", description="取款密码 / withdrawal password")]
    document: ShownDocument | None = None


class CashView(View):
    """What was done, and its voucher; or the request that a second person decides on."""

    entry: str | None
    voucher: str | None
    approval: Annotated[str | None, Field(description="待复核申请编号 / request for approval")]


_CASH = (
    *CASH,
    NotFound,
    errors.TillNotOpen,
    errors.ReferenceMalformed,
    ledger_errors.IdempotencyKeyReused,
)


def _done(done: CashDone) -> Answer:
    view = CashView(entry=done.entry_id, voucher=done.voucher, approval=None)
    return Answer(view, status=200 if done.hit else 201)


@api.operation(
    "POST",
    "/v1/staff/counter/deposits",
    zh="现金存款",
    en="Cash in",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    body=NewDeposit,
    answer=CashView,
    status=201,
    also=(200,),
    refusals=(*_CASH, ledger_errors.PayeeUnavailable),
)
def deposit(call: Call) -> Answer:
    """Into the caller's till; the same reference again answers what was done."""
    body = call.json(NewDeposit)
    return _done(take_deposit(body.account, fen(body.amount), reference=body.reference, teller_id=call.staff.staff_id))


@api.operation(
    "POST",
    "/v1/staff/counter/withdrawals",
    zh="现金取款；大额须复核",
    en="Cash out; a large amount is asked for and approved by another",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    body=NewWithdrawal,
    answer=CashView,
    status=201,
    also=(200, 202),
    refusals=(
        *_CASH,
        errors.TillShort,
        errors.SecondPersonRequired,
        errors.DocumentNotShown,
        identity_errors.WithdrawalPasswordWrong,
        identity_errors.WithdrawalPasswordMissing,
        ledger_errors.AccountNotActive,
        ledger_errors.InsufficientFunds,
    ),
)
def withdraw(call: Call) -> Answer:
    """Out of the caller's till, or 202 with the request that a second person decides on (NB-5.1.5)."""
    body = call.json(NewWithdrawal)
    document = body.document.document() if body.document else None
    wanted = Withdrawal(body.account, fen(body.amount), body.reference, body.password, document)
    if not is_large(wanted.amount_fen, clock.now()):
        return _done(pay_out(wanted, teller_id=call.staff.staff_id))
    asked = check_large(wanted, teller_id=call.staff.staff_id)
    payload = {
        "account": asked.account_id,
        "amount": decimal_text(asked.amount_fen),
        "reference": asked.reference,
        "teller": asked.teller_id,
        "shown": asked.shown,
        "on": asked.on,
        "seal": asked.seal,
    }
    return Answer(
        CashView(
            entry=None, voucher=None, approval=requested(call, "cash.withdraw", payload, body.reference).approval_id
        ),
        status=202,
    )
