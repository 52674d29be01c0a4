"""States of a blank, what a step counts, conditions, and ranges of serial numbers. Pure; no I/O, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.blanks.errors import (
    BlankCancelled,
    BlankIssued,
    BlankMalformed,
    BlankNotInStock,
    BlankSpoiled,
    BlankUsed,
)
from chalicelib.platform.dynamo import Image, Rule, n, s
from chalicelib.platform.errors import Refusal

TOKEN, USB_KEY = "token", "usb_key"
KINDS = (TOKEN, USB_KEY)

# With a customer; cancelled when its factor ended for good. A blank that nobody may use again is spoiled.
NONE, IN_STOCK, ISSUED, CANCELLED, SPOILED = "none", "in_stock", "issued", "cancelled", "spoiled"
STATES = (IN_STOCK, ISSUED, CANCELLED, SPOILED)

# A branch's counters: what came and went, and how many are in each state there.
RECEIVED, MOVED_IN, MOVED_OUT = "received", "moved_in", "moved_out"
COUNTERS = (RECEIVED, MOVED_IN, MOVED_OUT, *STATES)

MAX_SERIAL = 32
# A delivery; each blank of it is two items of a transaction, which takes a hundred.
MAX_BATCH = 1_000
AT_ONCE = 40
MAX_REASON = 200

_SERIAL = re.compile(rf"[A-Z0-9]{{1,{MAX_SERIAL}}}")
_NUMBERED = re.compile(r"([A-Z0-9]*?)([0-9]+)")
_REFERENCE = re.compile(r"[A-Za-z0-9._/-]{1,64}")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a blank's history, as it stays for ever. `staff_id` is who did it, at `branch_id` after the step.

    `note` is the delivery or transfer order, or the reason.
    """

    action: str
    from_state: str
    to_state: str
    from_branch: str
    branch_id: str
    staff_id: str
    note: str = ""
    customer_id: str | None = None
    factor_id: str | None = None


RECEIVE, MOVE, ISSUE, CANCEL, SPOIL, RETURN = "receive", "move", "issue", "cancel", "spoil", "return"
# A device that was issued before there was a stock ledger enters it as issued.
ADOPT = "adopt"


def blank_id(kind: str, serial: str) -> str:
    """The key of a blank: makers of tokens and of USB keys number apart."""
    return f"{kind}#{serial}"


def deltas(step: Step) -> dict[str, dict[str, int]]:
    """What a step adds to the counters of which branch."""
    if step.action in (RECEIVE, ADOPT):
        return {step.branch_id: {RECEIVED: 1, step.to_state: 1}}
    if step.action == MOVE:
        return {step.from_branch: {IN_STOCK: -1, MOVED_OUT: 1}, step.branch_id: {IN_STOCK: 1, MOVED_IN: 1}}
    return {step.branch_id: {step.from_state: -1, step.to_state: 1}}


def is_balanced(counts: Mapping[str, int]) -> bool:
    """What came to a branch and did not leave it is there, in some state."""
    return counts[RECEIVED] + counts[MOVED_IN] - counts[MOVED_OUT] == sum(counts[state] for state in STATES)


# ---- what is asked for ------------------------------------------------------------------------------------------


def serials_between(first: str, last: str) -> list[str]:
    """All serial numbers from `first` to `last`: the same letters, then digits of the same length.

    Raises BlankMalformed, also for more than MAX_BATCH.
    """
    low, high = _NUMBERED.fullmatch(first), _NUMBERED.fullmatch(last)
    if low is None or high is None or low[1] != high[1] or len(low[2]) != len(high[2]) or len(first) > MAX_SERIAL:
        raise BlankMalformed(reason="起止序列号不成一段 / first and last serial number make no range")
    start, end = int(low[2]), int(high[2])
    if not start <= end < start + MAX_BATCH:
        raise BlankMalformed(reason=f"起止颠倒或超过 {MAX_BATCH} 个 / in the wrong order, or over {MAX_BATCH}")
    return [f"{low[1]}{number:0{len(low[2])}d}" for number in range(start, end + 1)]


