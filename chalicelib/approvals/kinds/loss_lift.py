"""A loss report is lifted: of an account, or of a factor (NB-5.3.6)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import StringConstraints

from chalicelib.approvals.domain import Kind, Proposal
from chalicelib.approvals.kinds.limits_change import CustomerId
from chalicelib.approvals.kinds.planned import proposal_of, with_voucher
from chalicelib.counter.commands.serve_customer import plan_state
from chalicelib.counter.service import FACTOR_FOUND
from chalicelib.customers import service as customers
from chalicelib.factors.commands.lift_loss import plan_lift
from chalicelib.factors.errors import FactorStateUnfit
from chalicelib.ledger import service as ledger
from chalicelib.platform import fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.masking import mask_account
from chalicelib.staff import service as staff

_LOST = "lost"


class AccountLossLift(Body):
    """Which account."""

    account_id: fields.AccountId


class FactorLossLift(Body):
    """Whose factor, and which."""

    customer_id: CustomerId
    factor_id: Annotated[str, StringConstraints(min_length=1, max_length=40)]


def _of_account(payload: AccountLossLift, _: dt.datetime) -> Proposal:
    account = ledger.read_accounts([payload.account_id]).get(payload.account_id)
    if account is None:
        raise NotFound()
    known = {"account": mask_account(payload.account_id)}
    state = str(account.image["state"])
    return Proposal(
        branch_id=str(account.image["branch_id"]),
        before={**known, "state": state},
        # Only a loss is lifted so: a freeze stays, and what is open already needs nothing.
        after={**known, "state": ledger.OPEN if state == _LOST else state},
        writes=lambda by: proposal_of(plan_state(payload.account_id, _LOST)).writes(by),
    )


def _of_factor(payload: FactorLossLift, now: dt.datetime) -> Proposal:
    profile = customers.find_profile(payload.customer_id)
    if profile is None:
        raise NotFound()
    plan = plan_lift(payload.customer_id, payload.factor_id, now)
    known = {"customer": payload.customer_id, "factor": plan.row.method}
    after = {**known, "state": plan.after}
    return Proposal(
        branch_id=profile.branch_id,
        before={**known, "state": plan.row.state},
        after=after,
        writes=with_voucher(
            profile.branch_id, FACTOR_FOUND, after, payload.customer_id, lambda by: plan.writes(by.now)
        ),
    )


_STATE = {"state": ("状态", "state")}

ACCOUNT_LOSS_LIFT = Kind(
    code="account.lift_loss",
    zh="解除账户挂失",
    en="lifting the loss of an account",
    payload=AccountLossLift,
    words={"account": ("账户", "account"), **_STATE},
    makes=staff.COUNTER_FREEZE,
    checks=staff.COUNTER_APPROVE,
    propose=_of_account,
    refusals=(NotFound,),
)
FACTOR_LOSS_LIFT = Kind(
    code="factor.lift_loss",
    zh="解除认证工具挂失",
    en="lifting the loss of a factor",
    payload=FactorLossLift,
    words={"customer": ("客户", "customer"), "factor": ("认证工具", "factor"), **_STATE},
    makes=staff.COUNTER_CREDENTIALS,
    checks=staff.COUNTER_APPROVE,
    propose=_of_factor,
    refusals=(NotFound, FactorStateUnfit),
    at_counter=True,
)
