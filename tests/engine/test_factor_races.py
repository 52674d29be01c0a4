"""Races over factors on a real engine: a loss reported while payments confirm, one code sent by many, many guesses."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.audit import service as audit
from chalicelib.blanks import service as stock
from chalicelib.customers import service as customers
from chalicelib.devices import service as devices
from chalicelib.factors import service as factors
from chalicelib.factors.commands import issue_certificate
from chalicelib.factors.commands.change_pin import change_pin
from chalicelib.factors.commands.download_codes import download_of
from chalicelib.factors.commands.end_factor import report_loss, revoke_factor
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, passwords, totp
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.domain import Instruction, Request
from tests.chain.signers import Signer
from tests.engine.conftest import TELLER, blank
from tests.engine.test_device_races import Phone
from tests.engine.test_transfer_races import Customer, available, confirmed, created, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

SEED = bytes(range(32))


def awaiting(payer: Customer, payee: Customer, factor: str, amount_fen: int = 100_00) -> Image:
    request = Request(payer.account, payee.account, payee.name, amount_fen, "CNY", "", factor=factor)
    return create_transfer(payer.caller, uuid.uuid4().hex, request, "test", clock.now()).image


def outcome(payer: Customer, image: Image, given: factors.Given) -> str:
    try:
        done = confirm_transfer(payer.caller, image["entry_id"], given, clock.now())
    except Refusal as refusal:
        return refusal.code
    return "hit" if done.hit else "posted"


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.parametrize("factor", ["sms", "certificate"])
def test_a_loss_reported_while_payments_confirm_lets_none_pass_afterwards(factor: str) -> None:
    payer, payee = customer("赵小明", 10_000_00), customer("钱红", 0)
    signer = Signer()
    factor_id = "sms" if factor == "sms" else certified(payer, signer)
    images = [awaiting(payer, payee, factor) for _ in range(24)]
    reported: list[float] = []

    def work(i: int) -> str:
        if i == 8:
            report_loss(payer.caller.customer_id, factor_id, clock.now())
            reported.append(clock.monotonic())
            return "reported"
        began = clock.monotonic()
        found = outcome(payer, images[i], given_for(images[i], signer))
        # what began after the report was answered never passes
        return f"late {found}" if reported and began > reported[0] else found

    outcomes = together(work, 24)

    assert outcomes["late posted"] == 0
    # Of two rules that the report broke, either is told: the factor is gone, and codes sent before are void.
    refusals = {"factor_not_active", *(["phone_changed"] if factor == "sms" else [])}
    assert set(outcomes) <= {"reported", "posted", *refusals, *(f"late {code}" for code in refusals)}
    posted = outcomes["posted"]
    assert available(payee.account) == posted * 100_00
    # and none that is still open passes now
    left = [outcome(payer, image, given_for(image, signer)) for image in images]
    assert left.count("hit") == posted
    assert set(left) <= {"hit", *refusals}
    assert customers.customer_of(payer.caller.customer_id).image["factors"].get(factor_id) is None  # type: ignore[union-attr]  # it is there


def given_for(image: Image, signer: Signer) -> factors.Given:
    if image["factor"] == "sms":
        return factors.Given("sms", factors.confirmation_code(image["digest"], image["attempt"]))
    signature = base64.b64decode(signer.sign(Instruction.from_image(image).canonical()))
    return factors.Given("certificate", signature=signature)


def certified(payer: Customer, signer: Signer) -> str:
    return downloaded(payer, "phone", issue_certificate.Offer(signer.request_pem()))


def on_device(payer: Customer) -> Customer:
    """The same customer, in a session on a bound device."""
    Phone(payer).bound()
    record = customers.customer_of(payer.caller.customer_id)
    assert record is not None
    return replace(payer, caller=replace(payer.caller, device_id=next(iter(record.devices))))


def cloud_certified(payer: Customer, pin: str) -> str:
    """Apply for a cloud certificate and download it; the factor's id."""
    return downloaded(payer, "cloud", issue_certificate.Offer(pin=pin))


def downloaded(payer: Customer, method: str, offer: issue_certificate.Offer) -> str:
    owner, now = payer.caller.customer_id, clock.now()
    factor_id = issue_certificate.apply_for_certificate(owner, method, teller_id=TELLER, now=now, correlation_id="test")
    found = download_of(owner, factor_id, 1, now)
    assert found is not None
    session, device = payer.caller.session_id, payer.caller.device_id
    issue_certificate.download_certificate(
        owner, factor_id, code=found[1], offer=offer, now=now, session_id=session, device_id=device
    )
    return factor_id


