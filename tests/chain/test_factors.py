"""Factors: what a customer holds, what is lost, how much each confirms, and guessing that ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from chalicelib.approvals.errors import ApprovalChangesNothing, MakerIsChecker
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.customers.errors import SignUpRefused
from chalicelib.factors.commands.end_factor import revoke_factor
from chalicelib.ledger import service as ledger
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound
from tests.chain.bank import TELLER, Bank, Person, Reply
from tests.chain.device import Device
from tests.chain.probe import table_items, unchanged, wrong_code
from tests.chain.signers import certified, cloud_certified, confirm_signed, signed
from tests.chain.two_people import ELSEWHERE, MAKER, approved, asked, done, enter_staff

WIDE = AccountLimits(single_fen=10**12, day_fen=10**12, day_count=10_000, month_fen=10**12, year_fen=10**12)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


def rich(bank: Bank, name: str = "赵小明") -> Person:
    person = bank.sign_up(name, limit_outward_fen=10**12, accounts=(AccountWish("savings", ledger.RIGHT_FULL, WIDE),))
    bank.deposit(person.account, 10**11)
    return person


def events_of(bank: Bank, person: Person) -> list[str]:
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == person.customer_id]
    return [row["kind"] for row in rows]


@pytest.mark.requirement("NB-5.3.7")
def test_sign_up_without_a_factor_is_refused(bank: Bank) -> None:
    for factors in ((), ("none",), ("face",)):
        with pytest.raises(SignUpRefused):
            bank.sign_up("赵小明", factors=factors)
    person = bank.sign_up("赵小明")
    listed = bank.request("GET", "/v1/factors", token=bank.log_in(person)).body
    assert listed["policy"] == "standard"
    (sms,) = listed["factors"]
    assert (sms["id"], sms["factor"], sms["state"], sms["ceiling"]) == ("sms", "sms", "active", "50000.00")


@pytest.mark.requirement("NB-5.3.6")
def test_a_lost_factor_stops_at_once_and_only_staff_lift_it(bank: Bank) -> None:
    # given a transfer whose code is on the phone
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "10.00", "key-lost-001")
    bank.settle()
    code = bank.code_for(payer, created.body["id"])
    # when the phone is reported lost, twice
    for _ in range(2):
        assert bank.request("POST", "/v1/factors/sms/loss", {}, token=token).status == 204
    # then neither the waiting transfer nor a new one passes
    with unchanged(bank, but=["JournalTable"]):
        reply = bank.confirm(token, created.body["id"], code)
        assert (reply.code, reply.status) == ("phone_changed", 409)
        bank.clock.advance(dt.timedelta(milliseconds=1))
        reply = bank.create(token, payer, payee, "10.00", "key-lost-002")
        assert (reply.code, reply.status, reply.body["facts"]) == ("factor_not_active", 422, {"factors": "none"})
    assert events_of(bank, payer).count("factor_lost") == 1
    # and the customer cannot lift it; two tellers can
    assert bank.request("GET", "/v1/factors", token=token).body["factors"][0]["state"] == "lost"
    enter_staff()
    wish = {"customer_id": payer.customer_id, "factor_id": "sms"}
    with pytest.raises(NotFound):
        asked("factor.lift_loss", wish, maker=ELSEWHERE)
    with pytest.raises(MakerIsChecker):
        approved(asked("factor.lift_loss", wish), checker=MAKER)
    done("factor.lift_loss", customer_id=payer.customer_id, factor_id="sms")
    # what went to the phone while it was lost stays void
    assert bank.confirm(token, created.body["id"], code).code == "phone_changed"
    bank.clock.advance(dt.timedelta(milliseconds=1))
    bank.pay(payer, payee, "10.00", "key-lost-004")
    assert events_of(bank, payer).count("factor_restored") == 1
    # and a revoked one is gone for good
    revoke_factor(payer.customer_id, "sms", teller_id=TELLER, now=bank.clock.now())
    bank.clock.advance(dt.timedelta(milliseconds=1))
    with pytest.raises(ApprovalChangesNothing):
        done("factor.lift_loss", customer_id=payer.customer_id, factor_id="sms")
    assert bank.create(token, payer, payee, "10.00", "key-lost-003").code == "factor_not_active"


def test_another_customers_factor_looks_like_none(bank: Bank) -> None:
    payer = bank.sign_up("赵小明")
    token = bank.log_in(payer)
    for factor_id in ("aaaaaaa", "A", "a b", "bank-ca"):
        reply = bank.request("POST", "/v1/factors/ID/loss", {}, token=token, path_values={"ID": factor_id})
        assert reply.code == "not_found"


PIN = "802731"


def certificate_of(bank: Bank, payer: Person, carrier: str) -> tuple[str, Callable[[Reply], Reply]]:
    """A session's token, and how its owner confirms by a certificate of that carrier."""
    if carrier == "cloud":
        token = str(Device(bank, payer).bind().body["access_token"])
        cloud_certified(bank, payer, token, PIN)
        body = {"factor": "certificate", "pin": PIN}
        return token, lambda of: bank.request("POST", f"/v1/transfers/{of.body['id']}/confirmation", body, token=token)
    token = bank.log_in(payer)
    signer = certified(bank, payer, token, carrier)
    return token, lambda of: confirm_signed(bank, token, of, signed(signer, of))


