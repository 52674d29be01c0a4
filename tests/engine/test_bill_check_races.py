"""Races over the check of a bill on a real engine: one answer wins, one member of staff has the dispute."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.billchecks import service, store
from chalicelib.billchecks.commands.answer_bill import confirm, dispute
from chalicelib.billchecks.commands.follow_up import follow_up
from chalicelib.billchecks.commands.handle_dispute import close, reply, take
from chalicelib.billchecks.commands.open_check import open_check
from chalicelib.billchecks.domain import BillCheck, desk_of
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import Refusal
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import acting_as
from tests.engine.conftest import BRANCH
from tests.engine.test_staff_races import clerk
from tests.engine.test_transfer_races import Customer, customer, together

pytestmark = [
    pytest.mark.usefixtures("ledger_engine"),
    pytest.mark.both_engines,
    pytest.mark.requirement("XJ-5.3-recon"),
]

MONTH = "2026-11"
SAID: tuple[str, str, list[int]] = ("balance", "余额不符", [])


def with_bill() -> tuple[Customer, str]:
    """A customer whose bill waits for an answer, and its check's id."""
    owner, now = customer("赵小明", 0), clock.now()
    account = ledger.read_accounts([owner.account])[owner.account]
    opened = together(lambda _: str(open_check(account, MONTH, 0, (0, 0), now)), 8)
    assert opened == Counter({"False": 7, "True": 1})
    return owner, store.id_of(owner.account, MONTH)


def member() -> StaffCaller:
    found = staff.member_of(clerk().staff_id)
    assert found is not None
    return acting_as(found, "test-session", "test")


def told(act: Callable[[], BillCheck]) -> str:
    try:
        return act().state
    except Refusal as refusal:
        return refusal.code


def kinds_of(check_id: str) -> list[str]:
    return [event.kind for event in service.history(check_id)]


def test_of_a_confirmation_and_a_dispute_at_once_one_wins() -> None:
    won = Counter[str]()
    for _ in range(5):
        owner, check_id = with_bill()

        def answer(index: int, owner: Customer = owner) -> str:
            if index % 2:
                return told(lambda: confirm(owner.caller, owner.account, MONTH, "0.00", clock.now()))
            return told(lambda: dispute(owner.caller, owner.account, MONTH, SAID, clock.now()))

        done = together(answer, 16)
        check = service.read(check_id)
        assert check is not None
        # half of them said what stands, which is the same however often it is sent; the others were refused
        assert done == Counter({check.state: 8, "bill_check_answered": 8})
        assert kinds_of(check_id) == ["issued", check.state]
        assert (check.ticket == "open") == (check.state == "disputed")
        won[check.state] += 1
    assert won.total() == 5


def test_a_dispute_that_many_take_is_with_one_and_closed_once() -> None:
    owner, check_id = with_bill()
    dispute(owner.caller, owner.account, MONTH, SAID, clock.now())
    clerks = [member() for _ in range(4)]
    taken = together(lambda index: told(lambda: take(clerks[index % 4], check_id, "", clock.now())), 16)
    assert taken == Counter({"disputed": 4, "dispute_of_another": 12})
    check = service.read(check_id)
    assert check is not None
    (handler,) = [one for one in clerks if one.staff_id == check.handler]
    reply(handler, check_id, "经核实无误", clock.now())
    page, _ = store.page(store.OF_DESK, desk_of(BRANCH, "disputed"), 100, None, newest_first=False)
    assert check_id in {one.check_id for one in page}
    outcomes = ("bill_stands", "corrected")
    done = together(lambda index: told(lambda: close(handler, check_id, outcomes[index % 2], clock.now())), 16)
    assert done == Counter({"resolved": 8, "dispute_step_refused": 8})
    assert kinds_of(check_id) == ["issued", "disputed", "taken", "replied", "closed"]


def test_an_answer_beside_the_run_that_notes_silence_is_kept() -> None:
    owner, check_id = with_bill()
    check = service.read(check_id)
    assert check is not None
    over = clock.from_text(check.answer_by) + dt.timedelta(seconds=1)

    def act(index: int) -> str:
        if index % 2:
            return told(lambda: confirm(owner.caller, owner.account, MONTH, "0.00", over))
        follow_up(over, f"run-{index}")
        return "followed up"

    assert together(act, 8) == Counter({"confirmed": 4, "followed up": 4})
    check = service.read(check_id)
    assert check is not None
    assert (check.state, check.late) == ("confirmed", True)
    assert kinds_of(check_id) in (["issued", "confirmed"], ["issued", "unanswered", "confirmed"])
    assert service.page_of(owner.caller, 10, None) == ([check], None)
