"""Cash, tills and vouchers over HTTP, for tellers (NB-5.2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.approvals.service import Approval
from chalicelib.counter import errors, service
from chalicelib.counter.commands.count_till import count_till, settle_difference
from chalicelib.counter.commands.open_till import open_till
from chalicelib.counter.commands.pay_out import Withdrawal, check_large, is_large, pay_out
from chalicelib.counter.commands.print_voucher import print_voucher
from chalicelib.counter.commands.take_deposit import CashDone, take_deposit
from chalicelib.counter.domain import Till
from chalicelib.customers import service as customers
from chalicelib.identity import errors as identity_errors
from chalicelib.ledger import errors as ledger_errors
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import AmountOutOfRange, NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.platform.money import Money, decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session
from chalicelib.staff.errors import StaffNotEntitled

api = Api(__name__)

Reference = Annotated[
    str,
    Field(pattern="^[!-~]{8,64}$", description="业务参考号，重发不重复入账 / a repeat with it is harmless"),
]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), AfterValidator(fields.printable)
]


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


class NewDeposit(Body):
    account: fields.AccountId
    amount: fields.AmountText
    reference: Reference


class ShownDocument(Body):
    """The holder's identity document, as the teller sees it."""

    kind: Annotated[str, Field(pattern="^(resident_id|passport)$")]
    number: Annotated[str, StringConstraints(min_length=5, max_length=18)]


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


class VoucherView(View):
    """A voucher; `facts` are masked."""

    number: str
    kind: str
    business_date: fields.BusinessDate
    at: fields.Timestamp
    amount: fields.SignedAmount | None
    teller: str
    checker: str | None
    entry: str | None
    facts: dict[str, str]


class PrintView(View):
    """A print for 80 columns; `place` counts the prints, and every one after the first says so."""

    number: str
    place: int
    text: str


_TILL = (StaffNotEntitled, AmountOutOfRange, OutcomeUnknown)
_CASH = (
    *_TILL,
    NotFound,
    errors.TillNotOpen,
    errors.ReferenceMalformed,
    ledger_errors.IdempotencyKeyReused,
)


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


def _done(done: CashDone) -> Answer:
    view = CashView(entry=done.entry_id, voucher=done.voucher, approval=None)
    return Answer(view, status=200 if done.hit else 201)


def _fen(text: str) -> int:
    return Money.parse(text).amount_fen


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
    refusals=(*_TILL, errors.VaultShort, errors.TillOpenedBefore),
)
def take_till(call: Call) -> TillView:
    """One till a teller and business date; the same amount again answers it."""
    return _till(open_till(call.staff.staff_id, _fen(call.json(NewTill).cash)))


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
    refusals=(*_TILL, NotFound, errors.TillNotOpen, errors.TillCountChanged),
)
def count(call: Call, business_date: str, teller: str) -> TillView:
    """What agrees closes the till; a difference waits for a second person."""
    counted_fen = _fen(call.json(TillCount).counted)
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
    refusals=(*_TILL, NotFound, errors.TillNotCounted, errors.TillCountChanged, errors.SecondPersonRequired),
)
def settle(call: Call, business_date: str, teller: str) -> TillView:
    """Over and short, by somebody whose till it is not and who did not count it."""
    body = call.json(TillSettlement)
    settled = settle_difference(
        business_date, teller, _fen(body.counted), reason=body.reason, checker_id=call.staff.staff_id
    )
    return _till(settled)


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
    refusals=(*_CASH, ledger_errors.PayeeUnavailable),
)
def deposit(call: Call) -> Answer:
    """Into the caller's till; the same reference again answers what was done."""
    body = call.json(NewDeposit)
    return _done(take_deposit(body.account, _fen(body.amount), reference=body.reference, teller_id=call.staff.staff_id))


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
    document = customers.IdentityDocument.of(body.document.kind, body.document.number) if body.document else None
    wanted = Withdrawal(body.account, _fen(body.amount), body.reference, body.password, document)
    if not is_large(wanted.amount_fen, clock.now()):
        return _done(pay_out(wanted, teller_id=call.staff.staff_id))
    asked = check_large(wanted, teller_id=call.staff.staff_id)
    payload = {
        "account": asked.account_id,
        "amount": decimal_text(asked.amount_fen),
        "reference": asked.reference,
        "teller": asked.teller_id,
        "shown": asked.shown,
        "seal": asked.seal,
    }
    return Answer(
        CashView(
            entry=None, voucher=None, approval=requested(call, "cash.withdraw", payload, body.reference).approval_id
        ),
        status=202,
    )


def requested(call: Call, kind: str, payload: Mapping[str, object], reference: str) -> Approval:
    """A request of this teller for another person to decide on; the same reference again is the same request."""
    wish = Wish(kind, payload, "柜面业务")
    key = f"{kind}#{reference}"
    return make_request(call.staff, wish, key=key, now=clock.now())


@api.operation(
    "GET",
    "/v1/staff/counter/vouchers/{number}",
    zh="查询凭证",
    en="A voucher",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    answer=VoucherView,
    refusals=(NotFound,),
)
def read_voucher(call: Call, number: str) -> VoucherView:
    """A voucher of the caller's own scope."""
    voucher = service.voucher_of(number)
    staff.require_scope(call.staff, voucher.branch_id)
    return VoucherView(
        number=voucher.number,
        kind=voucher.kind,
        business_date=voucher.business_date,
        at=voucher.at,
        amount=None if voucher.amount_fen is None else decimal_text(voucher.amount_fen),
        teller=voucher.teller_id,
        checker=voucher.checker_id,
        entry=voucher.entry_id,
        facts=voucher.facts,
    )


@api.operation(
    "POST",
    "/v1/staff/counter/vouchers/{number}/prints",
    zh="打印、补打凭证",
    en="Print a voucher, first or again",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    answer=PrintView,
    status=201,
    refusals=(NotFound, StaffNotEntitled, OutcomeUnknown),
)
def print_one(call: Call, number: str) -> PrintView:
    """Counted before it is given; a repeat is another print (NB-5.1.6-3)."""
    printed = print_voucher(number, by=call.staff.staff_id)
    return PrintView(number=printed.number, place=printed.place, text=printed.text)
