"""A recall and its one state machine. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.platform.dynamo import Image, Rule, s
from chalicelib.platform.errors import NotFound
from chalicelib.recalls.errors import RecallNotOpen

ASKED, AGREED, REFUSED, WITHDRAWN = "asked", "agreed", "refused", "withdrawn"
RETURNED, EXPIRED = "returned", "expired"
STATES = (ASKED, AGREED, REFUSED, WITHDRAWN, RETURNED, EXPIRED)

AGREE, REFUSE, WITHDRAW, RETURN, EXPIRE = "agree", "refuse", "withdraw", "return", "expire"
# From which state each step leads where. What is not here is refused. `agree` again makes another return transfer
# after one that was not confirmed; `return` is the stream's, when the money is back; `expire` is time's, and written
# nowhere: a recall reads `expired` from its last moment on.
STEPS: Mapping[str, Mapping[str, str]] = {
    AGREE: {ASKED: AGREED, AGREED: AGREED},
    REFUSE: {ASKED: REFUSED},
    WITHDRAW: {ASKED: WITHDRAWN},
    RETURN: {ASKED: RETURNED, AGREED: RETURNED},
    EXPIRE: {ASKED: EXPIRED, AGREED: EXPIRED},
}

# Words to choose from, and no text of one's own: a recall reaches a stranger through the bank's own channel.
REASONS: Mapping[str, tuple[str, str]] = {
    "wrong_payee": ("收款人有误", "the payee was wrong"),
    "wrong_amount": ("金额有误", "the amount was wrong"),
    "paid_twice": ("重复转账", "it was paid twice"),
    "other": ("其他原因", "another reason"),
}
REFUSAL_REASONS: Mapping[str, tuple[str, str]] = {
    "owed": ("款项为应收款", "the money was owed"),
    "already_returned": ("已通过其他方式退回", "it was returned in another way"),
    "disputed": ("对该笔转账有争议", "the transfer is disputed"),
    "other": ("其他原因", "another reason"),
}

# After its last moment an instruction may still be posted by a request that began before: the gateway's 29 s.
LANDS_WITHIN = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall as stored; times as text (UTC). `attempts` counts the return transfers that were made for it."""

    recall_id: str
    transfer_id: str
    payer_customer: str
    payee_customer: str
    payer_account: str
    payee_account: str
    payer_name: str
    payee_name: str
    amount_fen: int
    currency: str
    transferred_at: str
    reason: str
    asked_at: str
    changed_at: str
    expires_at: str
    correlation_id: str
    state: str = ASKED
    attempts: int = 0
    refusal_reason: str | None = None
    return_id: str | None = None

    @classmethod
    def from_image(cls, image: Image) -> Recall:
        """The recall that a stored item holds."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})

    def state_at(self, now_text: str) -> str:
        """The state as a reader sees it: one that nobody ended in time reads `expired`."""
        is_over = self.state in STEPS[EXPIRE] and self.expires_at <= now_text
        return EXPIRED if is_over else self.state


def step_rule(step: str) -> Rule:
    """Only from a state that has this step."""
    states = tuple(STEPS[step])
    names = [f":from_{state}" for state in states]
    return Rule(
        f"#state IN ({', '.join(names)})",
        {name: s(state) for name, state in zip(names, states, strict=True)},
        lambda image: image.get("state") in states,
        lambda image: RecallNotOpen(state=str(image.get("state"))),
    )


def in_time_rule(now_text: str) -> Rule:
    """Answered or withdrawn before its last moment."""
    return Rule(
        "#expires_at > :now",
        {":now": s(now_text)},
        lambda image: bool(image.get("expires_at", "") > now_text),
        lambda _: RecallNotOpen(state=EXPIRED),
    )


def payer_rule(customer_id: str) -> Rule:
    """Who asked; for anybody else there is no such recall."""
    return Rule(
        "#payer_customer = :payer",
        {":payer": s(customer_id)},
        lambda image: bool(image.get("payer_customer") == customer_id),
        lambda _: NotFound(),
    )


def payee_rule(customer_id: str) -> Rule:
    """Who is asked; for anybody else there is no such recall."""
    return Rule(
        "#payee_customer = :payee",
        {":payee": s(customer_id)},
        lambda image: bool(image.get("payee_customer") == customer_id),
        lambda _: NotFound(),
    )