def pin_of(payer: Customer, pin: str) -> factors.Given:
    return factors.Given("certificate", pin=pin, device_id=payer.caller.device_id)


@pytest.mark.requirement("NB-5.3.6")
def test_a_phone_lost_while_its_certificate_pays_stops_it_in_the_same_write() -> None:
    # given a certificate in a phone, and payments by it in a session elsewhere
    payer, payee, signer = customer("赵小明", 10_000_00), customer("钱红", 0), Signer()
    phone = on_device(payer).caller
    factor_id = downloaded(replace(payer, caller=phone), "phone", issue_certificate.Offer(signer.request_pem()))
    images = [awaiting(payer, payee, "certificate") for _ in range(24)]
    reported: list[float] = []

    def work(i: int) -> str:
        if i == 8:
            devices.report_lost(payer.caller, str(phone.device_id), clock.now())
            reported.append(clock.monotonic())
            return "reported"
        began = clock.monotonic()
        found = outcome(payer, images[i], given_for(images[i], signer))
        return f"late {found}" if reported and began > reported[0] else found

    outcomes = together(work, 24)

    assert outcomes["late posted"] == 0
    assert set(outcomes) <= {"reported", "posted", "factor_not_active", "late factor_not_active"}
    assert available(payee.account) == outcomes["posted"] * 100_00
    assert {row.factor_id: row.state for row in factors.factors_of(payer.caller.customer_id)}[factor_id] == "lost"


@pytest.mark.requirement("NB-5.3.6")
def test_a_certificate_downloaded_into_a_phone_as_it_is_lost_is_not_left_active() -> None:
    for _ in range(6):
        payer = customer("赵小明", 0)
        phone = on_device(payer)

        def work(i: int, payer: Customer = payer, phone: Customer = phone) -> str:
            if i == 0:
                devices.report_lost(payer.caller, str(phone.caller.device_id), clock.now())
                return "reported"
            return refused(lambda: downloaded(phone, "phone", issue_certificate.Offer(Signer().request_pem())))

        outcomes = together(work, 2)

        assert outcomes["reported"] == 1
        assert set(outcomes) <= {"reported", "made", "session_ended"}
        record = customers.customer_of(payer.caller.customer_id)
        assert record is not None
        assert set(record.image["factors"].values()) == {"sms"}
        (row,) = [row for row in factors.factors_of(payer.caller.customer_id) if row.method == "phone"]
        assert row.state == ("lost" if "made" in outcomes else "applied")


@pytest.mark.requirement("NB-5.3.3-cert")
def test_guessing_a_pin_in_parallel_ends_after_five_and_locks_once() -> None:
    payer, payee = on_device(customer("赵小明", 10_000_00)), customer("钱红", 0)
    factor_id = cloud_certified(payer, "802731")
    images = [awaiting(payer, payee, "certificate") for _ in range(12)]

    outcomes = together(lambda i: outcome(payer, images[i], pin_of(payer, "802713")), 12)

    assert outcomes["pin_wrong"] == 5
    assert set(outcomes) <= {"pin_wrong", "pin_locked", "try_again"}
    # then the right one signs nothing, and the owner's log has it once
    assert together(lambda i: outcome(payer, images[i], pin_of(payer, "802731")), 12) == {"pin_locked": 12}
    assert available(payee.account) == 0
    owner = payer.caller.customer_id
    events, _ = audit.page(owner, since=None, before=None, category=None, limit=100, after=None)
    assert [event.kind.code for event in events].count("factor_locked") == 1
    assert {row.factor_id: row.state for row in factors.factors_of(owner)}[factor_id] == "locked"


@pytest.mark.requirement("NB-5.3.3-cert")
def test_right_pins_at_once_each_sign_and_a_loss_stops_them() -> None:
    payer, payee = on_device(customer("赵小明", 10_000_00)), customer("钱红", 0)
    factor_id = cloud_certified(payer, "802731")
    images = [awaiting(payer, payee, "certificate") for _ in range(12)]

    def work(i: int) -> str:
        if i == 6:
            report_loss(payer.caller.customer_id, factor_id, clock.now())
            return "reported"
        return outcome(payer, images[i], pin_of(payer, "802731"))

    outcomes = together(work, 12)

    # Five at once may stand between claim and success: more than that try again, and lock nothing.
    assert set(outcomes) <= {"reported", "posted", "factor_not_active", "try_again"}
    assert available(payee.account) == outcomes["posted"] * 100_00
    assert together(lambda i: outcome(payer, images[i], pin_of(payer, "802731")), 12)["posted"] == 0


