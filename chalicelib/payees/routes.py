"""The payee book over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.ledger import errors as ledger_errors
from chalicelib.payees import errors, service
from chalicelib.platform import clock, fields
from chalicelib.platform.dynamo import decode_cursor, encode_cursor, s
from chalicelib.platform.errors import CursorMalformed, NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.texts import printable

api = Api(__name__)

PayeeAccount = Annotated[
    str,
    Field(
        pattern="^[0-9]{8,32}$",
        description="收款账号，8 至 32 位数字 / the payee's account, 8 to 32 digits",
        examples=["9000010000000000017"],
    ),
]
Label = Annotated[str, StringConstraints(max_length=20, strip_whitespace=True), AfterValidator(printable)]
Alias = Annotated[Label, Field(description="备注名；空为无 / what the customer calls the payee; empty: nothing")]
Group = Annotated[Label, Field(description="分组，空为无，新名即新组 / group; empty: none, a new name begins one")]


class NewPayee(Body):
    """Account and name as typed, or a posted transfer of the caller's own that has both."""

    transfer_id: Annotated[
        str | None, Field(description="已入账的本人转账，代替账号与户名 / a posted transfer, in place of both")
    ] = None
    account: Annotated[PayeeAccount | None, Field(validate_default=True)] = None
    name: Annotated[fields.PersonName | None, Field(validate_default=True)] = None
    bank_code: Annotated[
        str | None,
        Field(
            pattern="^[0-9]{12}$",
            description="他行联行号，12 位数字；本行不填 / CNAPS code of another bank, 12 digits; none for this bank",
        ),
    ] = None
    alias: Alias = ""
    group: Group = ""

    @field_validator("account", "name", "bank_code")
    @classmethod
    def _one_way_or_the_other(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.field_name == "bank_code" and value is None:
            return value
        return fields.present_if(value, wanted=info.data.get("transfer_id") is None)


class PayeeChange(Body):
    """What is absent stays as it is."""

    alias: Alias | None = None
    group: Group | None = None


class Lookup(Body):
    """An account of this bank, and its holder's full name as the payer knows it."""

    account: PayeeAccount
    name: fields.PersonName


class LookupView(View):
    """Whether the two match. A name is only shown to who stated it right, and masked."""

    matches: bool
    account: fields.MaskedAccount
    name: fields.MaskedName | None


class PayeeRow(View):
    """A payee in a list: enough to choose it by."""

    id: str
    bank_code: Annotated[str | None, Field(description="他行联行号；本行为空 / another bank's CNAPS code, or null")]
    account: fields.MaskedAccount
    name: fields.MaskedName
    alias: str
    group: str
    verified_at: Annotated[
        fields.Timestamp | None,
        Field(description="户名核对时间；空为他行，未核对 / when the name was verified; null: another bank's"),
    ]
    last_used_at: Annotated[fields.Timestamp | None, Field(description="最近一次转账 / the last transfer to it")]
    added_at: fields.Timestamp


class PayeeView(PayeeRow):
    """One payee with all that a transfer to it states: the customer's own note of somebody else."""

    account: PayeeAccount
    name: fields.PersonName


class PayeePage(View):
    """One page in the order of alias or name."""

    payees: list[PayeeRow]
    next_cursor: fields.Cursor | None


class PayeeQuery(Query):
    """Page, and search by a part of name or alias, or by an account's last digits; or one group."""

    q: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=32, strip_whitespace=True),
        Field(description="户名、备注名的一部分或账号末几位 / part of name or alias, or the account's last digits"),
    ] = None
    group: Annotated[str | None, StringConstraints(max_length=20), Field(description="分组名 / name of a group")] = None
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


class GroupView(View):
    """A group is there as long as a payee is in it."""

    name: str
    payees: Annotated[int, Field(description="收款人数 / how many payees")]


class GroupList(View):
    groups: list[GroupView]


def _facts(payee: service.Payee) -> dict[str, str | None]:
    return {
        "id": payee.payee_id,
        "bank_code": payee.bank_code or None,
        "alias": payee.alias,
        "group": payee.group,
        "verified_at": payee.verified_at,
        "last_used_at": payee.last_used_at,
        "added_at": payee.added_at,
    }


def _row(payee: service.Payee) -> PayeeRow:
    return PayeeRow.model_validate(
        {**_facts(payee), "account": mask_account(payee.account), "name": mask_name(payee.name)}
    )


def _view(payee: service.Payee) -> PayeeView:
    return PayeeView.model_validate({**_facts(payee), "account": payee.account, "name": payee.name})


