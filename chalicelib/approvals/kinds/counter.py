"""What tellers do for customers and another person approves: sign-up, changes, the end, lifts of stops (NB-5.2.6)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.approvals.domain import Kind, Proposal
from chalicelib.approvals.kinds.limits_change import CustomerId
from chalicelib.approvals.kinds.planned import proposal_of
from chalicelib.counter.commands.change_customer import (
    CHANGE_EDITION,
    CHANGE_PHONE,
    CLOSE,
    EditionWish,
    plan_edition,
    plan_end,
    plan_phone,
)
from chalicelib.counter.commands.papers import EditionForm, SeenDocument
from chalicelib.counter.commands.serve_customer import SignUpOpening, plan_opening, plan_state
from chalicelib.counter.commands.stop_transfers import RESUME, plan_resumption
from chalicelib.counter.errors import DocumentNotShown
from chalicelib.customers.errors import (
    EditionChangeRefused,
    NoSettlementAccount,
    PhoneChanged,
    PhoneNotReserved,
    SignUpRefused,
    TransferStopUnchanged,
)
from chalicelib.factors.errors import FactorNotActive
from chalicelib.ledger.errors import FrozenByCourt, StateChangeRefused
from chalicelib.limits.errors import LimitAboveCeiling
from chalicelib.platform import fields
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.money import Money
from chalicelib.staff import service as staff
from chalicelib.stepup.errors import StepUpNotAwaiting


class CustomerSignUp(Body):
    """The last step of a sign-up that the counter has prepared; the phone is the one reserved for `phone_account`."""

    customer: CustomerId
    phone_account: fields.AccountId
    edition: Literal["express", "credit_card", "professional"]
    limit_outward: fields.AmountText
    factors: Annotated[list[str], Field(max_length=5)]
    day_limits: Annotated[dict[fields.AccountId, fields.AmountText], Field(default_factory=dict, max_length=50)]


class EditionChange(Body):
    """Another edition; the form is for the professional one."""

    customer: CustomerId
    edition: Literal["express", "credit_card", "professional"]
    seen: SeenDocument
    form: EditionForm | None = None


class CustomerClosing(Body):
    """The end of online banking."""

    customer: CustomerId
    seen: SeenDocument


class PhoneChange(Body):
    """Another reserved phone; `proof` is the challenge whose code the teller was told."""

    customer: CustomerId
    proof: Annotated[str, Field(pattern="^[a-z2-7]{20}$")]
    seen: SeenDocument


class TransferResumption(Body):
    """Whose online transfers the bank lets go on."""

    customer: CustomerId


class AccountUnfreeze(Body):
    """A teller's freeze is lifted; a court's only its document lifts."""

    account_id: fields.AccountId


def _sign_up(payload: CustomerSignUp, now: dt.datetime) -> Proposal:
    planned = plan_opening(
        SignUpOpening(
            payload.customer,
            payload.phone_account,
            payload.edition,
            Money.parse(payload.limit_outward).amount_fen,
            tuple(payload.factors),
            {account_id: Money.parse(text).amount_fen for account_id, text in payload.day_limits.items()},
        ),
        now,
    )

    return proposal_of(planned)


def _change_edition(payload: EditionChange, now: dt.datetime) -> Proposal:
    upgrade = payload.form.application(payload.customer) if payload.form else None
    return proposal_of(plan_edition(EditionWish(payload.customer, payload.edition, upgrade), payload.seen, now))


def _close(payload: CustomerClosing, _: dt.datetime) -> Proposal:
    return proposal_of(plan_end(payload.customer, payload.seen))


def _change_phone(payload: PhoneChange, _: dt.datetime) -> Proposal:
    return proposal_of(plan_phone(payload.customer, payload.proof, payload.seen))


def _resume(payload: TransferResumption, _: dt.datetime) -> Proposal:
    return proposal_of(plan_resumption(payload.customer))


def _unfreeze(payload: AccountUnfreeze, _: dt.datetime) -> Proposal:
    planned = plan_state(payload.account_id, "frozen")

    return proposal_of(planned)


CUSTOMER_SIGN_UP = Kind(
    code="customer.sign_up",
    zh="网上银行签约",
    en="sign-up for online banking",
    payload=CustomerSignUp,
    words={
        "customer": ("客户号", "customer"),
        "holder": ("户名", "name"),
        "accounts": ("签约账户", "contracted accounts"),
        "phone": ("预留手机号", "reserved phone"),
        "edition": ("版本", "edition"),
        "limit": ("每日对外限额（元）", "outward a day, yuan"),
        "day_limits": ("账户日限额（元）", "daily limits of accounts, yuan"),
        "factors": ("认证方式", "factors"),
        "state": ("状态", "state"),
    },
    makes=staff.COUNTER_CUSTOMERS,
    checks=staff.COUNTER_APPROVE,
    propose=_sign_up,
    refusals=(NotFound, SignUpRefused, PhoneNotReserved, AmountOutOfRange, LimitAboveCeiling),
)
_PERSON = {"customer": ("客户号", "customer"), "holder": ("户名", "name"), "document": ("核对证件", "document seen")}
EDITION_CHANGE = Kind(
    code=CHANGE_EDITION,
    zh="网上银行版本变更",
    en="change of edition",
    payload=EditionChange,
    words={
        **_PERSON,
        "edition": ("版本", "edition"),
        "accounts": ("签约账户", "contracted accounts"),
        "limit": ("每日对外限额（元）", "outward a day, yuan"),
        "factor": ("认证方式", "factor"),
    },
    makes=staff.COUNTER_CUSTOMERS,
    checks=staff.COUNTER_APPROVE,
    propose=_change_edition,
    refusals=(
        NotFound,
        AmountOutOfRange,
        DocumentNotShown,
        EditionChangeRefused,
        SignUpRefused,
        LimitAboveCeiling,
        NoSettlementAccount,
        PhoneNotReserved,
        FactorNotActive,
    ),
)
CUSTOMER_CLOSING = Kind(
    code=CLOSE,
    zh="网上银行注销",
    en="end of online banking",
    payload=CustomerClosing,
    words={
        **_PERSON,
        "edition": ("版本", "edition"),
        "contracts": ("签约账户数", "contracted accounts"),
        "state": ("状态", "state"),
    },
    makes=staff.COUNTER_CUSTOMERS,
    checks=staff.COUNTER_APPROVE,
    propose=_close,
    refusals=(NotFound, DocumentNotShown, EditionChangeRefused),
)
PHONE_CHANGE = Kind(
    code=CHANGE_PHONE,
    zh="预留手机号变更",
    en="change of the reserved phone",
    payload=PhoneChange,
    words={
        **_PERSON,
        "phone": ("预留手机号", "reserved phone"),
        "proof": ("新号码验证", "proof of the new number"),
    },
    makes=staff.COUNTER_CUSTOMERS,
    checks=staff.COUNTER_APPROVE,
    propose=_change_phone,
    refusals=(NotFound, DocumentNotShown, StepUpNotAwaiting, PhoneChanged),
)
TRANSFER_RESUMPTION = Kind(
    code=RESUME,
    zh="启用网上转账",
    en="letting stopped online transfers go on",
    payload=TransferResumption,
    words={
        "customer": ("客户号", "customer"),
        "holder": ("户名", "name"),
        "state": ("网上转账", "online transfers"),
        "since": ("停用时间", "stopped since"),
    },
    makes=staff.COUNTER_FREEZE,
    checks=staff.COUNTER_APPROVE,
    propose=_resume,
    refusals=(NotFound, TransferStopUnchanged),
)
ACCOUNT_UNFREEZE = Kind(
    code="account.unfreeze",
    zh="账户解冻",
    en="lifting of a teller's freeze",
    payload=AccountUnfreeze,
    words={
        "account": ("账号", "account"),
        "holder": ("户名", "holder"),
        "state": ("状态", "state"),
    },
    makes=staff.COUNTER_FREEZE,
    checks=staff.COUNTER_APPROVE,
    propose=_unfreeze,
    refusals=(NotFound, StateChangeRefused, FrozenByCourt),
)
