"""Recalls over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.entitlements import service as entitlements
from chalicelib.factors import errors as factor_errors
from chalicelib.identity import service as identity
from chalicelib.platform import clock, fields
from chalicelib.platform.confirmations import AwaitingView, FactorId
from chalicelib.platform.errors import CursorMalformed, NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import decimal_text
from chalicelib.recalls import errors, service
from chalicelib.recalls.commands.agree import Agreed, agree
from chalicelib.recalls.commands.ask import ask
from chalicelib.transfers import errors as transfer_errors
from chalicelib.transfers import service as transfers

api = Api(__name__)

State = Literal["asked", "agreed", "refused", "withdrawn", "returned", "expired"]


class NewRecall(Body):
    """Why the transfer is asked back, in one of the bank's own words."""

    reason: Literal["wrong_payee", "wrong_amount", "paid_twice", "other"]


class RecallRefusal(Body):
    """Why the payee keeps the money."""

    reason: Literal["owed", "already_returned", "disputed", "other"]


class Agreement(Body):
    """By which factor the payee will confirm the return transfer."""

    factor: Literal["sms", "token", "certificate"] = "sms"
    factor_id: FactorId = ""


class WordView(View):
    """A word of the bank's: its stable code, and the text by Accept-Language."""

    code: str
    text: str


class RecallView(View):
    """A recall as one of its two sides sees it; the other side stays masked."""

    id: str
    side: Annotated[
        Literal["asked", "received"],
        Field(description="asked 我请求的, received 请求我的 / by the caller, or of the caller"),
    ]
    state: State
    amount: fields.AmountText
    currency: str
    account: Annotated[fields.MaskedAccount, Field(description="本人账户 / the caller's own account")]
    counterparty_account: fields.MaskedAccount
    counterparty_name: fields.MaskedName
    transferred_at: Annotated[fields.Timestamp, Field(description="原转账时间 / when the transfer was posted")]
    reason: WordView
    refusal_reason: WordView | None
    asked_at: fields.Timestamp
    changed_at: Annotated[fields.Timestamp, Field(description="最近变更时间 / when its state changed last")]
    expires_at: Annotated[fields.Timestamp, Field(description="答复截止时间 / not answered from then on")]
    transfer_id: Annotated[str | None, Field(description="原转账，仅付款人可见 / the transfer; for who made it")]
    return_id: Annotated[str | None, Field(description="退回转账，仅收款人可见 / the return; for who makes it")]


class ReturnView(AwaitingView):
    """The return transfer that waits for the payee's factor: what the app shows and signs."""


class AgreementView(View):
    """Agreed; the money moves when the return is confirmed as a transfer."""

    recall: RecallView
    transfer: ReturnView


class RecallPage(View):
    """One page, newest first."""

    recalls: list[RecallView]
    next_cursor: fields.Cursor | None


class RecallQuery(Query):
    """Those that the caller asked for, or those that ask the caller."""

    side: Annotated[
        Literal["asked", "received"], Field(description="本人请求的，或收到的 / asked for by oneself, or received")
    ] = "received"
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


def _word(words: Mapping[str, tuple[str, str]], code: str, language: str) -> WordView:
    zh, en = words[code]
    return WordView(code=code, text=en if language == "en" else zh)


def _view(recall: service.Recall, call: Call) -> RecallView:
    is_payer = recall.payer_customer == call.caller.customer_id
    payer, payee = mask_account(recall.payer_account), mask_account(recall.payee_account)
    refusal = recall.refusal_reason
    return RecallView(
        id=recall.recall_id,
        side="asked" if is_payer else "received",
        state=recall.state_at(clock.to_text(clock.now())),  # type: ignore[arg-type]  # one of the six
        amount=decimal_text(recall.amount_fen),
        currency=recall.currency,
        account=payer if is_payer else payee,
        counterparty_account=payee if is_payer else payer,
        counterparty_name=mask_name(recall.payee_name if is_payer else recall.payer_name),
        transferred_at=recall.transferred_at,
        reason=_word(service.REASONS, recall.reason, call.language),
        refusal_reason=_word(service.REFUSAL_REASONS, refusal, call.language) if refusal else None,
        asked_at=recall.asked_at,
        changed_at=recall.changed_at,
        expires_at=recall.expires_at,
        transfer_id=recall.transfer_id if is_payer else None,
        return_id=None if is_payer else recall.return_id,
    )


