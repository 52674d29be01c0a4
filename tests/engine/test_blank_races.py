"""Many hands at one blank on a real engine: one takes it, and the counters stay what the rows say."""

from __future__ import annotations

import pytest

from chalicelib.blanks import service as stock
from chalicelib.blanks import store
from chalicelib.blanks.commands.count import recount
from chalicelib.blanks.commands.move import move
from chalicelib.blanks.commands.receive import receive
from chalicelib.blanks.commands.spoil import spoil
from chalicelib.factors.commands.end_factor import revoke_factor
from chalicelib.factors.commands.issue_certificate import apply_for_certificate
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.staff import service as staff
from tests.engine.conftest import BRANCH, TELLER, blank
from tests.engine.test_transfer_races import customer, together

pytestmark = [
    pytest.mark.usefixtures("ledger_engine"),
    pytest.mark.both_engines,
    pytest.mark.requirement("NB-5.3.5"),
]

EAST = "0002"


def state(kind: str, serial: str) -> str:
    image = store.read(kind, serial)
    assert image is not None
    return str(image["state"])


def test_one_token_that_two_tellers_issue_at_once_is_one_customers() -> None:
    serial, owners = blank(), [customer("赵小明", 0).caller.customer_id for _ in range(8)]

    def issue(i: int) -> str:
        try:
            issue_token(owners[i], serial=serial, seed=bytes(32), teller_id=TELLER, now=clock.now())
        except Refusal as refusal:
            return refusal.code
        return "issued"

    assert together(issue, 8) == {"issued": 1, "blank_issued": 7}
    assert [step["action"] for step in stock.steps_of("token", serial)] == ["receive", "issue"]
    assert recount().findings == []


def test_a_blank_issued_moved_and_spoiled_at_once_goes_one_way() -> None:
    staff.register_branch(staff.Branch(EAST, "示范村镇银行城东支行", "示范县城东路2号", "0990-0000002"))
    owner = customer("钱红", 0).caller.customer_id
    for _ in range(4):
        serial = blank("usb_key")

        def work(i: int, serial: str = serial) -> str:
            now = clock.now()
            try:
                if i == 0:
                    apply_for_certificate(
                        owner, "usb_key", teller_id=TELLER, now=now, device_serial=serial, correlation_id="test"
                    )
                elif i == 1:
                    order = {"from_branch": BRANCH, "to_branch": EAST, "reference": serial}
                    move("usb_key", [serial], **order, staff_id=TELLER, now=now)
                else:
                    spoil("usb_key", [serial], reason="broken", staff_id=TELLER, now=now)
            except Refusal as refusal:
                return refusal.code
            return "done"

        outcomes = together(work, 3)
        # A blank that was moved may still be spoiled, by the head office, where it is then.
        actions = [step["action"] for step in stock.steps_of("usb_key", serial)]
        assert outcomes["done"] == len(actions) - 1
        assert actions[1:] in (["issue"], ["move"], ["spoil"], ["move", "spoil"])
        assert set(outcomes) <= {"done", "blank_issued", "blank_spoiled", "blank_not_in_stock", "try_again"}
        assert recount().findings == []


def test_one_delivery_taken_in_by_many_at_once_is_there_once() -> None:
    serial = blank()
    serials = [f"{serial}X{i}" for i in range(60)]

    def take_in(_: int) -> str:
        try:
            receive("token", serials, branch_id=BRANCH, reference=serial, staff_id=TELLER, now=clock.now())
        except Refusal as refusal:
            return refusal.code
        return "done"

    assert set(together(take_in, 4)) <= {"done", "try_again"}
    assert take_in(0) == "done"
    assert len(store.read_many("token", serials)) == 60
    assert recount().findings == []


def test_a_token_revoked_by_many_at_once_is_cancelled_once() -> None:
    owner, serial = customer("孙立", 0).caller.customer_id, blank()
    factor_id = issue_token(owner, serial=serial, seed=bytes(32), teller_id=TELLER, now=clock.now())

    def revoke(_: int) -> str:
        try:
            revoke_factor(owner, factor_id, teller_id=TELLER, now=clock.now())
        except Refusal as refusal:
            return refusal.code
        return "revoked"

    outcomes = together(revoke, 6)
    assert outcomes["revoked"] == 1
    assert set(outcomes) <= {"revoked", "factor_state_unfit", "blank_cancelled"}
    assert state("token", serial) == "cancelled"
    assert recount().findings == []