@api.operation(
    "POST",
    "/v1/payees",
    zh="添加收款人：本行账户核对账号与户名",
    en="Add a payee; account and name are verified where the account is this bank's",
    auth=identity.checks_session,
    entitlement=entitlements.PAYEES_MANAGE,
    body=NewPayee,
    answer=PayeeView,
    status=201,
    also=(200,),
    refusals=(
        NotFound,
        ledger_errors.PayeeUnavailable,
        errors.PayeeIsOwn,
        errors.PayeeKnown,
        errors.PayeeBookFull,
        errors.PayeeLookupsExhausted,
        OutcomeUnknown,
    ),
)
def add(call: Call) -> Answer:
    """Add a payee; one that is there already is answered with 200."""
    body = call.json(NewPayee)
    if body.transfer_id is not None:
        added = service.add_of_transfer(call.caller, body.transfer_id, body.alias, body.group, clock.now())
    else:
        wanted = service.Wanted(
            body.bank_code or service.THIS_BANK, body.account or "", body.name or "", body.alias, body.group
        )
        added = service.add(call.caller, wanted, clock.now())
    return Answer(_view(added.payee), 200 if added.hit else 201)


@api.operation(
    "GET",
    "/v1/payees",
    zh="收款人名册：查找、按组查看",
    en="The payee book: searched, by group",
    auth=identity.checks_session,
    entitlement=entitlements.PAYEES_READ,
    query=PayeeQuery,
    answer=PayeePage,
    refusals=(CursorMalformed,),
)
def read_page(call: Call) -> PayeePage:
    """A page of the caller's payees."""
    query = call.params(PayeeQuery)
    customer_id = call.caller.customer_id
    after = decode_cursor(query.cursor, "customer_id", customer_id, "place")
    payees, last = service.page(
        customer_id, words=query.q, group=query.group, limit=query.limit, after=after["place"]["S"] if after else None
    )
    cursor = encode_cursor({"customer_id": s(customer_id), "place": s(last)}) if last else None
    return PayeePage(payees=[_row(payee) for payee in payees], next_cursor=cursor)


@api.operation(
    "GET",
    "/v1/payees/{payee_id}",
    zh="查询一个收款人，含完整账号与户名",
    en="One payee, with account and name in full",
    auth=identity.checks_session,
    entitlement=entitlements.PAYEES_READ,
    answer=PayeeView,
    refusals=(NotFound,),
)
def read_one(call: Call, payee_id: str) -> PayeeView:
    """A payee of the caller's own book; another customer's looks like an unknown one (NB-5.1.4)."""
    return _view(service.payee_of(call.caller.customer_id, payee_id))


@api.operation(
    "PATCH",
    "/v1/payees/{payee_id}",
    zh="修改收款人备注名或分组",
    en="Give a payee another alias or group",
    auth=identity.checks_session,
    entitlement=entitlements.PAYEES_MANAGE,
    body=PayeeChange,
    answer=PayeeView,
    refusals=(NotFound, OutcomeUnknown),
)
def change(call: Call, payee_id: str) -> PayeeView:
    """Another alias or group; account and name never change."""
    body = call.json(PayeeChange)
    return _view(service.change(call.caller, payee_id, alias=body.alias, group=body.group, now=clock.now()))


@api.operation(
    "DELETE",
    "/v1/payees/{payee_id}",
    zh="删除收款人",
    en="Remove a payee",
    auth=identity.checks_session,
    entitlement=entitlements.PAYEES_MANAGE,
    answer=None,
    status=204,
    refusals=(NotFound, OutcomeUnknown),
)
def remove(call: Call, payee_id: str) -> Answer:
    """Take a payee off the book; transfers that were made stay."""
    service.remove(call.caller, payee_id, clock.now())
    return Answer(None)


@api.operation(
    "GET",
    "/v1/payee-groups",
    zh="收款人分组及人数",
    en="Groups of payees, with how many are in each",
    auth=identity.checks_session,
    entitlement=entitlements.PAYEES_READ,
    answer=GroupList,
)
def read_groups(call: Call) -> GroupList:
    """The groups of the caller's book."""
    found = service.groups(call.caller.customer_id)
    return GroupList(groups=[GroupView(name=name, payees=count) for name, count in found])


@api.operation(
    "POST",
    "/v1/payee-lookups",
    zh="转账前核对收款账号与户名，户名遮蔽显示",
    en="Before a transfer: whether account and name match, the name shown masked",
    auth=identity.checks_session,
    entitlement=entitlements.PAYEES_READ,
    body=Lookup,
    answer=LookupView,
    refusals=(errors.PayeeLookupsExhausted, OutcomeUnknown),
)
def look_up(call: Call) -> LookupView:
    """Whether account and full name match; so many a day, as each is a guess."""
    body = call.json(Lookup)
    matches = service.look_up(call.caller, body.account, body.name, clock.now())
    return LookupView(
        matches=matches, account=mask_account(body.account), name=mask_name(body.name) if matches else None
    )
