"""Limits: exact at the edge, one fen over refused, by the day, month and year of Shanghai."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from tests.chain.bank import Bank, Person
from tests.chain.probe import AMPLE, account_image, force_account, force_customer, unchanged

LAST_MS_OF_DAY = dt.datetime(2026, 11, 21, 23, 59, 59, 999_000, tzinfo=clock.SHANGHAI)
LAST_MS_OF_MONTH = dt.datetime(2026, 11, 30, 23, 59, 59, 999_000, tzinfo=clock.SHANGHAI)
LAST_MS_OF_YEAR = dt.datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=clock.SHANGHAI)
MS = dt.timedelta(milliseconds=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@dataclass(frozen=True)
class Edge:
    """A limit at 100.00 (or two transfers), the refusal it gives, and the moment after which it is fresh."""

    code: str
    account: dict[str, int]
    outward_fen: int = 10**12
    nocert_fen: int = 10**12
    fresh_after: dt.datetime | None = None


EDGES = {
    "single": Edge("single_limit_exceeded", {"single_fen": 100_00}),
    "day": Edge("account_day_limit_exceeded", {"day_fen": 100_00}, fresh_after=LAST_MS_OF_DAY),
    "month": Edge("account_month_limit_exceeded", {"month_fen": 100_00}, fresh_after=LAST_MS_OF_MONTH),
    "year": Edge("account_year_limit_exceeded", {"year_fen": 100_00}, fresh_after=LAST_MS_OF_YEAR),
    "customer": Edge("customer_day_limit_exceeded", {}, outward_fen=100_00, fresh_after=LAST_MS_OF_DAY),
    "no certificate": Edge("no_certificate_day_limit_exceeded", {}, nocert_fen=100_00, fresh_after=LAST_MS_OF_DAY),
}
COUNTED = {name: edge for name, edge in EDGES.items() if edge.fresh_after}


def sign_up(bank: Bank, edge: Edge, deposit: str = "10000.00", **more: Any) -> tuple[Person, Person]:
    limits = replace(AMPLE, **edge.account)
    payer = bank.sign_up("赵小明", deposit=deposit, limits=limits, limit_outward_fen=edge.outward_fen, **more)
    force_customer(bank, payer, limit_nocert=edge.nocert_fen)
    return payer, bank.sign_up("钱红")


def try_to_pay(bank: Bank, payer: Person, payee: Person, amount: str, key: str) -> str:
    """Create and confirm: "posted", or the refusal's code."""
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, amount, key)
    if created.status != 201:
        return created.code
    bank.settle()
    confirmed = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    bank.settle()
    return str(confirmed.body["state"]) if confirmed.status == 200 else confirmed.code


@pytest.mark.requirement("XJ-5.3-limit")
@pytest.mark.requirement("NB-5.4.1-daily")
@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
def test_exact_at_the_edge_and_one_fen_over(bank: Bank, edge: Edge) -> None:
    payer, payee = sign_up(bank, edge)
    bank.settle()
    token = bank.log_in(payer)
    with unchanged(bank):
        over = bank.create(token, payer, payee, "100.01", "key-edge-001")
        assert (over.code, over.status) == (edge.code, 422)
        assert over.body["facts"]["limit"] == "100.00"
        english = bank.request(
            "POST",
            "/v1/transfers",
            {
                "payer_account": payer.account,
                "payee_account": payee.account,
                "payee_name": payee.name,
                "amount": "100.01",
            },
            token=token,
            headers={"idempotency-key": "key-edge-001", "accept-language": "en"},
        )
        assert english.body["detail"].isascii()
        assert "100.00" in english.body["detail"]
    assert try_to_pay(bank, payer, payee, "100.00", "key-edge-001") == "posted"
    assert bank.balance(payee.account) == 100_00


@pytest.mark.requirement("NB-5.4.1-daily")
@pytest.mark.parametrize("edge", COUNTED.values(), ids=COUNTED)
def test_what_was_used_counts_until_the_period_ends_in_shanghai(bank: Bank, edge: Edge) -> None:
    # given all but one fen used
    payer, payee = sign_up(bank, edge)
    assert try_to_pay(bank, payer, payee, "99.99", "key-used-001") == "posted"
    assert try_to_pay(bank, payer, payee, "0.02", "key-used-002") == edge.code
    assert try_to_pay(bank, payer, payee, "0.01", "key-used-003") == "posted"
    # then nothing is left at the period's last millisecond
    assert edge.fresh_after is not None
    bank.clock.set(edge.fresh_after)
    token = bank.log_in(payer)
    with unchanged(bank):
        spent = bank.create(token, payer, payee, "0.01", "key-used-004")
        assert spent.code == edge.code
        assert spent.body["facts"] == {"limit": "100.00", "remaining": "0.00"}
    # and all of it one millisecond later
    bank.clock.advance(MS)
    assert try_to_pay(bank, payer, payee, "100.00", "key-used-004") == "posted"
    assert try_to_pay(bank, payer, payee, "0.01", "key-used-005") == edge.code
    assert bank.balance(payee.account) == 200_00


