"""Customers and their accounts over HTTP, for staff: masked, and each look states its purpose (NB-5.2.5-op)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from chalicelib.enquiry import service
from chalicelib.enquiry.service import AccountFile, CustomerFile, HeldAccount
from chalicelib.factors import service as factors
from chalicelib.limits.commands.read_limits import account_standing
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.platform.masking import account_tail, mask_account, mask_name, mask_phone
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

Reference = Annotated[str, Field(description="账户引用，代替账号 / stands for the account number")]


class CustomerSearch(Body):
    """By what, and its value: a customer id, an identity document's number, a log-in name, an account number.

    In the body, as none of that belongs in an address.
    """

    by: Literal["customer_id", "resident_id", "passport", "login_name", "account"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[!-~]+$")]


class FoundView(View):
    customer: Annotated[str, Field(description="客户编号 / customer id")]
    account: Reference | None


class LimitView(View):
    """A limit, what was used of it, and what remains."""

    limit: fields.SignedAmount
    used: fields.SignedAmount
    remaining: fields.SignedAmount


class HeldAccountView(View):
    """An account; `right` is its contract's, null where it is not signed up for online banking."""

    reference: Reference
    account: fields.MaskedAccount
    kind: str
    state: str
    right: str | None
    branch: str


class HeldFactorView(View):
    id: str
    method: str
    state: str
    valid_from: fields.Timestamp
    valid_until: fields.Timestamp | None
    serial_tail: Annotated[str | None, Field(description="序列号后四位 / last four of the serial number")]


class HeldDeviceView(View):
    platform: str
    bound_at: fields.Timestamp


class LiveSessionView(View):
    edition: str
    began_at: fields.Timestamp
    bound_device: bool


class EditionChangeView(View):
    at: fields.Timestamp
    before: str
    after: str
    by: str


class CustomerView(View):
    """A customer: who they are, masked, and how their online banking stands."""

    id: str
    name: fields.MaskedName
    phone: Annotated[str, Field(description="手机号，部分遮蔽 / masked", examples=["139****0001"])]
    document_kind: str | None
    document_number: Annotated[str | None, Field(description="证件号码，部分遮蔽 / masked")]
    branch: str
    state: str
    edition: str
    transfers_on: bool
    transfers_stopped_since: Annotated[
        fields.Timestamp | None, Field(description="本行停用网上转账的时间 / since when the bank has stopped transfers")
    ]
    verified: bool
    editions: list[EditionChangeView]
    accounts: list[HeldAccountView]
    factors: list[HeldFactorView]
    devices: list[HeldDeviceView]
    sessions: list[LiveSessionView]
    limits: dict[str, LimitView]


class OrderView(View):
    """An order of a court; `amount` is empty for the whole account."""

    place: int
    state: str
    document: str
    authority: str
    amount: fields.SignedAmount | None
    until: fields.BusinessDate | None


class LineView(View):
    seq: int
    business_date: fields.BusinessDate
    posted_at: fields.Timestamp
    kind: str
    amount: fields.SignedAmount
    balance: fields.SignedAmount
    counterparty_account: fields.MaskedAccount | None
    counterparty_name: fields.MaskedName | None
    purpose: str
    entry: str


class AccountFileView(View):
    """An account: `balance` is what is booked, `held` the part of it that is set aside."""

    account: HeldAccountView
    currency: str
    opened_on: fields.BusinessDate
    balance: fields.SignedAmount
    available: fields.SignedAmount
    held: fields.SignedAmount
    orders: list[OrderView]
    limits: dict[str, LimitView]
    single_limit: fields.SignedAmount
    lines: Annotated[list[LineView], Field(description="最近明细，最新在前 / newest lines first")]


def _limit(limit: int, used: int, remaining: int) -> LimitView:
    return LimitView(limit=decimal_text(limit), used=decimal_text(used), remaining=decimal_text(remaining))


def _limits(**standings: Any) -> dict[str, LimitView]:
    return {name: _limit(one.limit, one.used, one.remaining) for name, one in standings.items()}


def _held(held: HeldAccount) -> HeldAccountView:
    account = held.account
    return HeldAccountView(
        reference=held.reference,
        account=mask_account(account.account_id),
        kind=account.kind,
        state=account.state,
        right=held.right,
        branch=account.branch_id,
    )