CEILINGS = [("sms", 50_000_00), ("phone", 500_000_00), ("cloud", 500_000_00), ("usb_key", 5_000_000_00)]


@pytest.mark.requirement("XJ-4.2-limit")
@pytest.mark.parametrize(("method", "ceiling_fen"), CEILINGS)
def test_one_fen_over_the_ceiling_is_refused_and_names_what_would_do(bank: Bank, method: str, ceiling_fen: int) -> None:
    payer, payee = rich(bank), bank.sign_up("钱红")
    factor = {"factor": "sms"} if method == "sms" else {"factor": "certificate"}
    token, confirm = (bank.log_in(payer), None) if method == "sms" else certificate_of(bank, payer, method)
    over = bank.create(token, payer, payee, f"{ceiling_fen // 100}.01", "key-over-001", **factor)
    assert over.code == "factor_ceiling_exceeded"
    stronger = [m for m, c in [*CEILINGS, ("token", 50_000_00)] if c > ceiling_fen]
    assert set(over.body["facts"]["factors"].split(",")) == set(stronger or ["branch"])
    assert over.body["facts"]["yours"] == "none"
    at = bank.create(token, payer, payee, f"{ceiling_fen // 100}.00", "key-over-002", **factor)
    assert at.status == 201, at
    if confirm is not None:
        assert confirm(at).status == 200
        assert bank.balance(payee.account) == ceiling_fen
        # and what a certificate confirmed takes nothing from the limit without one
        (record,) = [r for r in table_items(bank, "CustomersTable") if r["customer_id"] == payer.customer_id]
        assert [name for name in record if name.startswith("nocert_")] == []
        assert [name for name in record if name.startswith("outward_")] != []


@pytest.mark.requirement("XJ-4.2-limit")
def test_the_strict_policy_bounds_what_has_no_certificate(bank: Bank) -> None:
    parameters.set_value("factor.policy", "strict")
    payer, payee = rich(bank), bank.sign_up("钱红")
    token = bank.log_in(payer)
    assert bank.request("GET", "/v1/factors", token=token).body["policy"] == "strict"
    assert bank.create(token, payer, payee, "1000.01", "key-strict-00").code == "factor_ceiling_exceeded"
    for i in range(1, 6):
        created = bank.create(token, payer, payee, "1000.00", f"key-strict-0{i}")
        bank.settle()
        assert bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"])).status == 200
    refused = bank.create(token, payer, payee, "0.01", "key-strict-06")
    assert refused.code == "strict_day_limit_exceeded"
    assert refused.body["facts"] == {"limit": "5000.00", "remaining": "0.00"}
    # a certificate is not bound by it, and the next day begins anew
    signer = certified(bank, payer, token)
    created = bank.create(token, payer, payee, "400000.00", "key-strict-07", factor="certificate")
    assert confirm_signed(bank, token, created, signed(signer, created)).status == 200
    bank.clock.set(dt.datetime(2026, 11, 22, 0, 0, tzinfo=clock.SHANGHAI))
    assert bank.create(bank.log_in(payer), payer, payee, "1000.00", "key-strict-08").status == 201


