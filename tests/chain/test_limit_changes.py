"""Limits are seen and lowered: at once, exact in the middle of a day, across midnight, month and year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chalicelib.limits.commands.change_limits import change_account_limits, change_customer_limits
from chalicelib.limits.service import AccountLimits
from chalicelib.platform import clock, log, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import OutcomeUnknown, TryAgain
from tests.chain.bank import Bank
from tests.chain.probe import account_image, table_items, unchanged

TIGHT = AccountLimits(single_fen=60_00, day_fen=100_00, day_count=5, month_fen=150_00, year_fen=200_00)
LAST_MS = dt.timedelta(milliseconds=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


class Phone:
    """A customer with tight limits and somebody to pay."""

    def __init__(self, bank: Bank, limits: AccountLimits = TIGHT, **more: Any) -> None:
        self.bank = bank
        self.person = bank.sign_up("赵小明", deposit="10000.00", limits=limits, **more)
        self.payee = bank.sign_up("钱红")
        self.paid = 0

    def limits(self) -> dict[str, Any]:
        reply = self.bank.request("GET", "/v1/limits", token=self.bank.log_in(self.person))
        assert reply.status == 200, reply
        return dict(reply.body)

    def account(self) -> dict[str, Any]:
        (found,) = self.limits()["accounts"]
        return dict(found)

    def lower(self, path: str | None = None, **body: Any) -> Any:
        path = path or f"/v1/accounts/{self.person.account}/limits"
        return self.bank.request("PATCH", path, body, token=self.bank.log_in(self.person))

    def pay(self, amount: str) -> str:
        self.paid += 1
        token = self.bank.log_in(self.person)
        created = self.bank.create(token, self.person, self.payee, amount, f"key-phone-{self.paid:04d}")
        if created.status != 201:
            return created.code
        self.bank.settle()
        code = self.bank.code_for(self.person, created.body["id"])
        confirmed = self.bank.confirm(token, created.body["id"], code)
        return "posted" if confirmed.status == 200 else confirmed.code


@pytest.mark.requirement("XJ-5.3-limit")
def test_limits_are_seen_whole(bank: Bank) -> None:
    # given a transfer of 30.00, and its fee-less day
    phone = Phone(bank)
    assert phone.pay("30.00") == "posted"
    # when the customer looks
    found = phone.limits()
    # then every limit says what it is, what was used, what remains
    assert found["business_date"] == "20261121"
    assert found["accounts"] == [
        {
            "account_id": phone.person.account,
            "single": "60.00",
            "day": {"limit": "100.00", "used": "30.00", "remaining": "70.00"},
            "month": {"limit": "150.00", "used": "30.00", "remaining": "120.00"},
            "year": {"limit": "200.00", "used": "30.00", "remaining": "170.00"},
            "count": {"limit": 5, "used": 1, "remaining": 4},
        }
    ]
    assert found["customer"]["day_outward"] == {"limit": "200000.00", "used": "30.00", "remaining": "199970.00"}
    assert found["customer"]["day_without_certificate"]["used"] == "30.00"


@pytest.mark.requirement("XJ-5.3-limit")
def test_a_limit_is_lowered_at_once_and_what_was_used_stays_used(bank: Bank) -> None:
    phone = Phone(bank)
    assert phone.pay("30.00") == "posted"
    reply = phone.lower(day="50.00", single="25.00", count=3)
    assert reply.status == 200
    assert reply.body["day"] == {"limit": "50.00", "used": "30.00", "remaining": "20.00"}
    assert (reply.body["single"], reply.body["count"]) == ("25.00", {"limit": 3, "used": 1, "remaining": 2})
    assert reply.body["month"] == {"limit": "150.00", "used": "30.00", "remaining": "120.00"}
    # exact at the edge
    assert phone.pay("25.01") == "single_limit_exceeded"
    assert phone.pay("20.01") == "account_day_limit_exceeded"
    assert phone.pay("20.00") == "posted"
    assert phone.pay("0.01") == "account_day_limit_exceeded"
    assert phone.account()["day"] == {"limit": "50.00", "used": "50.00", "remaining": "0.00"}


def test_lowered_below_what_is_used_shows_nothing_left_and_is_not_clamped(bank: Bank) -> None:
    phone = Phone(bank)
    assert phone.pay("60.00") == "posted"
    assert phone.lower(day="10.00").body["day"] == {"limit": "10.00", "used": "60.00", "remaining": "0.00"}
    assert account_image(phone.person.account)["day_20261121"] == -50_00
    assert phone.pay("0.01") == "account_day_limit_exceeded"
    # the bank's staff raise it again: just what was used is missing
    change_account_limits(phone.person.customer_id, phone.person.account, {"limit_day": 70_00}, may_raise=True)
    assert phone.pay("10.01") == "account_day_limit_exceeded"
    assert phone.pay("10.00") == "posted"


@pytest.mark.requirement("XJ-5.3-limit")
def test_the_customers_own_limits(bank: Bank) -> None:
    phone = Phone(bank)
    assert phone.pay("30.00") == "posted"
    reply = phone.lower("/v1/limits", day_outward="50.00")
    assert (reply.status, reply.body["day_outward"]["remaining"]) == (200, "20.00")
    assert phone.pay("20.01") == "customer_day_limit_exceeded"
    assert phone.lower("/v1/limits", day_without_certificate="40.00").status == 200
    assert phone.pay("10.01") == "no_certificate_day_limit_exceeded"
    assert phone.pay("10.00") == "posted"
    change_customer_limits(phone.person.customer_id, {"limit_outward": 100_00, "limit_nocert": 100_00}, may_raise=True)
    assert phone.limits()["customer"] == {
        "day_outward": {"limit": "100.00", "used": "40.00", "remaining": "60.00"},
        "day_without_certificate": {"limit": "100.00", "used": "40.00", "remaining": "60.00"},
        "day_without_factor": {"limit": "1000.00", "used": "0.00", "remaining": "1000.00"},
        "single_without_factor": "0.00",
        "day_without_certificate_by_policy": None,
    }
    assert phone.pay("60.00") == "posted"


@pytest.mark.requirement("XJ-5.3-limit")
@pytest.mark.parametrize("body", [{"day": "100.01"}, {"day": "50.00", "month": "150.01"}, {"count": 6}])
def test_raising_needs_a_strong_factor_and_changes_nothing(bank: Bank, body: dict[str, Any]) -> None:
    phone = Phone(bank)
    before = phone.account()
    with unchanged(bank, but=("SessionsTable", "CredentialsTable", "SecurityEventsTable")):
        refused = phone.lower(**body)
        assert (refused.status, refused.code) == (403, "strong_factor_required")
        refused = phone.lower("/v1/limits", day_outward="200000.01")
        assert (refused.status, refused.code) == (403, "strong_factor_required")
    assert phone.account() == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"day": 5}, "amount_malformed"),
        ({"day": "-1.00"}, "amount_malformed"),
        ({"day": "1.005"}, "amount_malformed"),
        ({"count": -1}, "malformed_request"),
        ({"count": "3"}, "malformed_request"),
        ({"week": "1.00"}, "malformed_request"),
        ({"day": "99999999999999.00"}, "amount_out_of_range"),
    ],
)
def test_what_is_no_limit_is_refused(bank: Bank, body: dict[str, Any], code: str) -> None:
    assert Phone(bank).lower(**body).code == code


def test_the_same_again_and_nothing_at_all_change_nothing(bank: Bank) -> None:
    phone = Phone(bank)
    first = phone.lower(day="50.00")
    assert (phone.lower(day="50.00").body, phone.lower().body) == (first.body, first.body)
    assert phone.lower(day=None).body == first.body


@pytest.mark.requirement("NB-5.1.4")
def test_anothers_account_looks_like_an_unknown_one(bank: Bank) -> None:
    phone, other = Phone(bank), Phone(bank)
    for account in (other.person.account, "9" * 19, "x", "1"):
        refused = phone.lower(f"/v1/accounts/{account}/limits", day="1.00")
        assert (refused.status, refused.code) == (404, "not_found")
    assert other.account()["day"]["limit"] == "100.00"


@pytest.mark.parametrize("moment", ["20261121", "20261130", "20261231"], ids=["midnight", "month", "year"])
def test_periods_turn_over_under_a_changed_limit(bank: Bank, moment: str) -> None:
    # given money used and limits lowered in the last millisecond of a period
    end = clock.start_of_day(moment) + dt.timedelta(days=1)
    bank.clock.set(end - LAST_MS)
    phone = Phone(bank)
    assert phone.pay("40.00") == "posted"
    assert phone.lower(day="50.00", month="90.00", year="120.00", count=2).status == 200
    assert phone.account()["day"] == {"limit": "50.00", "used": "40.00", "remaining": "10.00"}
    # when the period turns
    bank.clock.set(end)
    # then what the period counted is fresh at the new limit, and the longer periods go on
    found = phone.account()
    assert found["day"] == {"limit": "50.00", "used": "0.00", "remaining": "50.00"}
    assert found["count"] == {"limit": 2, "used": 0, "remaining": 2}
    assert found["month"]["used"] == ("40.00" if moment == "20261121" else "0.00")
    assert found["year"]["used"] == ("0.00" if moment == "20261231" else "40.00")
    assert phone.pay("50.01") == "account_day_limit_exceeded"
    assert phone.pay("50.00") == "posted"


@pytest.mark.parametrize("end", ["20261121", "20261130", "20261231"])
@pytest.mark.parametrize("new_fen", [30_00, 90_00], ids=["lowered", "raised"])
def test_a_change_on_one_side_of_midnight_moves_buckets_on_the_other(bank: Bank, end: str, new_fen: int) -> None:
    # given used buckets of both days: a payment just before midnight and one just after
    midnight = clock.start_of_day(end) + dt.timedelta(days=1)
    limits = AccountLimits(single_fen=60_00, day_fen=60_00, day_count=9, month_fen=60_00, year_fen=60_00)
    bank.clock.set(midnight - LAST_MS)
    phone = Phone(bank, limits)
    assert phone.pay("20.00") == "posted"
    bank.clock.set(midnight)
    assert phone.pay("10.00") == "posted"
    before = account_image(phone.person.account)
    # when the change is planned by an instance that still reads yesterday
    bank.clock.set(midnight - LAST_MS)
    wanted = {"limit_day": new_fen, "limit_month": new_fen, "limit_year": new_fen, "limit_count": 4}
    after = change_account_limits(phone.person.customer_id, phone.person.account, wanted, may_raise=True)
    # then every bucket that is there moved by the delta
    for name, value in before.items():
        if name.startswith(("day_", "month_", "year_")):
            assert after[name] == value + new_fen - 60_00, name
        elif name.startswith("count_"):
            assert after[name] == value - 5, name


def meddling(monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], None]) -> None:
    """Before the n-th write of several items runs, the n-th act happens."""
    original, waiting = updates.run_together, list(acts)

    def run(writes: Sequence[ItemPut | ItemUpdate]) -> None:
        if waiting:
            waiting.pop(0)()
        original(writes)

    monkeypatch.setattr(updates, "run_together", run)


def test_a_payment_in_between_is_counted(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a first payment of the day that comes between the change's read and its write
    phone = Phone(bank)
    meddling(monkeypatch, lambda: _posted(phone, "30.00"))
    change = change_account_limits(
        phone.person.customer_id, phone.person.account, {"limit_day": 50_00}, may_raise=False
    )
    # then the change was planned again, on the bucket that came
    assert (change["limit_day"], change["day_20261121"]) == (50_00, 20_00)


def test_two_changes_at_once_end_as_one_after_the_other(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = Phone(bank)
    assert phone.pay("30.00") == "posted"
    person = phone.person

    def other() -> None:
        change_account_limits(person.customer_id, person.account, {"limit_day": 70_00}, may_raise=True)

    meddling(monkeypatch, other)
    change = change_account_limits(person.customer_id, person.account, {"limit_day": 50_00}, may_raise=False)
    assert (change["limit_day"], change["day_20261121"]) == (50_00, 20_00)


def test_an_update_without_answer_is_found_out(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    # given an update that is done and never answered
    phone = Phone(bank)
    assert phone.pay("30.00") == "posted"
    original, person = updates._transact, phone.person

    def done_but_silent(writes: Sequence[ItemPut | ItemUpdate], token: str) -> None:
        original(writes, token)
        raise updates.UpdateInDoubt

    monkeypatch.setattr(updates, "_transact", done_but_silent)
    change = change_account_limits(person.customer_id, person.account, {"limit_day": 50_00}, may_raise=False)
    # then it is applied once, and the owner's log says so once
    assert (change["limit_day"], change["day_20261121"]) == (50_00, 20_00)
    assert [row["facts"]["day"] for row in own_log(bank, person.customer_id)] == ["50.00"]


@pytest.mark.requirement("YQ-4.2.2-log")
def test_what_was_lowered_stands_in_the_own_log_and_amounts_in_no_other(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, told = Phone(bank), list[dict[str, Any]]()
    person = phone.person
    monkeypatch.setattr(log.logger, "info", lambda text, extra=None, **_: told.append({"text": text, **(extra or {})}))
    change_account_limits(person.customer_id, person.account, {"limit_day": 50_00, "limit_count": 3}, may_raise=False)
    assert told == [
        {
            "text": "limits changed",
            "customer_id": person.customer_id,
            "lowered": ["limit_count", "limit_day"],
            "raised": [],
        }
    ]
    bank.clock.advance(dt.timedelta(seconds=1))
    change_customer_limits(person.customer_id, {"limit_outward": 100_00}, may_raise=False)
    # done again it changes nothing, and says nothing
    change_customer_limits(person.customer_id, {"limit_outward": 100_00}, may_raise=False)
    masked = person.account[:6] + "*" * 9 + person.account[-4:]
    assert [row["facts"] for row in own_log(bank, person.customer_id)] == [
        {"account": masked, "day": "50.00", "count": "3"},
        {"day_outward": "100.00"},
    ]


def own_log(bank: Bank, customer_id: str) -> list[dict[str, Any]]:
    """The customer's rows about limits, oldest first."""
    rows = sorted(table_items(bank, "SecurityEventsTable"), key=lambda row: str(row["event"]))
    return [row for row in rows if (row["customer_id"], row["kind"]) == (customer_id, "limits_changed")]


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [(updates.UpdateContended, TryAgain), (updates.UpdateInDoubt, OutcomeUnknown)],
)
def test_patience_ends(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, fault: type[Exception], refusal: type[Exception]
) -> None:
    phone = Phone(bank)

    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(updates, "_transact", fail)
    started = bank.clock.now()
    with pytest.raises(refusal):
        change_account_limits(phone.person.customer_id, phone.person.account, {"limit_day": 1}, may_raise=False)
    assert dt.timedelta(seconds=8) <= bank.clock.now() - started < dt.timedelta(seconds=9)


@pytest.mark.parametrize("wanted", [{"limit_day": -1}, {"limit_week": 1}, {"limit_outward": 1}, {"limit_day": 10**16}])
def test_nonsense_is_a_programming_error(bank: Bank, wanted: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="limit"):
        change_account_limits("c", "9" * 19, wanted, may_raise=True)


def _posted(phone: Phone, amount: str) -> None:
    assert phone.pay(amount) == "posted"
