"""Orders of courts are placed, renewed and lifted by two people, by document."""

from __future__ import annotations

import datetime as dt

from chalicelib.approvals.domain import Kind, Proposal
from chalicelib.approvals.kinds.planned import proposal_of
from chalicelib.counter.commands.court_orders import (
    Freeze,
    plan_freeze,
    plan_lifting,
    plan_renewal,
)
from chalicelib.counter.commands.court_transfer import CourtTransfer, plan_transfer
from chalicelib.counter.commands.papers import CourtPaper, LastDate, Place
from chalicelib.counter.errors import (
    AccountNotFreezable,
    CourtAmountExceeded,
    CourtDocumentMalformed,
    CourtOrderEnded,
    CourtTermInvalid,
    TooManyCourtOrders,
)
from chalicelib.platform import fields
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.money import Money
from chalicelib.staff import service as staff


class CourtFreeze(Body):
    """Without an amount the whole account."""

    account: fields.AccountId
    document: CourtPaper
    until: LastDate
    amount: fields.AmountText | None = None


class CourtRenewal(Body):
    """Keep an order in force for longer."""

    account: fields.AccountId
    place: Place
    until: LastDate
    document: CourtPaper


class CourtLifting(Body):
    """End an order."""

    account: fields.AccountId
    place: Place
    document: CourtPaper


class CourtTaking(Body):
    """Take money by an order."""

    account: fields.AccountId
    place: Place
    document: CourtPaper
    amount: fields.AmountText


def _freeze(payload: CourtFreeze, now: dt.datetime) -> Proposal:
    amount_fen = Money.parse(payload.amount).amount_fen if payload.amount is not None else None
    return proposal_of(
        plan_freeze(Freeze(payload.account, payload.document.document(), payload.until, amount_fen), now)
    )


def _renew(payload: CourtRenewal, now: dt.datetime) -> Proposal:
    return proposal_of(plan_renewal(payload.account, payload.place, payload.until, payload.document.document(), now))


def _lift(payload: CourtLifting, _: dt.datetime) -> Proposal:
    return proposal_of(plan_lifting(payload.account, payload.place, payload.document.document()))


def _take(payload: CourtTaking, now: dt.datetime) -> Proposal:
    amount_fen = Money.parse(payload.amount).amount_fen
    wanted = CourtTransfer(payload.account, payload.place, payload.document.document(), amount_fen)
    return proposal_of(plan_transfer(wanted, now))


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
COURT_TRANSFER = Kind(
    code="court.transfer",
    zh="司法扣划",
    en="taking of money for an authority",
    payload=CourtTaking,
    words={
        **_WORDS,
        "amount": ("扣划金额（元）", "amount taken, yuan"),
        "order": ("据以冻结文书号", "document of the freeze"),
        "held": ("尚冻结金额（元）", "still held, yuan"),
        "taken": ("累计已扣划（元）", "taken in all, yuan"),
    },
    makes=staff.COUNTER_FREEZE,
    checks=staff.COUNTER_APPROVE,
    propose=_take,
    refusals=(NotFound, AmountOutOfRange, CourtDocumentMalformed, CourtOrderEnded, CourtAmountExceeded),
)