@pytest.mark.requirement("NB-5.3.3-sms")
def test_guessing_on_many_instructions_ends_for_the_day(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
    token = bank.log_in(payer)
    created = [bank.create(token, payer, payee, "1.00", f"key-guess-{i:03d}").body["id"] for i in range(4)]
    bank.settle()
    codes = [bank.code_for(payer, id_) for id_ in created]
    # ten wrong codes in all, over three instructions
    replies = [bank.confirm(token, created[i // 4], wrong_code(codes[i // 4])).code for i in range(11)]
    assert replies == ["code_wrong"] * 10 + ["code_guesses_exhausted"]
    # then the right code of a fresh one is of no use either, and nothing new starts
    assert bank.confirm(token, created[3], codes[3]).code == "code_guesses_exhausted"
    assert bank.create(token, payer, payee, "1.00", "key-guess-100").code == "code_guesses_exhausted"
    assert bank.balance(payer.account) == 1000_00
    assert events_of(bank, payer).count("code_guesses_exhausted") == 1
    # a certificate still works, and tomorrow codes do
    signer = certified(bank, payer, token)
    by_certificate = bank.create(token, payer, payee, "1.00", "key-guess-101", factor="certificate")
    assert confirm_signed(bank, token, by_certificate, signed(signer, by_certificate)).status == 200
    bank.clock.set(dt.datetime(2026, 11, 22, 0, 0, tzinfo=clock.SHANGHAI))
    token = bank.log_in(payer)
    tomorrow = bank.create(token, payer, payee, "1.00", "key-guess-102").body["id"]
    bank.settle()
    assert bank.confirm(token, tomorrow, bank.code_for(payer, tomorrow)).status == 200


def test_instructions_by_code_are_bounded_a_day_and_old_counts_go(bank: Bank) -> None:
    parameters.set_value("factor.codes_day", 3)
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
    token = bank.log_in(payer)
    answers = [bank.create(token, payer, payee, "1.00", f"key-codes-{i:03d}") for i in range(4)]
    assert [a.status for a in answers] == [201, 201, 201, 422]
    assert answers[3].code == "codes_exhausted"
    # a repeat of a request counts nothing
    assert bank.create(token, payer, payee, "1.00", "key-codes-000").status == 200
    for day in (22, 23, 24):
        bank.clock.set(dt.datetime(2026, 11, day, 10, 0, tzinfo=clock.SHANGHAI))
        assert bank.create(bank.log_in(payer), payer, payee, "1.00", f"key-codes-1{day}").status == 201
    (record,) = [r for r in table_items(bank, "CustomersTable") if r["customer_id"] == payer.customer_id]
    assert sorted(n for n in record if n.startswith("codes_")) == ["codes_20261123", "codes_20261124"]


@pytest.mark.requirement("XJ-4.2-limit")
@pytest.mark.requirement("NB-5.3.4")
def test_what_a_refusal_names_as_the_customers_own_is_usable_now(bank: Bank) -> None:
    payer, payee = rich(bank), bank.sign_up("钱红")
    token = bank.log_in(payer)
    certified(bank, payer, token)
    # given a phone's certificate, then it would do; and once it has expired, there is nothing that would
    named = []
    for key in ("key-usable-1", "key-usable-2"):
        over = bank.create(token, payer, payee, "60000.00", key)
        gone = bank.create(token, payer, payee, "1.00", f"{key}-t", factor="token")
        assert (over.code, gone.code) == ("factor_ceiling_exceeded", "factor_not_active")
        named.append((over.body["facts"]["yours"], gone.body["facts"]["factors"]))
        bank.clock.advance(dt.timedelta(days=800))
        token = bank.log_in(payer)
    assert named == [("phone", "sms,phone"), ("none", "sms")]


@pytest.mark.requirement("XJ-4.2-limit")
def test_a_cloud_certificate_is_named_where_it_may_sign(bank: Bank) -> None:
    payer, payee = rich(bank), bank.sign_up("钱红")
    on_phone, _ = certificate_of(bank, payer, "cloud")
    for token, yours in ((on_phone, "cloud"), (bank.log_in(payer), "none")):
        over = bank.create(token, payer, payee, "60000.00", f"key-cloud-{yours}")
        assert (over.code, over.body["facts"]["yours"]) == ("factor_ceiling_exceeded", yours)
