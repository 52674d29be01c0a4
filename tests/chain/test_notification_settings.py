"""How a customer is told: channels by group, from an amount on, quiet hours; and what takes the place of what fails."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.audit import service as audit
from chalicelib.notifications import store
from chalicelib.notifications.channels import GROUPS, Outgoing, ProviderRefused, Settings
from chalicelib.notifications.channels import USUAL as USUAL_CHANNELS
from chalicelib.notifications.providers import LocalProvider
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock
from chalicelib.platform.errors import Retryable
from chalicelib.platform.workers import PAUSES_S
from infra.environment import RESOURCES_FILE, read_template
from tests.chain.bank import START, Bank, Person, Reply
from tests.chain.probe import table_items
from tests.chain.test_workers import make_visible

pytestmark = pytest.mark.requirement("YQ-4.2.2-alert")
USUAL = {
    "movements": ["sms", "push"],
    "movements_from": "0.00",
    "payments": ["sms", "push"],
    "bills": ["sms", "push"],
    "factors": ["sms", "push"],
    "quiet_hours": None,
}


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", push_address="local:device-1")


def chosen(bank: Bank, person: Person, **settings: Any) -> Reply:
    token, wanted = bank.log_in(person), {**USUAL, **settings}
    reply = bank.request("PUT", "/v1/notification-settings", wanted, token=token)
    if reply.status == 403:
        step_up = bank.step_up(token, person, reply)
        reply = bank.request("PUT", "/v1/notification-settings", wanted, token=token, headers=step_up)
    assert reply.status == 200, reply
    bank.settle()
    return reply


def told(bank: Bank, person: Person, amount_fen: int) -> tuple[int, int, int]:
    """Deposit, and by how many messages of SMS, push and inbox it was told."""
    text = f"人民币{amount_fen // 100:,}.00元"
    bank.deposit(person.account, amount_fen)
    bank.settle()
    rows = [row for row in table_items(bank, "InboxTable") if row["customer_id"] == person.customer_id]
    sent = [sum(text in one for one in bank.messages(person, channel)) for channel in ("sms", "push")]
    return sent[0], sent[1], sum(text in row["text"] for row in rows)


def test_until_something_is_chosen_it_is_as_usual(bank: Bank, customer: Person) -> None:
    shown = bank.request("GET", "/v1/notification-settings", token=bank.log_in(customer))
    assert (shown.status, shown.body) == (200, {"settings": USUAL, "email": None, "wechat": False})
    assert told(bank, customer, 10_00) == (1, 1, 1)


def test_each_movement_is_told_by_what_was_chosen_and_the_inbox_has_all(bank: Bank, customer: Person) -> None:
    wanted = {"movements": ["push"], "movements_from": "100.00"}
    assert chosen(bank, customer, **wanted).body["settings"] == {**USUAL, **wanted}
    assert told(bank, customer, 99_00) == (0, 0, 1)
    assert told(bank, customer, 100_00) == (0, 1, 1)
    chosen(bank, customer, movements=[])
    assert told(bank, customer, 200_00) == (0, 0, 1)
    shown = bank.request("GET", "/v1/notification-settings", token=bank.log_in(customer))
    assert shown.body["settings"] == {**USUAL, "movements": []}


def test_in_quiet_hours_the_inbox_alone_has_it_and_security_is_told(bank: Bank, customer: Person) -> None:
    chosen(bank, customer, quiet_hours={"since": "22:00", "until": "07:00"})
    day = clock.start_of_day(clock.day_after(clock.business_date(bank.clock.now())))
    bank.clock.set(day + dt.timedelta(hours=22))
    assert told(bank, customer, 10_00) == (0, 0, 1)
    before = len(bank.messages(customer))
    chosen(bank, customer, quiet_hours=None)
    assert "消息通知设置已修改" in bank.messages(customer)[before:][-1]
    assert told(bank, customer, 20_00) == (1, 1, 1)


def test_a_change_is_logged_and_told_and_no_change_is_not(bank: Bank, customer: Person) -> None:
    def logged() -> int:
        rows = table_items(bank, "SecurityEventsTable")
        return sum(row["kind"] == audit.NOTIFICATIONS_CHANGED.code for row in rows)

    chosen(bank, customer)
    assert logged() == 0
    chosen(bank, customer, movements=[], payments=[], bills=[], factors=[])
    chosen(bank, customer, movements=[], payments=[], bills=[], factors=[])
    assert logged() == 1
    assert sum("消息通知设置已修改" in text for text in bank.messages(customer)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"movements": ["sms", "sms"]},
        {"movements": ["pigeon"]},
        {"movements": None},
        {"movements_from": "-1.00"},
        {"movements_from": 1},
        {"movements_from": "1.005"},
        {"quiet_hours": {"since": "22:00", "until": "22:00"}},
        {"quiet_hours": {"since": "24:00", "until": "07:00"}},
        {"quiet_hours": {"since": "7:00", "until": "08:00"}},
        {"quiet_hours": {"since": "22:00"}},
        {"security": []},
    ],
)
def test_what_makes_no_sense_changes_nothing(bank: Bank, customer: Person, wrong: dict[str, Any]) -> None:
    before = table_items(bank, "InboxHeadsTable")
    token = bank.log_in(customer)
    refused = bank.request("PUT", "/v1/notification-settings", {**USUAL, **wrong}, token=token)
    assert refused.status in (400, 422)
    assert table_items(bank, "InboxHeadsTable") == before


def failing(monkeypatch: pytest.MonkeyPatch, channel: str, error: Exception) -> None:
    """That channel fails so, until further notice."""
    sends = LocalProvider.send

    def send(provider: LocalProvider, message: Outgoing) -> None:
        if message.channel == channel:
            raise error
        sends(provider, message)

    monkeypatch.setattr(LocalProvider, "send", send)


def test_a_channel_that_refuses_for_good_gives_way_at_once(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(bank, customer, movements=["push"])
    failing(monkeypatch, "push", ProviderRefused("no such device"))
    assert told(bank, customer, 10_00) == (1, 0, 1)
    assert bank.waiting("AlertsQueue") == 0


def test_a_channel_that_fails_for_now_is_tried_again_and_then_gives_way(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(bank, customer, movements=["push"])
    with monkeypatch.context() as out:
        failing(out, "push", Retryable("no push for now"))
        assert told(bank, customer, 10_00) == (0, 0, 1)
        # at its second delivery it waits, at its third another channel takes its place
        for sms in (0, 1):
            make_visible(bank, "AlertsQueue")
            bank.settle()
            assert sum("10.00元" in text for text in bank.messages(customer)) == sms
    assert bank.waiting("AlertsQueue") == 0
    (row,) = [row for row in table_items(bank, "InboxTable") if "10.00元" in row["text"]]
    assert (row["push"], row["sms"]) == ("failed", "sent")


def test_where_all_fail_it_ends_in_the_dead_letters_and_once_put_back_is_told(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(bank, customer, movements=["push"])
    with monkeypatch.context() as out:
        out.setattr(LocalProvider, "send", lambda *_: (_ for _ in ()).throw(Retryable("nothing for now")))
        bank.deposit(customer.account, 10_00)
        for _ in range(len(PAUSES_S) + 1):
            bank.settle()
            make_visible(bank, "AlertsQueue")
    assert (bank.waiting("AlertsQueue"), bank.waiting("AlertsDeadLetterQueue")) == (0, 1)
    (row,) = [row for row in table_items(bank, "InboxTable") if "10.00元" in row["text"]]
    assert not {"sms", "push"} & row.keys()


@pytest.mark.parametrize("queue", ["AlertsQueue", "SecurityAlertsQueue", "FactorRemindersQueue"])
def test_the_pauses_are_as_many_as_the_deliveries(queue: str) -> None:
    redrive = read_template(RESOURCES_FILE)["Resources"][queue]["Properties"]["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == len(PAUSES_S)


def test_it_comes_again_later_and_later(bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[int] = []
    real = aws.sqs().change_message_visibility

    def change(**request: Any) -> Any:
        pauses.append(request["VisibilityTimeout"])
        return real(**request)

    monkeypatch.setattr(aws.sqs(), "change_message_visibility", change)
    failing(monkeypatch, "sms", Retryable("no SMS for now"))
    bank.deposit(customer.account, 10_00)
    for _ in PAUSES_S:
        bank.settle()
        make_visible(bank, "AlertsQueue")
    assert pauses == [60, 180, 540, 1620, 0]


def test_a_channel_gives_way_only_to_one_that_told(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given push that fails for now, and no SMS left of the day
    chosen(bank, customer, movements=["push"])
    parameters.set_value("sms.alerts_day", 1)
    store.count_sms(customer.customer_id, clock.business_date(bank.clock.now()), None, 2_000_000_000)
    with monkeypatch.context() as out:
        failing(out, "push", Retryable("no push for now"))
        bank.deposit(customer.account, 10_00)
        for _ in range(3):
            bank.settle()
            make_visible(bank, "AlertsQueue")
    assert bank.waiting("AlertsQueue") == 1
    # then push has it once it is back
    bank.settle()
    assert sum("10.00元" in text for text in bank.messages(customer, "push")) == 1
    assert bank.waiting("AlertsQueue") == bank.waiting("AlertsDeadLetterQueue") == 0


def test_what_is_quiet_is_judged_once_when_it_arrives(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(bank, customer, quiet_hours={"since": "22:00", "until": "07:00"})
    day = clock.start_of_day(clock.day_after(clock.business_date(bank.clock.now())))
    bank.clock.set(day + dt.timedelta(hours=21, minutes=59, seconds=59))
    with monkeypatch.context() as out:
        failing(out, "sms", Retryable("no SMS for now"))
        bank.deposit(customer.account, 10_00)
        bank.settle()
    # when it comes again within quiet hours, and its owner has chosen something else since
    bank.clock.set(day + dt.timedelta(hours=22, minutes=1))
    make_visible(bank, "AlertsQueue")
    bank.settle()
    assert sum("10.00元" in text for text in bank.messages(customer)) == 1


def test_the_reminder_that_the_bank_owes_is_no_choice() -> None:
    none = Settings(dict.fromkeys(GROUPS, ()), 10**9, ("00:00", "23:59"))
    assert none.channels_for("reminder", START) == none.channels_for("security", START) == USUAL_CHANNELS


def test_to_be_told_of_less_takes_a_step_up_and_of_more_does_not(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)

    def asked(**settings: Any) -> Reply:
        return bank.request("PUT", "/v1/notification-settings", {**USUAL, **settings}, token=token)

    for less in (
        {"movements": ["sms"]},
        {"movements_from": "0.01"},
        {"quiet_hours": {"since": "22:00", "until": "07:00"}},
    ):
        assert asked(**less).code == "step_up_required"
    step_up = bank.step_up(token, customer, asked(bills=[]))
    body = {**USUAL, "bills": []}
    assert bank.request("PUT", "/v1/notification-settings", body, token=token, headers=step_up).status == 200
    assert asked().status == 200