@pytest.mark.requirement("NB-5.3.3-cert")
def test_of_several_new_pins_at_once_one_is_the_pin() -> None:
    payer = on_device(customer("赵小明", 0))
    factor_id = cloud_certified(payer, "802731")
    pins = ["620845", "620854", "620485", "620458"]

    def change(i: int) -> str:
        return refused(partial(changed_pin, payer, factor_id, "802731", pins[i]))

    outcomes = together(change, 4)

    assert set(outcomes) <= {"made", "try_again", "pin_wrong"}
    # on a busy machine all may give up: then the old one stays
    assert outcomes["made"] <= 1
    (row,) = [row for row in factors.factors_of(payer.caller.customer_id) if row.factor_id == factor_id]
    assert [passwords.matches(row.pin_hash, pin) for pin in (*pins, "802731")].count(True) == 1


def changed_pin(payer: Customer, factor_id: str, old: str, new: str) -> str:
    change_pin(payer.caller, factor_id, old=old, new=new, now=clock.now())
    return "changed"


@pytest.mark.requirement("NB-5.3.3-cert")
def test_guessing_old_pins_in_parallel_ends_with_the_certificate() -> None:
    payer = on_device(customer("赵小明", 0))
    factor_id = cloud_certified(payer, "802731")

    def guess(_: int) -> str:
        return refused(partial(changed_pin, payer, factor_id, "802713", "620845"))

    outcomes = together(guess, 12)

    assert outcomes["pin_wrong"] == 5
    assert set(outcomes) <= {"pin_wrong", "pin_locked", "try_again"}
    assert {row.factor_id: row.state for row in factors.factors_of(payer.caller.customer_id)}[factor_id] == "locked"


@pytest.mark.requirement("NB-5.3.3-dl")
def test_a_key_registered_by_many_at_once_is_certified_once() -> None:
    signer = Signer()
    people = [customer("赵小明", 0) for _ in range(8)]

    def register(i: int) -> str:
        try:
            downloaded(people[i], "phone", issue_certificate.Offer(signer.request_pem()))
        except Refusal as refusal:
            return refusal.code
        return "issued"

    assert together(register, 8) == {"issued": 1, "key_certified_already": 7}


@pytest.mark.requirement("NB-5.3.3-token")
def test_a_tokens_code_sent_for_many_transfers_at_once_confirms_one() -> None:
    payer, payee = customer("赵小明", 10_000_00), customer("钱红", 0)
    issue_token(payer.caller.customer_id, serial=blank(), seed=SEED, teller_id=TELLER, now=clock.now())
    images = [awaiting(payer, payee, "token") for _ in range(16)]
    given = factors.Given("token", totp.code_at(SEED, totp.step_at(clock.now())))

    outcomes = together(lambda i: outcome(payer, images[i], given), 16)

    assert outcomes == {"posted": 1, "token_code_used": 15}
    assert available(payee.account) == 100_00


@pytest.mark.requirement("NB-5.3.5")
@pytest.mark.parametrize("method", ["token", "phone", "cloud", "usb_key"])
def test_tellers_at_once_give_a_customer_one_factor_of_a_kind(method: str) -> None:
    # given a customer whose factor of before has ended, so that a new one takes its place
    owner = customer("赵小明", 0).caller.customer_id
    revoke_factor(owner, given_out(owner, method, blank_of(method)), teller_id=TELLER, now=clock.now())
    serials = [blank_of(method) for _ in range(8)]

    # when eight tellers give out one each
    outcomes = together(lambda i: refused(lambda: given_out(owner, method, serials[i])), 8)

    # then one did: with the others there is neither a factor nor a device of the bank's
    standing = [row for row in factors.factors_of(owner) if row.method == method and row.state != "revoked"]
    assert len(standing) == 1
    if method == "token":
        assert outcomes["made"] == 1
        assert set(outcomes) <= {"made", "factor_held_already", "try_again"}
    else:
        # A later one that finds the application applies anew, for another code and device.
        assert outcomes["made"] >= 1
        assert set(outcomes) <= {"made", "download_code_void", "try_again"}
    held = [serial for serial in serials if serial and stock.steps_of(method, serial)[-1]["action"] == "issue"]
    assert held == [number for row in standing if (number := row.serial or row.device_serial)]


