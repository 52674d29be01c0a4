"""What tellers do for customers and another person approves: sign-up, and lifting of a freeze (NB-5.2.6)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.approvals.domain import Kind, Proposal
from chalicelib.approvals.kinds.planned import proposal_of
from chalicelib.counter.commands.serve_customer import SignUpOpening, plan_opening, plan_state
from chalicelib.customers.errors import PhoneNotReserved, SignUpRefused
from chalicelib.ledger.errors import FrozenByCourt, StateChangeRefused
from chalicelib.platform import fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.money import Money
from chalicelib.staff import service as staff


class CustomerSignUp(Body):
    """The last step of a sign-up that the counter has prepared; the phone is the one reserved for `phone_account`."""

    customer: Annotated[str, Field(pattern="^[a-z2-7]{20}$")]
    phone_account: fields.AccountId
    edition: Literal["express", "credit_card", "professional"]
    limit_outward: fields.AmountText
    factors: Annotated[list[str], Field(max_length=5)]


class AccountUnfreeze(Body):
    """A teller's freeze is lifted; a court's only its document lifts."""

    account_id: fields.AccountId


def _sign_up(payload: CustomerSignUp, _: dt.datetime) -> Proposal:
    planned = plan_opening(
        SignUpOpening(
            payload.customer,
            payload.phone_account,
            payload.edition,
            Money.parse(payload.limit_outward).amount_fen,
            tuple(payload.factors),
        )
    )

    return proposal_of(planned)


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
        "factors": ("认证方式", "factors"),
        "state": ("状态", "state"),
    },
    makes=staff.COUNTER_CUSTOMERS,
    checks=staff.COUNTER_APPROVE,
    propose=_sign_up,
    refusals=(NotFound, SignUpRefused, PhoneNotReserved),
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
