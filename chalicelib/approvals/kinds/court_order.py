"""Orders of courts are placed, renewed and lifted by two people, by document."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.approvals.domain import Decision, Kind, Proposal, Write
from chalicelib.counter.commands.court_orders import (
    Freeze,
    People,
    Plan,
    plan_freeze,
    plan_lifting,
    plan_renewal,
)
from chalicelib.counter.errors import (
    AccountNotFreezable,
    CourtDocumentMalformed,
    CourtOrderEnded,
    CourtTermInvalid,
    TooManyCourtOrders,
)
from chalicelib.counter.service import Document
from chalicelib.platform import fields
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.money import Money
from chalicelib.staff import service as staff

_Officer = Annotated[str, StringConstraints(min_length=1, max_length=30)]
_Words = Annotated[str, StringConstraints(min_length=1, max_length=60)]
_Date = Annotated[str, Field(pattern="^[0-9]{8}$", description="最后一日 / the last date", examples=["20271120"])]
_Place = Annotated[int, Field(ge=1, le=9999, description="该账户的第几笔 / its number among the account's orders")]


class CourtPaper(Body):
    """What the officers bring."""

    number: Annotated[_Words, Field(description="法律文书号 / number of the document")]
    authority: Annotated[_Words, Field(description="执行机关 / the authority")]
    officers: Annotated[
        list[_Officer],
        Field(min_length=2, max_length=2, description="执行人员证件号 / both officers' cards"),
    ]


class CourtFreeze(Body):
    """Without an amount the whole account."""

    account: fields.AccountId
    document: CourtPaper
    until: _Date
    amount: fields.AmountText | None = None


class CourtRenewal(Body):
    """Keep an order in force for longer."""

    account: fields.AccountId
    place: _Place
    until: _Date
    document: CourtPaper


class CourtLifting(Body):
    """End an order."""

    account: fields.AccountId
    place: _Place
    document: CourtPaper


def _freeze(payload: CourtFreeze, now: dt.datetime) -> Proposal:
    amount_fen = Money.parse(payload.amount).amount_fen if payload.amount is not None else None
    return _proposal(plan_freeze(Freeze(payload.account, _paper(payload.document), payload.until, amount_fen), now))


def _renew(payload: CourtRenewal, now: dt.datetime) -> Proposal:
    return _proposal(plan_renewal(payload.account, payload.place, payload.until, _paper(payload.document), now))


def _lift(payload: CourtLifting, _: dt.datetime) -> Proposal:
    return _proposal(plan_lifting(payload.account, payload.place, _paper(payload.document)))


def _paper(body: CourtPaper) -> Document:
    return Document(body.number.strip(), body.authority.strip(), (body.officers[0], body.officers[1]))


def _proposal(plan: Plan) -> Proposal:
    def writes(by: Decision) -> list[Write]:
        return list(plan.writes(People(by.maker, by.checker, by.now)))

    return Proposal(branch_id=plan.branch_id, before=plan.before, after=plan.after, writes=writes)


_WORDS = {
    "account": ("账号", "account"),
    "holder": ("户名", "holder"),
    "authority": ("执行机关", "authority"),
    "document": ("法律文书号", "document"),
    "officers": ("执行人员证件", "officers' cards"),
    "amount": ("冻结金额（元）", "amount in yuan"),
    "until": ("冻结止期", "last date"),
    "state": ("状态", "state"),
}

COURT_FREEZE = Kind(
    code="court.freeze",
    zh="司法冻结",
    en="freeze by an authority's order",
    payload=CourtFreeze,
    words=_WORDS,
    makes=staff.COUNTER_FREEZE,
    checks=staff.COUNTER_APPROVE,
    propose=_freeze,
    refusals=(
        NotFound,
        AmountOutOfRange,
        CourtDocumentMalformed,
        CourtTermInvalid,
        AccountNotFreezable,
        TooManyCourtOrders,
    ),
)
COURT_RENEWAL = Kind(
    code="court.renew",
    zh="司法续冻",
    en="renewal of an authority's freeze",
    payload=CourtRenewal,
    words=_WORDS,
    makes=staff.COUNTER_FREEZE,
    checks=staff.COUNTER_APPROVE,
    propose=_renew,
    refusals=(NotFound, CourtDocumentMalformed, CourtTermInvalid, CourtOrderEnded),
)
COURT_LIFTING = Kind(
    code="court.lift",
    zh="解除司法冻结",
    en="lifting of an authority's freeze",
    payload=CourtLifting,
    words=_WORDS,
    makes=staff.COUNTER_FREEZE,
    checks=staff.COUNTER_APPROVE,
    propose=_lift,
    refusals=(NotFound, CourtDocumentMalformed, CourtOrderEnded),
)