def _customer(found: CustomerFile) -> CustomerView:
    profile, now = found.profile, clock.now()
    own = found.limits.customer
    return CustomerView(
        id=profile.customer_id,
        name=mask_name(profile.name),
        phone=mask_phone(profile.phone),
        document_kind=profile.document.kind if profile.document else None,
        document_number=mask_account(profile.document.number) if profile.document else None,
        branch=profile.branch_id,
        state=found.customer.state,
        edition=found.customer.edition,
        transfers_on=found.customer.transfers_on,
        transfers_stopped_since=found.customer.stopped_since or None,
        verified=profile.image.get("verification") == "verified",
        editions=[
            EditionChangeView(at=one["at"], before=one["from"], after=one["to"], by=one["by"])
            for one in profile.image.get("editions", [])
        ],
        accounts=[_held(held) for held in found.accounts],
        factors=[
            HeldFactorView(
                id=row.factor_id,
                method=row.method,
                state=factors.state_at(row, now),
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                serial_tail=account_tail(row.serial) if row.serial else None,
            )
            for row in found.factors
        ],
        devices=[HeldDeviceView(platform=one.platform, bound_at=one.bound_at) for one in found.devices],
        sessions=[
            LiveSessionView(
                edition=one.edition,
                began_at=clock.to_text(clock.from_epoch(one.created_at)),
                bound_device=one.device_id is not None,
            )
            for one in found.sessions
        ],
        limits=_limits(
            outward_day=own.outward, without_certificate_day=own.no_certificate, without_factor_day=own.no_factor
        ),
    )


def _account(found: AccountFile) -> AccountFileView:
    account = found.held.account
    standing = account_standing(account.image, clock.business_date(clock.now()))
    return AccountFileView(
        account=_held(found.held),
        currency=account.currency,
        opened_on=account.opened_on,
        balance=decimal_text(account.posted_fen),
        available=decimal_text(account.available_fen),
        held=decimal_text(account.held_fen),
        orders=[
            OrderView(
                place=order.place,
                state=order.state,
                document=order.document_number,
                authority=order.authority,
                amount=None if order.amount_fen is None else decimal_text(order.amount_fen),
                until=order.until,
            )
            for order in found.orders
        ],
        limits=_limits(day=standing.day, month=standing.month, year=standing.year),
        single_limit=decimal_text(standing.single_fen),
        lines=[
            LineView(
                seq=line.movement.seq,
                business_date=line.movement.business_date,
                posted_at=line.movement.posted_at,
                kind=line.movement.kind,
                amount=decimal_text(line.movement.amount_fen),
                balance=decimal_text(line.movement.balance_fen),
                counterparty_account=mask_account(line.counterparty_account) if line.counterparty_account else None,
                counterparty_name=mask_name(line.counterparty_name) if line.counterparty_name else None,
                purpose=line.purpose,
                entry=line.movement.entry_id,
            )
            for line in found.lines
        ],
    )


@api.operation(
    "POST",
    "/v1/staff/customers/searches",
    zh="查找客户：按客户号、证件号码、登录名或账号",
    en="Find a customer by id, identity document, log-in name or account number",
    auth=checks_session,
    permission=staff.CUSTOMERS_READ,
    body=CustomerSearch,
    answer=FoundView,
    refusals=(NotFound,),
)
def search(call: Call) -> FoundView:
    """The customer's id, with the account's reference where they were found by it."""
    wanted = call.json(CustomerSearch)
    found = service.find_customer(call.staff, wanted.by, wanted.value, clock.now())
    return FoundView(customer=found.customer_id, account=found.account)


@api.operation(
    "GET",
    "/v1/staff/customers/{customer_id}",
    zh="查询客户：资料、账户、认证工具、设备、会话、限额",
    en="A customer: profile, accounts, factors, devices, sessions, limits",
    auth=checks_session,
    permission=staff.CUSTOMERS_READ,
    answer=CustomerView,
    refusals=(NotFound,),
)
def read_customer(call: Call, customer_id: str) -> CustomerView:
    """A customer of the caller's own organisation or one below it."""
    return _customer(service.customer_file(call.staff, customer_id, clock.now()))


@api.operation(
    "GET",
    "/v1/staff/customers/{customer_id}/accounts/{reference}",
    zh="查询客户账户：余额、状态、冻结、最近明细",
    en="A customer's account: balance, state, orders of courts, newest lines",
    auth=checks_session,
    permission=staff.CUSTOMERS_READ,
    answer=AccountFileView,
    refusals=(NotFound,),
)
def read_account(call: Call, customer_id: str, reference: str) -> AccountFileView:
    """An account of the caller's own organisation or one below it."""
    return _account(service.account_file(call.staff, customer_id, reference))
