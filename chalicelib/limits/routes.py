"""Limits over HTTP: seen whole, lowered at once, raised with a step-up (XJ-5.3-limit, NB-5.4.1-daily).

PATCH, because an app changes one figure on a screen: what the body does not name stays as it is. A limit is set
to a value, not by an amount, so a request that is sent twice does no harm and needs no idempotency key.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.limits.commands import change_limits, read_limits
from chalicelib.limits.commands.read_limits import AccountStanding, CustomerStanding
from chalicelib.limits.domain import Standing
from chalicelib.limits.errors import LimitAboveCeiling
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import AmountMalformed, AmountOutOfRange, NotFound, OutcomeUnknown
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.platform.money import Money, decimal_text
from chalicelib.stepup.errors import StepUpLimitReached, StepUpRequired, StrongFactorRequired

api = Api(__name__)

MAX_COUNT = 1_000_000


class AmountLimit(View):
    """A limit on amounts in its period; `used` may exceed a limit that was lowered, then nothing remains."""

    limit: fields.AmountText
    used: Annotated[fields.AmountText, Field(description="本期已用 / used in this period")]
    remaining: Annotated[fields.AmountText, Field(description="本期剩余 / remains in this period")]


class CountLimit(View):
    """The same, in transfers."""

    limit: int
    used: int
    remaining: int


class CustomerLimits(View):
    """Over all of the customer's accounts, a day."""

    day_outward: Annotated[AmountLimit, Field(description="当日对外转账 / to others, a day")]
    day_without_certificate: Annotated[
        AmountLimit, Field(description="未使用数字证书当日累计 / without a certificate, a day")
    ]
    day_without_factor: Annotated[AmountLimit, Field(description="小额免密当日累计 / without any factor, a day")]
    single_without_factor: Annotated[
        fields.AmountText,
        Field(description="小额免密单笔金额，0.00 为未开通 / one payment without any factor; 0.00: not agreed"),
    ]
    day_without_certificate_by_policy: Annotated[
        AmountLimit | None,
        Field(
            description="现行监管规则下未使用数字证书的当日累计，无此规则时为空 / the total without a certificate that "
            "the policy in force sets for everybody; null where it sets none"
        ),
    ]


class AccountLimitsView(View):
    """One contracted account's limits on what it pays to others; fees and own accounts use none."""

    account_id: fields.AccountId
    single: Annotated[fields.AmountText, Field(description="单笔限额 / for one transfer")]
    day: AmountLimit
    month: AmountLimit
    year: AmountLimit
    count: Annotated[CountLimit, Field(description="当日笔数 / number of transfers a day")]


class LimitsView(View):
    """Everything at once, as it stands on `business_date`."""

    business_date: fields.BusinessDate
    customer: CustomerLimits
    accounts: list[AccountLimitsView]


_Amount = fields.AmountText | None
_Keep = Field(default=None, description="不填则不变 / left out: stays")


class CustomerLimitsChange(Body):
    """The customer's daily limits to change; what is left out stays."""

    day_outward: Annotated[_Amount, _Keep]
    day_without_certificate: Annotated[_Amount, _Keep]
    day_without_factor: Annotated[_Amount, _Keep]
    single_without_factor: Annotated[_Amount, _Keep]


class AccountLimitsChange(Body):
    """An account's limits to change; what is left out stays."""

    single: Annotated[_Amount, _Keep]
    day: Annotated[_Amount, _Keep]
    month: Annotated[_Amount, _Keep]
    year: Annotated[_Amount, _Keep]
    count: Annotated[int | None, Field(default=None, ge=0, le=MAX_COUNT, description="每日笔数 / transfers a day")]


def _amount_limit(standing: Standing) -> AmountLimit:
    return AmountLimit(
        limit=decimal_text(standing.limit),
        used=decimal_text(standing.used),
        remaining=decimal_text(standing.remaining),
    )


