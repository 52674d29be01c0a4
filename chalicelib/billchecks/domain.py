"""The check of a monthly bill and the ticket that a dispute opens. Pure; no I/O, no clock.

    waiting -> confirmed
    waiting -> disputed (ticket: open -> taken -> replied) -> resolved
    waiting -> unanswered -> confirmed or disputed, late

Nothing but the customer's own answer makes `confirmed`. A step is judged on the check as it was read, and written only
if nobody changed it since: of two at once one wins, and the other is judged anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chalicelib.billchecks.errors import (
    BillAccountClosed,
    BillBalanceDiffers,
    BillCheckAnswered,
    BillCheckOvertaken,
    BillLineUnknown,
    DisputeOfAnother,
    DisputeStepRefused,
)
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, Rule, n, s
from chalicelib.platform.money import decimal_text

WAITING, CONFIRMED, DISPUTED, RESOLVED, UNANSWERED = "waiting", "confirmed", "disputed", "resolved", "unanswered"
STATES = (WAITING, CONFIRMED, DISPUTED, RESOLVED, UNANSWERED)
# Of the ticket that a dispute is.
OPEN, TAKEN, REPLIED, CLOSED = "open", "taken", "replied", "closed"

# What a customer chooses from, beside words of their own.
REASONS: Mapping[str, tuple[str, str]] = {
    "not_mine": ("非本人交易", "a movement is not mine"),
    "missing": ("缺少交易", "a movement is missing"),
    "amount": ("金额不符", "an amount is wrong"),
    "balance": ("余额不符", "the balance is wrong"),
    "other": ("其他", "something else"),
}
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "bill_stands": ("经核实账单无误", "the bill was found to be right"),
    "corrected": ("经核实有误，已更正", "the bill was found to be wrong, and that was corrected"),
}
MAX_LINES = 20
_CLOSED_ACCOUNT = "closed"

# What can happen to a check: the kinds of its history.
ISSUED, TAKING, REPLYING, CLOSING = "issued", "taken", "replied", "closed"


@dataclass(frozen=True, slots=True)
class BillCheck:
    """The check of one account's month. Amounts in fen, times as text (UTC).

    `first_seq` and `last_seq` are the bill's lines, 0 where it has none. `late`: answered after `answer_by`.
    """

    check_id: str
    account_id: str
    month: str
    customer_id: str
    branch_id: str
    closing_fen: int
    first_seq: int
    last_seq: int
    issued_at: str
    answer_by: str
    changed_at: str
    state: str = WAITING
    revision: int = 1
    late: bool = False
    reason: str = ""
    text: str = ""
    lines: list[int] = field(default_factory=list)
    ticket: str = ""
    handler: str = ""
    reply: str = ""
    outcome: str = ""

    @classmethod
    def from_image(cls, image: Image) -> BillCheck:
        """The check that a stored item holds."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})

    def to_item(self) -> dict[str, Any]:
        """What is stored, with the lists that it is on."""
        lists = {"listed": f"{self.month}#{self.check_id}", "desk": self.desk}
        return {name: value for name, value in {**asdict(self), **lists}.items() if value is not None}

    @property
    def desk(self) -> str | None:
        """The list of staff that it is on, None where nothing is to be done."""
        return desk_of(self.branch_id, self.state) if self.state in (DISPUTED, UNANSWERED) else None

    def state_at(self, now_text: str) -> str:
        """The state as a reader sees it: unanswered from the last moment on, whenever that is noted."""
        return UNANSWERED if self.state == WAITING and self.answer_by <= now_text else self.state

    def _after(self, now_text: str, **changes: Any) -> BillCheck:
        return replace(self, revision=self.revision + 1, changed_at=now_text, **changes)

    def confirmed(self, closing: str, now_text: str) -> BillCheck:
        """Confirmed with the balance that the customer was shown (yuan); itself where it was before.

        Raises BillBalanceDiffers, BillCheckAnswered.
        """
        if closing != decimal_text(self.closing_fen):
            raise BillBalanceDiffers()
        if self.state == CONFIRMED:
            return self
        self._require_unanswered()
        return self._after(now_text, state=CONFIRMED, late=self.answer_by <= now_text)

    def disputed(self, reason: str, text: str, lines: list[int], now_text: str) -> BillCheck:
        """Disputed, which opens the ticket; itself where the same was said before.

        Raises BillLineUnknown, BillCheckAnswered.
        """
        lines = sorted(set(lines))
        for line in lines:
            if not (0 < self.first_seq <= line <= self.last_seq):
                raise BillLineUnknown(line=str(line))
        if self.state == DISPUTED and (self.reason, self.text, self.lines) == (reason, text, lines):
            return self
        self._require_unanswered()
        said = {"reason": reason, "text": text, "lines": lines}
        return self._after(now_text, state=DISPUTED, late=self.answer_by <= now_text, ticket=OPEN, **said)

    def _require_unanswered(self) -> None:
        if self.state not in (WAITING, UNANSWERED):
            raise BillCheckAnswered(state=self.state)

    def lapsed(self, now_text: str) -> BillCheck:
        """Unanswered, where nobody answered by the last moment; itself otherwise. Never confirmed by silence."""
        is_over = self.state_at(now_text) != self.state
        return self._after(now_text, state=UNANSWERED) if is_over else self

    def taken(self, staff_id: str, from_: str, now_text: str) -> BillCheck:
        """With a member of staff; from another only where that one is named. Itself where it is theirs.

        Raises DisputeStepRefused, DisputeOfAnother.
        """
        if self.ticket not in (OPEN, TAKEN, REPLIED):
            raise DisputeStepRefused(state=self.state)
        if self.handler == staff_id:
            return self
        if self.handler != from_:
            raise DisputeOfAnother()
        return self._after(now_text, ticket=self.ticket if self.reply else TAKEN, handler=staff_id)

    def replied(self, staff_id: str, reply: str, now_text: str) -> BillCheck:
        """With what the bank answers, which the customer reads; a later reply stands in place of an earlier one.

        Itself where it was answered so. Raises DisputeStepRefused, DisputeOfAnother.
        """
        self._require_handler(staff_id)
        if (self.ticket, self.reply) == (REPLIED, reply):
            return self
        return self._after(now_text, ticket=REPLIED, reply=reply)

    def closed(self, staff_id: str, outcome: str, now_text: str) -> BillCheck:
        """Resolved, once it was replied to; itself where it was closed so.

        Raises DisputeStepRefused, DisputeOfAnother.
        """
        if (self.ticket, self.handler, self.outcome) == (CLOSED, staff_id, outcome):
            return self
        self._require_handler(staff_id)
        if self.ticket != REPLIED:
            raise DisputeStepRefused(state=self.ticket)
        return self._after(now_text, state=RESOLVED, ticket=CLOSED, outcome=outcome)

    def _require_handler(self, staff_id: str) -> None:
        if self.ticket not in (TAKEN, REPLIED):
            raise DisputeStepRefused(state=self.ticket or self.state)
        if self.handler != staff_id:
            raise DisputeOfAnother()


