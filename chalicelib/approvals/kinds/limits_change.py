"""Staff change a customer's limits, also above the ceiling up to which the customer may raise them (XJ-5.3-limit)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.approvals.domain import Kind, Proposal
from chalicelib.approvals.kinds.planned import with_voucher
from chalicelib.counter.service import LIMITS_CHANGED
from chalicelib.customers import service as customers
from chalicelib.limits.commands.plan_limits import LimitsPlan, plan_account_limits, plan_customer_limits
from chalicelib.platform import fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.masking import mask_account
from chalicelib.platform.money import Money
from chalicelib.staff import service as staff

MAX_COUNT = 1_000_000
CustomerId = Annotated[str, StringConstraints(pattern="^[a-z2-7]{20}$")]
_Amount = fields.AmountText | None
_Keep = Field(default=None, description="不填则不变 / left out: stays")


class AccountLimitsWish(Body):
    """An account's limits; what is left out stays."""

    customer_id: CustomerId
    account_id: fields.AccountId
    single: Annotated[_Amount, _Keep]
    day: Annotated[_Amount, _Keep]
    month: Annotated[_Amount, _Keep]
    year: Annotated[_Amount, _Keep]
    count: Annotated[int | None, Field(default=None, ge=0, le=MAX_COUNT, description="每日笔数 / transfers a day")]


class CustomerLimitsWish(Body):
    """The limits over all of a customer's accounts; what is left out stays."""

    customer_id: CustomerId
    day_outward: Annotated[_Amount, _Keep]
    day_without_certificate: Annotated[_Amount, _Keep]
    day_without_factor: Annotated[_Amount, _Keep]
    single_without_factor: Annotated[_Amount, _Keep]


def _wanted(**amounts: str | None) -> dict[str, int]:
    return {name: Money.parse(text).amount_fen for name, text in amounts.items() if text is not None}


def _of_account(payload: AccountLimitsWish, _: dt.datetime) -> Proposal:
    wanted = _wanted(
        limit_single=payload.single, limit_day=payload.day, limit_month=payload.month, limit_year=payload.year
    )
    if payload.count is not None:
        wanted["limit_count"] = payload.count
    plan = plan_account_limits(payload.customer_id, payload.account_id, wanted)
    known = {"customer": payload.customer_id, "account": mask_account(payload.account_id)}
    return _proposal(plan, known, str(plan.image["branch_id"]))


def _of_customer(payload: CustomerLimitsWish, _: dt.datetime) -> Proposal:
    wanted = _wanted(
        limit_outward=payload.day_outward,
        limit_nocert=payload.day_without_certificate,
        limit_nofactor=payload.day_without_factor,
        limit_small=payload.single_without_factor,
    )
    profile = customers.find_profile(payload.customer_id)
    if profile is None:
        raise NotFound()
    plan = plan_customer_limits(payload.customer_id, wanted)
    return _proposal(plan, {"customer": payload.customer_id}, profile.branch_id)


def _proposal(plan: LimitsPlan, known: Mapping[str, str], branch_id: str) -> Proposal:
    after = {**known, **plan.after()}
    return Proposal(
        branch_id=branch_id,
        before={**known, **plan.before()},
        after=after,
        writes=with_voucher(
            branch_id, LIMITS_CHANGED, after, plan.customer_id, lambda by: plan.writes(by.now, by=by.checker)
        ),
    )


_WHOSE = {"customer": ("客户", "customer"), "account": ("账户", "account")}

ACCOUNT_LIMITS_CHANGE = Kind(
    code="limits.account",
    zh="调整账户限额",
    en="change of an account's limits",
    payload=AccountLimitsWish,
    words={
        **_WHOSE,
        "single": ("单笔限额（元）", "for one transfer, yuan"),
        "day": ("日累计限额（元）", "a day, yuan"),
        "month": ("月累计限额（元）", "a month, yuan"),
        "year": ("年累计限额（元）", "a year, yuan"),
        "count": ("日累计笔数", "transfers a day"),
    },
    makes=staff.COUNTER_CUSTOMERS,
    checks=staff.COUNTER_APPROVE,
    propose=_of_account,
    refusals=(NotFound,),
)
CUSTOMER_LIMITS_CHANGE = Kind(
    code="limits.customer",
    zh="调整客户限额",
    en="change of a customer's limits",
    payload=CustomerLimitsWish,
    words={
        **_WHOSE,
        "day_outward": ("日累计对外转账限额（元）", "to others a day, yuan"),
        "day_without_certificate": ("未使用数字证书日累计限额（元）", "without a certificate a day, yuan"),
        "day_without_factor": ("小额免密日累计限额（元）", "without any factor a day, yuan"),
        "single_without_factor": ("小额免密单笔金额（元）", "one payment without any factor, yuan"),
    },
    makes=staff.COUNTER_CUSTOMERS,
    checks=staff.COUNTER_APPROVE,
    propose=_of_customer,
    refusals=(NotFound,),
)
