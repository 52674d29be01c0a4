"""Races over devices on a real engine: bound once, never more than allowed, and no money after the end."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.customers import service as customers
from chalicelib.devices import service as devices
from chalicelib.devices.domain import proof_text
from chalicelib.factors import service as factors
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.identity import service as identity
from chalicelib.identity import tokens
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import Refusal
from chalicelib.stepup import service as stepup
from chalicelib.stepup.errors import StepUpRequired
from tests.engine.test_transfer_races import (
    PASSWORD,
    THREADS,
    Customer,
    available,
    confirmed,
    created,
    customer,
    kinds_of,
    together,
)

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]


@pytest.fixture(autouse=True)
def many_a_day() -> None:
    parameters.set_value("step_up.day_max", 100)


class Phone:
    """A phone of a customer, with a key store."""

    def __init__(self, owner: Customer) -> None:
        self.owner = owner
        self.key = ec.generate_private_key(ec.SECP256R1())

    def proof(self) -> devices.DeviceProof:
        signed_at = clock.to_text(clock.now())
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        signature = self.key.sign(proof_text(self.owner.login_name, signed_at), ec.ECDSA(SHA256()))
        texts = [base64.b64encode(raw).decode() for raw in (public, signature)]
        return devices.DeviceProof("x", "other", texts[0], signed_at, texts[1])

    def asked(self) -> str:
        with pytest.raises(StepUpRequired) as refused:
            identity.log_in(self.owner.login_name, PASSWORD, clock.now(), device=self.proof())
        return refused.value.facts["step_up"]

    def entered(self, step_up: str) -> str:
        try:
            identity.bind_device(step_up, code_of(step_up), clock.now())
        except Refusal as refusal:
            return refusal.code
        return "bound"

    def bound(self) -> identity.Grant:
        step_up = self.asked()
        return identity.bind_device(step_up, code_of(step_up), clock.now())


def code_of(step_up: str) -> str:
    challenge = stepup.read_challenge(step_up)
    assert challenge is not None
    return factors.confirmation_code(challenge.digest, challenge.attempt)


def held(owner: Customer) -> int:
    record = customers.customer_of(owner.caller.customer_id)
    assert record is not None
    return len(record.devices)


def test_one_code_entered_by_many_at_once_binds_once() -> None:
    owner = customer("赵小明", 0)
    phone = Phone(owner)
    step_up = phone.asked()
    outcomes = together(lambda _: phone.entered(step_up), 16)
    assert outcomes["bound"] == 1
    assert set(outcomes) <= {"bound", "step_up_not_awaiting", "step_up_tries_exhausted"}
    assert held(owner) == 1


def test_one_phone_asked_for_often_is_bound_once() -> None:
    owner = customer("赵小明", 0)
    phone = Phone(owner)
    asked = [phone.asked() for _ in range(8)]
    outcomes = together(lambda i: phone.entered(asked[i]), len(asked))
    assert outcomes["bound"] == 1
    assert outcomes["try_again"] == len(asked) - 1
    assert held(owner) == 1


def test_five_of_twenty_phones_are_bound() -> None:
    owner = customer("赵小明", 0)
    phones = [Phone(owner) for _ in range(20)]
    asked = [phone.asked() for phone in phones]
    outcomes = together(lambda i: phones[i].entered(asked[i]), len(phones))
    assert outcomes == {"bound": 5, "device_limit_reached": 15}
    assert held(owner) == 5


@pytest.mark.requirement("NB-5.3.6")
def test_a_loss_of_codes_reported_while_phones_are_bound_lets_none_be_bound_afterwards() -> None:
    # given phones whose codes have come, perhaps to somebody else
    owner = customer("赵小明", 0)
    phones = [Phone(owner) for _ in range(12)]
    asked = [phone.asked() for phone in phones]
    reported: list[float] = []

    def work(i: int) -> str:
        if i == 2:
            report_loss(owner.caller.customer_id, "sms", clock.now())
            reported.append(clock.monotonic())
            return "reported"
        began = clock.monotonic()
        found = phones[i].entered(asked[i])
        return f"late {found}" if reported and began > reported[0] else found

    outcomes = together(work, len(phones))
    assert outcomes["late bound"] == 0
    assert held(owner) == outcomes["bound"]
    refusals = {"phone_changed", "device_limit_reached"}
    assert set(outcomes) <= {"reported", "bound", *refusals, *(f"late {code}" for code in refusals)}


@pytest.mark.requirement("XJ-4.2-pw")
def test_strangers_who_guess_do_not_lock_the_owner_out_of_a_bound_phone() -> None:
    # given strangers who need no captcha, while the owner logs in again and again
    owner = customer("赵小明", 0)
    phone = Phone(owner)
    phone.bound()

    def try_it(index: int) -> str:
        try:
            if index % 4:
                identity.log_in(owner.login_name, f"wrong-{index}", clock.now())
            else:
                with one_by_one:  # a phone's next signature is a later one
                    identity.log_in(owner.login_name, PASSWORD, clock.now(), device=phone.proof())
        except Refusal as refusal:
            return refusal.code
        return "in"

    one_by_one = threading.Lock()
    assert together(try_it, 32) == {"in": 8, "login_refused": 24}
    # then the strangers have locked what is theirs to lock
    assert kinds_of(owner).count("locked") == 1
    assert "device_locked" not in kinds_of(owner)


@pytest.mark.requirement("NB-5.3.6")
def test_a_phone_that_is_ended_moves_nothing_from_then_on() -> None:
    # given a phone with eighty transfers that wait for their codes
    owner, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    grant = Phone(owner).bound()
    caller = tokens.read(grant.access_token, int(clock.now().timestamp()))
    assert caller.device_id is not None
    at_phone = Customer(owner.name, owner.login_name, owner.account, caller)
    entries = [created(at_phone, payee, 1_00) for _ in range(80)]
    started = threading.Barrier(2)

    def pay(index: int) -> str:
        if index == THREADS:
            started.wait()
        return confirmed(at_phone, entries[index])

    # when it is revoked in their midst
    elsewhere = Caller(caller.customer_id, "a" * 20, "professional")
    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(pay, index) for index in range(len(entries))]
        started.wait()
        devices.revoke(elsewhere, caller.device_id, clock.now())
        paid_fen = available(payee.account)
        outcomes = Counter(future.result() for future in running)

    # then what had moved when the answer came is all that ever moves
    assert set(outcomes) == {"posted", "session_ended"}
    assert available(payee.account) == paid_fen == outcomes["posted"] * 1_00