@dataclass(frozen=True, slots=True)
class Event:
    """A row of a check's history, never changed: who did what when, and what they said. `by` is a customer's or staff
    number, empty where the bank did it by itself.
    """

    check_id: str
    revision: int
    kind: str
    state: str
    at: str
    by: str = ""
    session_id: str = ""
    text: str = ""


def desk_of(branch_id: str, state: str) -> str:
    """Under what a branch's checks in a state are listed for its staff."""
    return f"{branch_id}#{state}"


def last_moment(issued_at: dt.datetime, open_d: int) -> dt.datetime:
    """Until when a customer may answer in time: the midnight in Shanghai that ends the last of so many days after the
    day of issue.
    """
    return clock.start_of_day(clock.business_date(issued_at)) + dt.timedelta(days=open_d + 1)


def unchanged_rule(revision: int) -> Rule:
    """The check is as it was read."""
    return Rule(
        "#revision = :as_read",
        {":as_read": n(revision)},
        lambda image: bool(image.get("revision") == revision),
        lambda _: BillCheckOvertaken(),
    )


def account_rule() -> Rule:
    """The account is not closed."""
    return Rule(
        "#state <> :closed",
        {":closed": s(_CLOSED_ACCOUNT)},
        lambda image: bool(image.get("state") != _CLOSED_ACCOUNT),
        lambda _: BillAccountClosed(),
    )
