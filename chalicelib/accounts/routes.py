"""Accounts over HTTP (YQ-4.2.2-query)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.accounts import service
from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.platform import fields
from chalicelib.platform.dynamo import decode_cursor, encode_cursor
from chalicelib.platform.errors import CursorMalformed, NotFound
from chalicelib.platform.http import Api, Call, Query, View
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff

api = Api(__name__)

_FIRST_DATE, _LAST_DATE = "00000000", "99999999"


class AccountView(View):
    """One account; `balance` is booked, `available` can be used now."""

    id: fields.AccountId
    kind: str
    branch: str
    currency: str
    state: str
    right: Annotated[
        str,
        Field(description="full 可转账, query 仅查询, held 未签约 / full pays, query only looks, held: not signed up"),
    ]
    balance: fields.SignedAmount
    available: fields.SignedAmount
    opened_on: fields.BusinessDate


class AccountList(View):
    accounts: list[AccountView]


class Overview(View):
    """Assets and liabilities over all contracted accounts (资产总览)."""

    currency: str
    assets: fields.SignedAmount
    liabilities: fields.SignedAmount
    net: fields.SignedAmount
    accounts: list[AccountView]


class MovementView(View):
    """One statement line; the counterparty stays masked."""

    seq: int
    business_date: fields.BusinessDate
    posted_at: fields.Timestamp
    kind: Annotated[str, Field(description="principal 本金, fee 手续费, cash 现金")]
    amount: fields.SignedAmount
    balance: Annotated[fields.SignedAmount, Field(description="交易后余额 / balance after it")]
    counterparty_account: fields.MaskedAccount | None
    counterparty_name: fields.MaskedName | None
    purpose: str
    transfer_id: Annotated[str | None, Field(description="所属凭证 / the journal entry")]


class MovementPage(View):
    movements: list[MovementView]
    next_cursor: fields.Cursor | None


class MovementQuery(Query):
    """A period of business dates, both included, and a page."""

    date_from: Annotated[str, Field(pattern="^[0-9]{8}$", description="起始日期 / first date")] = _FIRST_DATE
    date_to: Annotated[str, Field(pattern="^[0-9]{8}$", description="截止日期 / last date")] = _LAST_DATE
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


def _view(account: ledger.Account) -> AccountView:
    return AccountView(
        id=account.account_id,
        kind=account.kind,
        branch=staff.branch_of(account.branch_id).name,
        currency=account.currency,
        state=account.state,
        right=account.right,
        balance=decimal_text(account.posted_fen),
        available=decimal_text(account.available_fen),
        opened_on=account.opened_on,
    )


@api.operation(
    "GET",
    "/v1/accounts",
    zh="账户列表",
    en="Accounts",
    auth=identity.checks_session,
    entitlement=entitlements.ACCOUNTS_READ,
    answer=AccountList,
)
def read_all(call: Call) -> AccountList:
    """The caller's contracted accounts."""
    return AccountList(accounts=[_view(account) for account in service.accounts_for(call.caller, call.entitlement)])


@api.operation(
    "GET",
    "/v1/accounts/{account_id}",
    zh="查询一个账户",
    en="One account",
    auth=identity.checks_session,
    entitlement=entitlements.ACCOUNTS_READ,
    answer=AccountView,
    refusals=(NotFound,),
)
def read_one(call: Call, account_id: str) -> AccountView:
    """One of the caller's accounts."""
    return _view(service.account_for(call.caller, call.entitlement, account_id))


@api.operation(
    "GET",
    "/v1/overview",
    zh="资产总览",
    en="Assets and liabilities",
    auth=identity.checks_session,
    entitlement=entitlements.ACCOUNTS_READ,
    answer=Overview,
)
def overview(call: Call) -> Overview:
    """Totals over all accounts."""
    accounts = service.accounts_for(call.caller, call.entitlement)
    assets_fen = sum(account.posted_fen for account in accounts if account.posted_fen > 0)
    liabilities_fen = -sum(account.posted_fen for account in accounts if account.posted_fen < 0)
    return Overview(
        currency="CNY",
        assets=decimal_text(assets_fen),
        liabilities=decimal_text(liabilities_fen),
        net=decimal_text(assets_fen - liabilities_fen),
        accounts=[_view(account) for account in accounts],
    )


@api.operation(
    "GET",
    "/v1/accounts/{account_id}/movements",
    zh="交易明细，最新在前",
    en="Statement lines, newest first",
    auth=identity.checks_session,
    entitlement=entitlements.ACCOUNTS_READ,
    query=MovementQuery,
    answer=MovementPage,
    refusals=(NotFound, CursorMalformed),
)
def movements(call: Call, account_id: str) -> MovementPage:
    """A page of an account's lines with running balance."""
    query = call.params(MovementQuery)
    service.account_for(call.caller, call.entitlement, account_id)
    after = decode_cursor(query.cursor, "account_id", account_id, "line")
    if query.date_from > query.date_to:
        return MovementPage(movements=[], next_cursor=None)
    if after is not None and not service.is_in_period(after["line"]["S"], query.date_from, query.date_to):
        raise CursorMalformed()  # the engine takes no start outside what is asked for
    lines, last = service.line_page(account_id, query.date_from, query.date_to, query.limit, after)
    return MovementPage(movements=[_line_view(line) for line in lines], next_cursor=encode_cursor(last))


def _line_view(line: service.Line) -> MovementView:
    movement = line.movement
    return MovementView(
        seq=movement.seq,
        business_date=movement.business_date,
        posted_at=movement.posted_at,
        kind=movement.kind,
        amount=decimal_text(movement.amount_fen),
        balance=decimal_text(movement.balance_fen),
        counterparty_account=mask_account(line.counterparty_account) if line.counterparty_account else None,
        counterparty_name=mask_name(line.counterparty_name) if line.counterparty_name else None,
        purpose=line.purpose,
        transfer_id=movement.entry_id,
    )
