"""A customer's locked log-in is let go before its time, on bound devices too (XJ-4.2-pw)."""

from __future__ import annotations

import datetime as dt

from chalicelib.approvals.domain import Kind, Proposal
from chalicelib.approvals.kinds.limits_change import CustomerId
from chalicelib.approvals.kinds.planned import with_voucher
from chalicelib.counter.service import LOGIN_UNLOCKED
from chalicelib.identity.commands.unlock import plan_unlock
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Body
from chalicelib.staff import service as staff

_NO_LOCK = "-"


class LoginUnlock(Body):
    """Whose log-in."""

    customer_id: CustomerId


def _propose(payload: LoginUnlock, now: dt.datetime) -> Proposal:
    plan = plan_unlock(payload.customer_id, now)
    # One lock a way to log in; which ways there are does not matter to who looks.
    untils = sorted(clock.to_local_text(clock.from_epoch(until)) for until in plan.locked.values())
    known = {"customer": payload.customer_id}
    return Proposal(
        branch_id=plan.branch_id,
        before={**known, "locked_until": ", ".join(untils) or _NO_LOCK},
        after={**known, "locked_until": _NO_LOCK},
        writes=with_voucher(
            plan.branch_id,
            LOGIN_UNLOCKED,
            known,
            payload.customer_id,
            lambda by: plan.writes(by.now, by=by.checker),
        ),
    )


LOGIN_UNLOCK = Kind(
    code="login.unlock",
    zh="解除登录锁定",
    en="unlocking a log-in",
    payload=LoginUnlock,
    words={"customer": ("客户", "customer"), "locked_until": ("锁定至（上海）", "locked until (Shanghai)")},
    makes=staff.COUNTER_CREDENTIALS,
    checks=staff.COUNTER_APPROVE,
    propose=_propose,
    refusals=(NotFound,),
    at_counter=True,
)