def blank_of(method: str) -> str:
    return blank(method) if method in ("token", "usb_key") else ""


def given_out(owner: str, method: str, serial: str) -> str:
    now = clock.now()
    if method == "token":
        return issue_token(owner, serial=serial, seed=SEED, teller_id=TELLER, now=now)
    return issue_certificate.apply_for_certificate(
        owner, method, teller_id=TELLER, now=now, device_serial=serial, correlation_id="test"
    )


@pytest.mark.requirement("NB-5.3.3-dl")
def test_a_download_code_sent_by_many_at_once_gives_one_certificate() -> None:
    payer = customer("赵小明", 0)
    owner, now = payer.caller.customer_id, clock.now()
    factor_id = issue_certificate.apply_for_certificate(
        owner, "phone", teller_id=TELLER, now=now, correlation_id="test"
    )
    found = download_of(owner, factor_id, 1, now)
    assert found is not None
    _, code, _ = found

    def download(_: int) -> str:
        offer = issue_certificate.Offer(Signer().request_pem())
        try:
            issue_certificate.download_certificate(
                owner, factor_id, code=code, offer=offer, now=clock.now(), session_id="s"
            )
        except Refusal as refusal:
            return refusal.code
        return "issued"

    outcomes = together(download, 12)

    assert outcomes["issued"] == 1
    assert set(outcomes) <= {"issued", "factor_state_unfit", "download_code_void", "factor_held_already"}


@pytest.mark.requirement("NB-5.3.3-sms")
def test_guessing_in_parallel_on_many_open_instructions_ends() -> None:
    payer, payee = customer("赵小明", 10_000_00), customer("钱红", 0)
    entries = [created(payer, payee, 1_00) for _ in range(30)]
    right = {entry: confirmation(entry) for entry in entries}

    def guess(i: int) -> str:
        entry = entries[i % 30]
        return confirmed(payer, entry, "000000" if right[entry] != "000000" else "000001")

    outcomes = together(guess, 90)

    # ten were counted, however many ran at once, and no more were told that they were wrong
    assert outcomes == {"code_wrong": 10, "code_guesses_exhausted": 80}
    # then even the right code of any of them is of no use, and nothing new begins
    assert together(lambda i: confirmed(payer, entries[i]), 30) == {"code_guesses_exhausted": 30}
    assert refused(lambda: created(payer, payee, 1_00)) == "code_guesses_exhausted"
    assert available(payer.account) == 10_000_00


def test_instructions_by_code_started_in_parallel_stay_under_the_days_number() -> None:
    parameters.set_value("factor.codes_day", 10)
    try:
        payer, payee = customer("赵小明", 10_000_00), customer("钱红", 0)
        outcomes = together(lambda _: refused(lambda: created(payer, payee, 1_00)), 25)
    finally:
        parameters.set_value("factor.codes_day", 100_000)
    assert outcomes == {"made": 10, "codes_exhausted": 15}


def confirmation(entry_id: str) -> str:
    image = ledger.read_entry(entry_id)
    assert image is not None
    return factors.confirmation_code(image["digest"], image["attempt"])


def refused(work: Callable[[], str]) -> str:
    try:
        work()
    except Refusal as refusal:
        return refusal.code
    return "made"


@pytest.mark.requirement("XJ-4.2-limit")
def test_the_strict_days_total_is_exact_while_it_moves() -> None:
    # given a day's total for ten, under which forty payments wait that codes confirm
    payer, payee = customer("赵小明", 100_000_00), customer("钱红", 0)
    entries = [created(payer, payee, 100_00) for _ in range(40)]
    parameters.set_value("factor.policy", "strict")
    parameters.set_value("factor.strict.day_fen", 1_000_00)
    try:
        outcomes = together(lambda i: confirmed(payer, entries[i]), 40)
        assert outcomes == {"posted": 10, "strict_day_limit_exceeded": 30}
        # when it is raised, then what was used counts, and the rest is exact again
        parameters.set_value("factor.strict.day_fen", 1_500_00)
        outcomes = together(lambda i: confirmed(payer, entries[i]), 40)
        assert (outcomes["posted"], outcomes["strict_day_limit_exceeded"]) == (5, 25)
    finally:
        parameters.set_value("factor.policy", "standard")
        parameters.set_value("factor.strict.day_fen", parameters.STRICT_DAY_FEN.default)
    assert available(payee.account) == 1_500_00
