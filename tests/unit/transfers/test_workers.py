"""The relay tells each thing once a change, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.platform import queues
from chalicelib.platform.dynamo import Image
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Change
from chalicelib.transfers import service
from chalicelib.transfers.workers import _relay
from tests.event_schemas import check
from tests.unit.samples import CUSTOMER, ENTRY, instruction_image

AWAITING, POSTED = instruction_image(), instruction_image(state="posted")
CODE_1 = ("codes", f"{ENTRY}#code#1")
CODE_2 = ("codes", f"{ENTRY}#code#2")
PENDING, RETURNED = instruction_image(state="pending"), instruction_image(state="returned")
BACK = ("alerts", f"{ENTRY}#returned")
HIGH = {"high": True, "business_date": "20261121"}
REMINDER = ("alerts", f"{CUSTOMER}#day_sum#20261121")
DONE = ("receipts", f"{ENTRY}#posted")
OLD_REVERSAL = {**POSTED, "kind": "reversal"}
REVERSAL = {**OLD_REVERSAL, "reverses_kind": "transfer"}
BACK_AGAIN = ("receipts", f"{ENTRY}#reversed")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(None, AWAITING, [CODE_1], id="created"),
        pytest.param(AWAITING, {**AWAITING, "tries": 2}, [], id="a try"),
        pytest.param(AWAITING, {**AWAITING, "attempt": 2}, [CODE_2], id="another code"),
        pytest.param(AWAITING, POSTED, [DONE], id="posted"),
        pytest.param(None, POSTED, [DONE], id="posted in one shot"),
        pytest.param(AWAITING, PENDING, [], id="set aside"),
        pytest.param(AWAITING, {**PENDING, **HIGH}, [REMINDER], id="set aside, more than the mark"),
        pytest.param({**PENDING, **HIGH}, {**POSTED, **HIGH}, [DONE], id="arrived, told before"),
        pytest.param(None, {**POSTED, **HIGH}, [REMINDER, DONE], id="posted, more than the mark"),
        pytest.param(None, {**POSTED, **HIGH, "outward": False}, [DONE], id="between own accounts"),
        pytest.param(PENDING, POSTED, [DONE], id="arrived"),
        pytest.param(PENDING, RETURNED, [BACK], id="returned"),
        pytest.param(PENDING, {**PENDING, "state": "cancelled"}, [], id="revoked"),
        pytest.param(RETURNED, {**RETURNED, "note": "x"}, [], id="returned before"),
        pytest.param(POSTED, {**POSTED, "note": "x"}, [], id="posted before"),
        pytest.param(None, {**AWAITING, "factor": "certificate"}, [], id="another factor"),
        pytest.param(None, {**POSTED, "kind": "cash_deposit"}, [], id="no transfer"),
        pytest.param(None, REVERSAL, [BACK_AGAIN], id="a reversal of a transfer"),
        pytest.param(None, {**REVERSAL, "reverses_kind": "cash_deposit"}, [], id="a reversal of cash"),
        pytest.param(None, OLD_REVERSAL, [], id="a reversal that does not say of what"),
        pytest.param(REVERSAL, {**REVERSAL, "note": "x"}, [], id="reversed before"),
        pytest.param(POSTED, None, [], id="removed"),
    ],
)
def test_what_a_change_means_to_others(
    monkeypatch: pytest.MonkeyPatch, old: Image | None, new: Image | None, told: list[tuple[str, str]]
) -> None:
    sent: list[tuple[str, Message]] = []
    monkeypatch.setattr(service, "is_day_sum_high", lambda image, now: bool(image.get("high")))
    monkeypatch.setattr(queues, "send", lambda queue, messages: sent.extend((queue, m) for m in messages))
    # given a change, when the relay sees it, and sees it again
    for _ in range(2):
        _relay(Change("1", old, new))
    # then it tells the same both times, in the shape of its schema
    found: list[tuple[str, Any]] = [(queue, check(message.to_json())["event_id"]) for queue, message in sent]
    assert found == told * 2