def check_batch(kind: str, serials: Sequence[str], most: int = MAX_BATCH) -> None:
    """Raise BlankMalformed unless these are serial numbers of one kind, each once, and not too many."""
    if kind not in KINDS:
        raise BlankMalformed(reason="种类须为 token 或 usb_key / the kind is token or usb_key")
    if not 1 <= len(serials) <= most:
        raise BlankMalformed(reason=f"一次须为 1 至 {most} 个 / one takes 1 to {most} at once")
    if any(_SERIAL.fullmatch(serial) is None for serial in serials):
        raise BlankMalformed(reason="序列号须为大写字母和数字 / serial numbers are capital letters and digits")
    if len(set(serials)) != len(serials):
        raise BlankMalformed(reason="序列号重复 / a serial number is named twice")


def check_reference(reference: str) -> None:
    """Raise BlankMalformed unless this can be the number of a delivery or transfer order."""
    if _REFERENCE.fullmatch(reference) is None:
        raise BlankMalformed(reason="单号格式不符 / the order's number is not one")


def check_reason(reason: str) -> None:
    """Raise BlankMalformed unless a reason is given."""
    if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
        raise BlankMalformed(reason=f"须写明原因，最多 {MAX_REASON} 字 / a reason is needed, of at most {MAX_REASON}")


# ---- conditions -------------------------------------------------------------------------------------------------

_NOT_FREE: Mapping[str, type[Refusal]] = {
    ISSUED: BlankIssued,
    CANCELLED: BlankCancelled,
    SPOILED: BlankSpoiled,
}


def stock_rule(branch_id: str) -> Rule:
    """The blank is in that branch's stock."""
    return Rule(
        "#state = :in_stock AND #branch_id = :branch_id",
        {":in_stock": s(IN_STOCK), ":branch_id": s(branch_id)},
        lambda image: (image["state"], image["branch_id"]) == (IN_STOCK, branch_id),
        lambda image: _NOT_FREE.get(image["state"], BlankNotInStock)(serial=image["serial"]),
    )


def held_rule(customer_id: str) -> Rule:
    """The blank is that customer's."""
    return Rule(
        "#state = :issued AND #customer_id = :customer_id",
        {":issued": s(ISSUED), ":customer_id": s(customer_id)},
        lambda image: (image["state"], image.get("customer_id")) == (ISSUED, customer_id),
        lambda image: _NOT_FREE.get(image["state"], BlankNotInStock)(serial=image["serial"]),
    )


def spoilable_rule() -> Rule:
    """What is with a customer cannot be spoiled, nor what is spoiled."""
    return Rule(
        "#state IN (:in_stock, :cancelled)",
        {":in_stock": s(IN_STOCK), ":cancelled": s(CANCELLED)},
        lambda image: image["state"] in (IN_STOCK, CANCELLED),
        lambda image: _NOT_FREE[image["state"]](serial=image["serial"]),
    )


def unused_rule() -> Rule:
    """The blank was taken back from a customer who never put it to use."""
    return Rule(
        "#state = :cancelled AND #unused = :true",
        {":cancelled": s(CANCELLED), ":true": {"BOOL": True}},
        lambda image: image["state"] == CANCELLED and image.get("unused") is True,
        lambda image: BlankUsed(serial=image["serial"]),
    )


def steps_rule(steps: int) -> Rule:
    """No step came between: the next line of the history has the next number."""
    return Rule("#steps = :known_steps", {":known_steps": n(steps)}, lambda image: bool(image["steps"] == steps), None)


# ---- recounting -------------------------------------------------------------------------------------------------


def first_break(image: Image, steps: Iterable[Image]) -> str | None:
    """What is wrong between a blank and its history, in order of its steps; None when they agree."""
    state, branch, count = NONE, "", 0
    for step in steps:
        count += 1
        if step["step"] != step_key(count) or step["from_state"] != state:
            return f"step {count} does not follow the one before"
        if count > 1 and step["from_branch"] != branch:
            return f"step {count} begins at another branch"
        state, branch = step["to_state"], step["branch_id"]
    if count != image["steps"]:
        return f"{count} steps, and it says {image['steps']}"
    if (state, branch) != (image["state"], image["branch_id"]):
        return "its state is not where its steps lead"
    return None


def step_key(number: int) -> str:
    """The key of a step, in order as text."""
    return f"{number:06d}"
