"""When a receive code can be paid, and with how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.paycodes.domain import OPEN, SINGLE, STATIC, USED, WITHDRAWN, PayCode, open_rule, owner_rule
from chalicelib.paycodes.errors import (
    PayCodeAmountDiffers,
    PayCodeAmountMissing,
    PayCodeExpired,
    PayCodeIsOwn,
    PayCodeUsed,
    PayCodeWithdrawn,
)
from chalicelib.platform.errors import NotFound, Refusal

NOW, LATER = "2026-11-21T08:30:30.000Z", "2026-11-21T08:30:30.001Z"
CODE = PayCode("c" * 26, SINGLE, OPEN, "payee", "9000010000000000017", "钱红", NOW, None, LATER)


@pytest.mark.parametrize(
    ("code", "payer", "refusal"),
    [
        (CODE, "payer", None),
        (replace(CODE, valid_until=NOW), "payer", PayCodeExpired),
        (replace(CODE, kind=STATIC, valid_until=None), "payer", None),
        (replace(CODE, state=USED), "payer", PayCodeUsed),
        (replace(CODE, state=WITHDRAWN), "payer", PayCodeWithdrawn),
        # what ended it comes before its age, and whose it is before both
        (replace(CODE, state=USED, valid_until=NOW), "payer", PayCodeUsed),
        (replace(CODE, state=USED), "payee", PayCodeIsOwn),
    ],
)
def test_who_can_pay_by_it(code: PayCode, payer: str, refusal: type[Refusal] | None) -> None:
    if refusal is None:
        code.require_payable(payer, NOW)
    else:
        with pytest.raises(refusal):
            code.require_payable(payer, NOW)


@pytest.mark.parametrize(
    ("asked", "entered", "amount"),
    [
        (None, 1, 1),
        (100, 100, 100),
        (100, None, 100),
        (None, None, PayCodeAmountMissing),
        (100, 99, PayCodeAmountDiffers),
        (100, 0, PayCodeAmountDiffers),
    ],
)
def test_how_much_is_paid(asked: int | None, entered: int | None, amount: int | type[Refusal]) -> None:
    code = replace(CODE, amount_fen=asked)
    if isinstance(amount, int):
        assert code.amount_to_pay(entered) == amount
    else:
        with pytest.raises(amount):
            code.amount_to_pay(entered)


@pytest.mark.parametrize(("state", "refusal"), [(OPEN, None), (USED, PayCodeUsed), (WITHDRAWN, PayCodeWithdrawn)])
def test_the_write_asks_the_state(state: str, refusal: type[Refusal] | None) -> None:
    rule = open_rule()
    assert rule.holds({"state": state}) == (refusal is None)
    if refusal is not None and rule.refuse is not None:
        assert isinstance(rule.refuse({"state": state}), refusal)


def test_anothers_code_looks_unknown() -> None:
    rule = owner_rule("payee")
    assert rule.holds({"customer_id": "payee"})
    assert rule.refuse is not None
    assert isinstance(rule.refuse({"customer_id": "other"}), NotFound)


def test_it_is_read_as_it_was_stored() -> None:
    stored = {name: getattr(CODE, name) for name in CODE.__dataclass_fields__ if getattr(CODE, name) is not None}
    assert PayCode.from_image({**stored, "expires_at": 1}) == CODE
