"""The life of an instruction, as one table: conditions and writes of each step are made of it, and so is its picture
in docs/instruction-states.md. Pure; no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.platform.dynamo import Rule, s
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.errors import TransferNotAwaiting, TransferNotPending

# Not there yet: what a step makes it of.
NOTHING = ""
AWAITING, EXPIRED, POSTED = "awaiting", "expired", "posted"
# Confirmed, and the money set aside until it arrives; or given back: the payer revoked it, or it could not be executed.
PENDING, CANCELLED, RETURNED = "pending", "cancelled", "returned"
STATES = (AWAITING, EXPIRED, PENDING, POSTED, CANCELLED, RETURNED)
# Whatever a confirmation has led to.
CONFIRMED = (POSTED, PENDING, CANCELLED, RETURNED)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the life of an instruction: from just one state to another, or to the same.

    `refusal` is what it answers in any other state; None where nothing asks: the step makes the item, or reads it.
    """

    code: str
    before: str
    after: str
    zh: str
    en: str
    refusal: type[Refusal] | None = None

    def rule(self) -> Rule:
        """The state before, as a condition of the step's own write."""
        refusal = self.refusal
        if refusal is None:
            raise ValueError(f"{self.code} asks for no state")
        return Rule(
            f"#state = :{self.before}",
            {f":{self.before}": s(self.before)},
            lambda image: bool(image["state"] == self.before),
            lambda image: refusal(state=image["state"]),
        )


CREATE = Step("create", NOTHING, AWAITING, "发起", "create, quoted")
AT_ONCE = Step("at_once", NOTHING, POSTED, "立即执行（本人账户、预约转账）", "execute at once: own accounts, orders")
TRY = Step("try", AWAITING, AWAITING, "核验一次", "a try at the confirmation", TransferNotAwaiting)
SEND_AGAIN = Step("send_again", AWAITING, AWAITING, "重发验证码", "another code", TransferNotAwaiting)
CONFIRM = Step("confirm", AWAITING, POSTED, "确认，实时到账", "confirm, arrives at once", TransferNotAwaiting)
SET_ASIDE = Step("set_aside", AWAITING, PENDING, "确认，延时到账", "confirm, arrives later", TransferNotAwaiting)
EXPIRE = Step("expire", AWAITING, EXPIRED, "逾期（读取时）", "its time is over: read so, never written")
EXECUTE = Step("execute", PENDING, POSTED, "到时执行", "execute when due", TransferNotPending)
REVOKE = Step("revoke", PENDING, CANCELLED, "付款人撤销", "the payer revokes", TransferNotPending)
GIVE_BACK = Step("give_back", PENDING, RETURNED, "不能执行，退回", "cannot be executed", TransferNotPending)
STEPS: Mapping[str, Step] = {
    step.code: step
    for step in (CREATE, AT_ONCE, TRY, SEND_AGAIN, CONFIRM, SET_ASIDE, EXPIRE, EXECUTE, REVOKE, GIVE_BACK)
}


def leads_to(step: Step, state: str) -> str | None:
    """The state after the step in this state; None where the table has no such step."""
    return step.after if state == step.before else None
