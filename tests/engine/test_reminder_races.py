"""Runs of the reminders beside each other on a real engine, and a loss reported while its owner is being told."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.customers import service as customers
from chalicelib.factors import store
from chalicelib.factors.commands import remind
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.notifications import providers
from chalicelib.notifications import service as notifications
from chalicelib.platform import clock
from chalicelib.platform.queues import Message
from tests.chain.two_people import done
from tests.engine.conftest import TELLER, blank
from tests.engine.test_transfer_races import Customer, customer, together

pytestmark = [
    pytest.mark.usefixtures("ledger_engine"),
    pytest.mark.both_engines,
    pytest.mark.requirement("NB-5.3.4"),
]


def with_token() -> tuple[Customer, str, dt.datetime]:
    """Who holds one, its id, and when it ends."""
    owner, now = customer("赵小明", 0), clock.now()
    factor_id = issue_token(owner.caller.customer_id, serial=blank(), seed=bytes(32), teller_id=TELLER, now=now)
    row = store.get(owner.caller.customer_id, factor_id)
    assert row is not None
    assert row.valid_until is not None
    return owner, factor_id, clock.from_text(row.valid_until)


def told(owner: Customer, factor_id: str) -> list[str]:
    """The SMS with a reminder that the owner got; all customers here have one phone."""
    row = store.get(owner.caller.customer_id, factor_id)
    assert row is not None
    assert row.serial is not None
    messages = providers.LocalMessageItem.query(customers.profile_of(owner.caller.customer_id).phone)
    return [item.text for item in messages if f"尾号{row.serial[-4:]}）将于" in item.text]


def test_many_who_tell_the_same_at_once_tell_it_once() -> None:
    owner, factor_id, ends = with_token()
    soon = ends - dt.timedelta(days=3)

    def tell(i: int) -> str:
        if i % 3 == 0:
            remind.remind(soon, f"run-{i}")
            return "asked"
        # two machines, whose clocks differ
        now = soon + dt.timedelta(milliseconds=i)
        done = notifications.tell_factor_due(owner.caller.customer_id, factor_id, "opening", now)
        return "told" if done else "not wanted"

    assert together(tell, 12) == {"asked": 4, "told": 8}
    assert len(told(owner, factor_id)) == 1
    rows, _ = notifications.inbox_page(owner.caller.customer_id, 50, None)
    assert [row.kind for row in rows].count("factor") == 1
    assert [row.stage for row in store.due_reminders("token", "opening", ends + dt.timedelta(days=1), 1000)] == []


def test_a_loss_lifted_while_runs_go_on_leaves_a_row_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, factor_id, ends = with_token()
    soon, owner_id = ends - dt.timedelta(days=3), owner.caller.customer_id
    asked: set[str] = set()
    message = remind._message

    def noted(row: store.Reminder, correlation_id: str) -> Message:
        if row.factor_id == factor_id:
            asked.add(row.due)
        return message(row, correlation_id)

    monkeypatch.setattr(remind, "_message", noted)
    report_loss(owner_id, factor_id, clock.now())

    def work(i: int) -> str:
        if i == 2:
            done("factor.lift_loss", customer_id=owner_id, factor_id=factor_id)
            return "lifted"
        remind.remind(soon, f"run-{i}")
        return "asked"

    # given runs that may take the first row away before the lift, the second after it, or leave it
    assert together(work, 6) == {"asked": 5, "lifted": 1}
    # then the rows of both times were found, in the end, and more than one message tells once
    remind.remind(soon, "run-after")
    assert len(asked) == 2
    for _ in range(2):
        assert notifications.tell_factor_due(owner_id, factor_id, "opening", soon)
    assert len(told(owner, factor_id)) == 1