def test_the_number_of_transfers_a_day(bank: Bank) -> None:
    payer, payee = sign_up(bank, Edge("", {"day_count": 2}))
    for index in range(2):
        assert try_to_pay(bank, payer, payee, "1.00", f"key-count-{index}") == "posted"
    assert try_to_pay(bank, payer, payee, "1.00", "key-count-2") == "account_day_count_exceeded"
    bank.clock.set(LAST_MS_OF_DAY + MS)
    assert try_to_pay(bank, payer, payee, "1.00", "key-count-2") == "posted"


def test_a_transfer_counts_on_the_day_it_is_confirmed(bank: Bank) -> None:
    # given one that is created before midnight and confirmed after it
    payer, payee = sign_up(bank, COUNTED["day"])
    bank.clock.set(LAST_MS_OF_DAY)
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "100.00", "key-midnight")
    bank.settle()
    bank.clock.advance(MS)
    confirmed = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    assert confirmed.body["business_date"] == "20261122"
    image = account_image(payer.account)
    assert (image["day_20261122"], "day_20261121" in image) == (0, False)
    bank.settle()
    assert try_to_pay(bank, payer, payee, "0.01", "key-after-01") == "account_day_limit_exceeded"


@pytest.mark.requirement("YQ-4.2.2-xfer")
def test_transfers_between_own_accounts_use_no_limit(bank: Bank) -> None:
    # given limits of nothing at all, and the SMS code's ceiling far below the amount
    nothing = AccountLimits(0, 0, 0, 0, 0)
    accounts = tuple(AccountWish("savings", ledger.RIGHT_FULL, nothing) for _ in range(2))
    owner = bank.sign_up("赵小明", deposit="90000.00", accounts=accounts, limit_outward_fen=0)
    stranger = bank.sign_up("钱红")
    first, second = owner.signed.account_ids
    token = bank.log_in(owner)
    # then to another person nothing goes, to oneself everything
    assert bank.create(token, owner, stranger, "0.01", "key-own-0001").code == "single_limit_exceeded"
    created = bank.create(token, owner, owner, "90000.00", "key-own-0002", payee_account=second)
    bank.settle()
    assert bank.confirm(token, created.body["id"], bank.code_for(owner, created.body["id"])).status == 200
    assert (bank.balance(first), bank.balance(second)) == (0, 90_000_00)
    buckets = [name for name in account_image(first) if name.startswith(("day_", "month_", "year_", "count_"))]
    assert buckets == []


def test_funds_exactly_at_the_edge(bank: Bank) -> None:
    payer, payee = sign_up(bank, Edge("", {}), deposit="100.00")
    assert try_to_pay(bank, payer, payee, "100.01", "key-funds-1") == "insufficient_funds"
    assert try_to_pay(bank, payer, payee, "100.00", "key-funds-1") == "posted"
    assert try_to_pay(bank, payer, payee, "0.01", "key-funds-2") == "insufficient_funds"
    assert bank.balance(payer.account) == 0


def test_the_fee_needs_funds_but_no_limit(bank: Bank) -> None:
    # given a fee of 2.00, a daily limit of 100.00
    parameters.set_value("fee.transfer.own_bank_fen", 2_00)
    payer, payee = sign_up(bank, COUNTED["day"], deposit="101.99")
    assert try_to_pay(bank, payer, payee, "100.00", "key-fee-0001") == "insufficient_funds"
    bank.deposit(payer.account, 1)
    assert try_to_pay(bank, payer, payee, "100.00", "key-fee-0001") == "posted"
    assert (bank.balance(payer.account), bank.balance(payee.account)) == (0, 100_00)
    assert account_image(payer.account)["day_20261121"] == 0


@pytest.mark.requirement("XJ-4.2-limit")
def test_the_sms_codes_ceiling_names_a_stronger_method(bank: Bank) -> None:
    payer, payee = sign_up(bank, Edge("", {}), deposit="60000.00")
    bank.settle()
    token = bank.log_in(payer)
    with unchanged(bank):
        over = bank.create(token, payer, payee, "50000.01", "key-ceiling")
        assert (over.code, over.status) == ("factor_ceiling_exceeded", 422)
        assert "USBKey" in over.body["detail"]
    assert try_to_pay(bank, payer, payee, "50000.00", "key-ceiling") == "posted"


def test_a_negative_bucket_is_exhausted_and_never_clamped(bank: Bank) -> None:
    # given a limit lowered below what was used today
    payer, payee = sign_up(bank, COUNTED["day"])
    assert try_to_pay(bank, payer, payee, "60.00", "key-lower-1") == "posted"
    force_account(bank, payer.account, limit_day=50_00, day_20261121=-10_00)
    assert try_to_pay(bank, payer, payee, "0.01", "key-lower-2") == "account_day_limit_exceeded"
    assert account_image(payer.account)["day_20261121"] == -10_00