def _agreement(agreed: Agreed, call: Call) -> AgreementView:
    transfer = ReturnView(**transfers.awaiting_facts(agreed.image))
    return AgreementView(recall=_view(agreed.recall, call), transfer=transfer)


@api.operation(
    "POST",
    "/v1/transfers/{transfer_id}/recall",
    zh="请求退回一笔转错的转账；是否退回由收款人决定",
    en="Ask for a mistaken transfer back; its payee decides",
    auth=identity.checks_session,
    entitlement=entitlements.RECALLS,
    body=NewRecall,
    answer=RecallView,
    status=201,
    also=(200,),
    refusals=(NotFound, errors.RecallKnown, errors.RecallNotPossible, errors.RecallTooLate, OutcomeUnknown),
)
def ask_back(call: Call, transfer_id: str) -> Answer:
    """Ask once a transfer; the same again is answered with 200."""
    reason = call.json(NewRecall).reason
    asked = ask(call.caller, transfer_id, reason, call.correlation_id, clock.now())
    return Answer(_view(asked.recall, call), 200 if asked.hit else 201)


@api.operation(
    "GET",
    "/v1/recalls",
    zh="退回请求列表，最新在前",
    en="Recall requests, newest first",
    auth=identity.checks_session,
    entitlement=entitlements.RECALLS,
    query=RecallQuery,
    answer=RecallPage,
    refusals=(CursorMalformed,),
)
def read_page(call: Call) -> RecallPage:
    """A page of one side; a new one appears within a second or so (an index keeps the list)."""
    query = call.params(RecallQuery)
    listing = service.OF_PAYER if query.side == "asked" else service.OF_PAYEE
    recalls, following = service.page(listing, call.caller.customer_id, query.limit, query.cursor)
    return RecallPage(recalls=[_view(recall, call) for recall in recalls], next_cursor=following)


@api.operation(
    "GET",
    "/v1/recalls/{recall_id}",
    zh="查询一个退回请求",
    en="One recall request",
    auth=identity.checks_session,
    entitlement=entitlements.RECALLS,
    answer=RecallView,
    refusals=(NotFound,),
)
def read_one(call: Call, recall_id: str) -> RecallView:
    """A recall of the caller's, on either side; another customer's looks like an unknown one (NB-5.1.4)."""
    return _view(service.recall_of(call.caller.customer_id, recall_id), call)


@api.operation(
    "POST",
    "/v1/recalls/{recall_id}/withdrawal",
    zh="撤回退回请求",
    en="Withdraw a recall request",
    auth=identity.checks_session,
    entitlement=entitlements.RECALLS,
    answer=RecallView,
    refusals=(NotFound, errors.RecallNotOpen, OutcomeUnknown),
)
def withdraw(call: Call, recall_id: str) -> RecallView:
    """The payer no longer asks."""
    return _view(service.withdraw(call.caller, recall_id, clock.now()), call)


@api.operation(
    "POST",
    "/v1/recalls/{recall_id}/refusal",
    zh="拒绝退回",
    en="Refuse to return the money",
    auth=identity.checks_session,
    entitlement=entitlements.RECALLS,
    body=RecallRefusal,
    answer=RecallView,
    refusals=(NotFound, errors.RecallNotOpen, OutcomeUnknown),
)
def refuse(call: Call, recall_id: str) -> RecallView:
    """The payee's no, with a reason."""
    reason = call.json(RecallRefusal).reason
    return _view(service.refuse(call.caller, recall_id, reason, clock.now()), call)


@api.operation(
    "POST",
    "/v1/recalls/{recall_id}/agreement",
    zh="同意退回：生成退回转账，本人确认后资金才转出",
    en="Agree to return the money: a return transfer is made, and executed once the payee confirms it",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_OUTWARD,
    body=Agreement,
    answer=AgreementView,
    is_payment=True,
    status=201,
    also=(200,),
    refusals=(
        NotFound,
        errors.RecallNotOpen,
        errors.RecallNotPossible,
        errors.ReturnUnderWay,
        factor_errors.CodesExhausted,
        OutcomeUnknown,
        *transfer_errors.POSTING_REFUSALS,
    ),
)
def agree_to_return(call: Call, recall_id: str) -> Answer:
    """The payee's yes; the same again answers the return that waits for its confirmation, with 200."""
    body = call.json(Agreement)
    agreed = agree(
        call.caller,
        recall_id,
        factor=body.factor,
        factor_id=body.factor_id,
        correlation_id=call.correlation_id,
        now=clock.now(),
    )
    return Answer(_agreement(agreed, call), 200 if agreed.hit else 201)
