"""SMS are counted and capped: by customer and by bank, and never those that must get through (YQ-4.2.2-alert)."""

from __future__ import annotations

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.notifications import store
from chalicelib.notifications.providers import FAILS, LocalProvider
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, metrics
from tests.chain.bank import Bank, Person
from tests.chain.probe import table_items
from tests.chain.test_workers import make_visible

pytestmark = pytest.mark.requirement("YQ-4.2.2-alert")


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", push_address="local:device-1")


def deposited(bank: Bank, person: Person, times: int) -> None:
    for _ in range(times):
        bank.deposit(person.account, 10_00)
    bank.settle()


def alerts(bank: Bank, person: Person, channel: str = "sms") -> int:
    return sum("人民币10.00元" in text for text in bank.messages(person, channel))


def sent(bank: Bank, whose: str) -> int:
    return store.sms_counted(whose, clock.business_date(bank.clock.now()))


def test_beyond_the_days_cap_alerts_go_by_inbox_and_push_alone(
    bank: Bank, customer: Person, counted: list[str]
) -> None:
    parameters.set_value("sms.alerts_day", 2)
    other = bank.sign_up("钱红")
    deposited(bank, customer, 4)
    deposited(bank, other, 1)
    assert (alerts(bank, customer), alerts(bank, customer, "push"), alerts(bank, other)) == (2, 4, 1)
    rows = [row for row in table_items(bank, "InboxTable") if row["customer_id"] == customer.customer_id]
    assert sorted(row["sms"] for row in rows) == ["capped", "capped", "sent", "sent"]
    assert (sent(bank, customer.customer_id), sent(bank, "bank")) == (2, 3)
    assert counted == []
    # and the next business date, Shanghai's, begins anew
    bank.clock.set(clock.start_of_day(clock.day_after(clock.business_date(bank.clock.now()))))
    deposited(bank, customer, 1)
    assert (alerts(bank, customer), sent(bank, customer.customer_id)) == (3, 1)


def test_what_is_about_security_and_codes_pass_every_cap(bank: Bank, customer: Person, counted: list[str]) -> None:
    payee = bank.sign_up("钱红", deposit="1.00")
    bank.deposit(customer.account, 1000_00)
    bank.settle()
    parameters.set_value("sms.alerts_day", 1)
    before = len(bank.messages(customer))
    # given a customer who has had all of the day's alerts, when a code is asked for and the log-in is told of
    token = bank.log_in(customer)
    bank.create(token, customer, payee, "10.00", "key-capped")
    bank.request("DELETE", "/v1/sessions/others", token=token)
    bank.settle()
    told = bank.messages(customer)[before:]
    assert any("验证码" in text for text in told)
    # then they are counted for the bank, and not for the customer
    assert sent(bank, customer.customer_id) == 1
    assert sent(bank, "bank") >= 2 + len(told)
    assert counted == []


def test_beyond_the_banks_cap_it_rings_and_takes_nothing_from_the_customer(
    bank: Bank, customer: Person, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = clock.business_date(bank.clock.now())
    parameters.set_value("sms.bank_day", 100)
    for _ in range(99):
        assert store.count_sms("bank", day, None, 2_000_000_000)
    deposited(bank, customer, 3)
    assert (alerts(bank, customer), alerts(bank, customer, "push")) == (1, 3)
    assert counted == [metrics.SMS_CAPPED] * 2
    assert (sent(bank, "bank"), sent(bank, customer.customer_id)) == (100, 1)


def test_what_the_provider_did_not_take_is_not_counted(bank: Bank, customer: Person) -> None:
    parameters.set_value("sms.alerts_day", 1)
    LocalProvider.behave(customer.phone, FAILS)
    deposited(bank, customer, 1)
    assert (sent(bank, customer.customer_id), sent(bank, "bank")) == (0, 0)
    LocalProvider.behave(customer.phone, None)
    make_visible(bank, "AlertsQueue")
    bank.settle()
    assert (alerts(bank, customer), sent(bank, customer.customer_id), sent(bank, "bank")) == (1, 1, 1)


def test_an_alert_that_could_not_be_counted_is_sent_when_it_comes_again(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> bool:
        raise ReadTimeoutError(endpoint_url="x")

    with monkeypatch.context() as broken:
        broken.setattr(store, "count_sms", silent)
        deposited(bank, customer, 1)
    assert (alerts(bank, customer), bank.waiting("AlertsQueue")) == (0, 1)
    make_visible(bank, "AlertsQueue")
    bank.settle()
    assert alerts(bank, customer) == 1