def _customer_view(found: CustomerStanding) -> CustomerLimits:
    return CustomerLimits(
        day_outward=_amount_limit(found.outward),
        day_without_certificate=_amount_limit(found.no_certificate),
        day_without_factor=_amount_limit(found.no_factor),
        single_without_factor=decimal_text(found.small_fen),
        day_without_certificate_by_policy=_amount_limit(found.policy) if found.policy is not None else None,
    )


def _account_view(found: AccountStanding) -> AccountLimitsView:
    return AccountLimitsView(
        account_id=found.account_id,
        single=decimal_text(found.single_fen),
        day=_amount_limit(found.day),
        month=_amount_limit(found.month),
        year=_amount_limit(found.year),
        count=CountLimit(limit=found.count.limit, used=found.count.used, remaining=found.count.remaining),
    )


_CHANGE_REFUSALS = (
    AmountMalformed,
    AmountOutOfRange,
    NotFound,
    LimitAboveCeiling,
    StepUpRequired,
    StepUpLimitReached,
    StrongFactorRequired,
    OutcomeUnknown,
)


def _wanted(**amounts: str | None) -> dict[str, int]:
    return {name: Money.parse(text).amount_fen for name, text in amounts.items() if text is not None}


@api.operation(
    "GET",
    "/v1/limits",
    zh="限额：额度、已用、剩余",
    en="Limits: limit, used, remaining",
    auth=identity.checks_session,
    entitlement=entitlements.LIMITS_READ,
    answer=LimitsView,
    refusals=(NotFound,),
)
def read_all(call: Call) -> LimitsView:
    """All limits of the caller, as they stand now."""
    limits = read_limits.read_limits(call.caller.customer_id, clock.now())
    return LimitsView(
        business_date=limits.business_date,
        customer=_customer_view(limits.customer),
        accounts=[_account_view(account) for account in limits.accounts],
    )


@api.operation(
    "PATCH",
    "/v1/limits",
    zh="调整客户级限额：调低立即生效，调高须确认身份",
    en="Change the customer's own daily limits: lower at once, raise with a step-up",
    auth=identity.checks_session,
    entitlement=entitlements.LIMITS_LOWER,
    body=CustomerLimitsChange,
    answer=CustomerLimits,
    refusals=_CHANGE_REFUSALS,
)
def change_own(call: Call) -> CustomerLimits:
    """Change the limits over all accounts; what was used today stays used."""
    body = call.json(CustomerLimitsChange)
    wanted = _wanted(
        limit_outward=body.day_outward,
        limit_nocert=body.day_without_certificate,
        limit_nofactor=body.day_without_factor,
        limit_small=body.single_without_factor,
    )
    demand = change_limits.demand_of(call.caller, None, wanted, call.header("step-up"), call.correlation_id)
    image = change_limits.change_customer_limits(call.caller.customer_id, wanted, may_raise=False, demand=demand)
    return _customer_view(read_limits.customer_standing(image, clock.now()))


@api.operation(
    "PATCH",
    "/v1/accounts/{account_id}/limits",
    zh="调整账户限额：调低立即生效，调高须确认身份",
    en="Change an account's limits: lower at once, raise with a step-up",
    auth=identity.checks_session,
    entitlement=entitlements.LIMITS_LOWER,
    body=AccountLimitsChange,
    answer=AccountLimitsView,
    refusals=_CHANGE_REFUSALS,
)
def change_account(call: Call, account_id: str) -> AccountLimitsView:
    """Change one account's limits; what was used in the day, month and year stays used."""
    body = call.json(AccountLimitsChange)
    wanted = _wanted(limit_single=body.single, limit_day=body.day, limit_month=body.month, limit_year=body.year)
    if body.count is not None:
        wanted["limit_count"] = body.count
    demand = change_limits.demand_of(call.caller, account_id, wanted, call.header("step-up"), call.correlation_id)
    image = change_limits.change_account_limits(
        call.caller.customer_id, account_id, wanted, may_raise=False, demand=demand
    )
    return _account_view(read_limits.account_standing(image, clock.business_date(clock.now())))
