"""What test_expressions.py plays of sessions, tries, phones and factors."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from contextlib import suppress

import pytest

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.customers.commands.change_phone import plan_proved
from chalicelib.customers.commands.switch_transfers import switch_transfers
from chalicelib.devices import service as devices
from chalicelib.factors import authority
from chalicelib.factors import service as factors
from chalicelib.factors import store as factors_store
from chalicelib.factors.commands import issue_certificate, remind
from chalicelib.factors.commands.change_pin import change_pin
from chalicelib.factors.commands.download_codes import download_of
from chalicelib.factors.commands.end_factor import report_loss, revoke_factor
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.factors.errors import CodeWrong
from chalicelib.identity import application_store, attempts_store, tries
from chalicelib.identity import service as identity
from chalicelib.identity import store as identity_store
from chalicelib.identity.commands import captcha
from chalicelib.identity.commands.captcha import CaptchaAnswer
from chalicelib.identity.commands.change_password import change_password
from chalicelib.identity.commands.set_login_name import set_login_name
from chalicelib.identity.errors import ApplicationRefused, LoginRefused
from chalicelib.identity.keys import RING
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, totp, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import Refusal
from chalicelib.platform.key_ring import KeyRow
from chalicelib.stepup import service as stepup
from chalicelib.stepup.commands.prove_phone import prove
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.domain import Instruction, Request
from tests.chain.signers import Signer
from tests.chain.two_people import done as done_by_two
from tests.engine.conftest import TELLER, blank
from tests.engine.test_device_races import Phone
from tests.engine.test_factor_races import awaiting, cloud_certified, on_device, outcome, pin_of
from tests.engine.test_phone_races import begun, completed
from tests.engine.test_step_up_races import challenge, code_of
from tests.engine.test_step_up_races import confirmed as step_up_confirmed
from tests.engine.test_transfer_races import PASSWORD, Customer, customer
from tests.engine.transfer_stories import read_customer


def sessions() -> None:
    """Log-in, wrong passwords to the lock and past it, renewal, and the end of sessions."""
    person, now = customer("周五", 0), clock.now()
    grant = identity.log_in(person.login_name, PASSWORD, now)
    identity.renew(grant.refresh_token, now)
    with pytest.raises(Refusal):
        identity.renew(grant.refresh_token, now)
    parameters.set_value("login.captcha_after", 10)
    for _ in range(7):
        with suppress(LoginRefused):
            identity.log_in(person.login_name, "wrong", now)
    owner = person.caller.customer_id
    day_ago = now - dt.timedelta(days=1)
    events, cursor = audit.page(owner, since=day_ago, before=None, category=None, limit=1, after=None)
    more, _ = audit.page(owner, since=None, before=None, category="login", limit=9, after=cursor)
    assert {event.kind.code for event in [*events, *more]} == {
        "logged_in",
        "session_revoked",
        "login_refused",
        "locked",
    }
    far = int((now + dt.timedelta(days=2)).timestamp())
    tries_of(owner, now)
    for days in range(2):  # the second finds the first one's tokens dead, and takes it off
        later = now + dt.timedelta(days=days)
        identity.log_out(logged_in(person, later), later)
    assert len(read_customer(owner)["revoked"]) == 1
    # one more log-in than a customer may have sessions ends the oldest; then all the others
    later += dt.timedelta(minutes=1)
    for _ in range(parameters.SESSIONS_MAX.default + 1):
        caller = logged_in(person, later)
        later += dt.timedelta(seconds=1)
    assert len(identity.live_sessions(owner, later)) == parameters.SESSIONS_MAX.default
    assert identity.end_sessions(owner, caller.session_id, now=later) == parameters.SESSIONS_MAX.default - 1
    assert [one.session_id for one in identity.live_sessions(owner, later)] == [caller.session_id]
    assert change_password(person.caller, PASSWORD, "Another-Horse-8", later) == 1
    for name in (f"n{uuid.uuid4().hex[:20]}", f"m{uuid.uuid4().hex[:20]}"):
        assert set_login_name(person.caller, name, now) == name
    account_id = person.account
    assert identity_store.put_login_name(account_id, owner)
    application_store.put_withdrawal_hash(account_id, "hash")
    for _ in range(2):  # set, and reset
        noted = audit.event(owner, audit.PAYMENT_PASSWORD_SET, now)
        updates.together([application_store.payment_hash_write(account_id, "hash"), noted])
    for has_one, customer_id in ((True, owner), (False, uuid.uuid4().hex)):
        one = application_store.Application(uuid.uuid4().hex, customer_id, account_id, "1", "9")
        application_store.put(one, far)
        assert application_store.claim(one.application_id, "5", 5) == one
        updates.run_together(application_store.set_password(one, "hash", has_one))
        with pytest.raises(ApplicationRefused):
            updates.run_together(application_store.set_password(one, "hash", True)[:1])
    captchas = [captcha.give("nobody", now) for _ in range(2)]
    assert [captcha.is_passed(CaptchaAnswer(one.captcha_id, "x"), "nobody", now) for one in captchas] == [False, False]
    RING.put(KeyRow("withdrawn", 0, is_withdrawn=True))
    assert [row.key_id for row in RING.stored()] == ["withdrawn"]


def tries_of(owner: str, now: dt.datetime) -> None:
    """A lock that is over, and then tries that end one way and the other, alone and beside others."""
    later = now + dt.timedelta(days=2)
    subject, later_s = tries.of_log_in(owner), int(later.timestamp())
    found = attempts_store.claim(subject, 3, later_s, also_locked=False)
    assert found is not None
    assert attempts_store.start_anew(subject, found.count.locked_until, found, later, by="time")
    second = attempts_store.claim(subject, 3, later_s, also_locked=True)
    assert second is not None
    assert attempts_store.mark_wrong(subject, found.claim_id) is not None
    assert attempts_store.mark_wrong(subject, found.claim_id) is None
    third = attempts_store.claim(subject, 3, later_s, also_locked=True)
    assert third is not None
    assert attempts_store.claim(subject, 3, later_s, also_locked=True) is None
    assert not attempts_store.forget_row(subject, second.count)
    assert not attempts_store.forget_wrong(subject, second.count, [second.claim_id])
    assert attempts_store.forget_wrong(subject, third.count, [second.claim_id])
    left = attempts_store.read(subject)
    assert left == attempts_store.Count(1, 0, 0, {third.claim_id: later_s})
    assert attempts_store.lock(subject, later_s, 1, later)
    assert attempts_store.start_anew(subject, later_s, None, later, by="reset")
    assert attempts_store.read(subject) == attempts_store.Count()
    last = attempts_store.claim(subject, 3, later_s, also_locked=False)
    assert last is not None
    assert attempts_store.forget_row(subject, last.count)


def logged_in(person: Customer, now: dt.datetime) -> Caller:
    grant = identity.log_in(person.login_name, PASSWORD, now)
    return Caller(grant.customer_id, grant.session_id, grant.edition)


def step_ups() -> None:
    """A challenge counted, sent again, confirmed and used; the switch it is for, off and on."""
    owner, now = customer("吴九", 0), clock.now()
    switch_transfers(owner.caller, on=False, given=None, correlation_id="test", now=now)
    asked = challenge(owner)
    later = now + dt.timedelta(seconds=100)
    again = stepup.send_again(owner.caller, asked.challenge_id, later)
    assert step_up_confirmed(owner, asked, code_of(asked, again.attempt), later) == "confirmed"
    given = asked.challenge_id
    assert switch_transfers(owner.caller, on=True, given=given, correlation_id="test", now=later).transfers_on


def phones() -> None:
    """A device bound, known again, renamed and revoked."""
    owner = customer("郑十", 10_00)
    phone = Phone(owner)
    grant = phone.bound()
    assert identity.log_in(owner.login_name, PASSWORD, clock.now(), device=phone.proof()).access_token
    caller = Caller(owner.caller.customer_id, grant.session_id, "professional")
    (device,) = devices.devices_of(caller)
    devices.rename(caller, device.device_id, "x")
    on_device = Caller(caller.customer_id, caller.session_id, "professional", device.device_id)
    request = Request(owner.account, customer("钱红", 0).account, "钱红", 1_00, "CNY", "")
    image = create_transfer(on_device, uuid.uuid4().hex, request, "test", clock.now()).image
    code = factors.confirmation_code(image["digest"], image["attempt"])
    assert not confirm_transfer(on_device, image["entry_id"], factors.Given(factors.SMS, code), clock.now()).hit
    devices.revoke(caller, device.device_id, clock.now())
    assert devices.devices_of(caller) == []


def phone_change() -> None:
    """A reserved phone changed at the counter."""
    owner = customer("冯一", 0)
    assert completed(owner, begun(owner)) == "changed"
    change, who, now = begun(owner), owner.caller.customer_id, clock.now()
    prove(who, TELLER, change.challenge_id, code_of(change), now)
    updates.run_together(plan_proved(who, change.challenge_id, teller_id=TELLER).writes(TELLER, now))
    assert customers.profile_of(who).phone == change.facts["phone"]


def factors_and_codes(payer: Customer, payee: Customer) -> None:
    """Every method issued, used, lost, restored, renewed and revoked; a wrong code; the strict day."""
    owner, session, now = payer.caller.customer_id, payer.caller.session_id, clock.now()
    seed, signer = bytes(32), Signer()
    for row in factors_store.of_customer(authority.BANK):  # as before the key was used first
        row.delete()
    authority.authority_named.cache_clear()
    revoked_id = issue_token(owner, serial=blank(), seed=seed, teller_id=TELLER, now=now)
    revoke_factor(owner, revoked_id, teller_id=TELLER, now=now)
    token_id = issue_token(owner, serial=blank(), seed=seed, teller_id=TELLER, now=now)
    for _ in range(2):  # the second is a new code for the same
        phone_id = issue_certificate.apply_for_certificate(
            owner, "phone", teller_id=TELLER, now=now, correlation_id="test"
        )
    found = download_of(owner, phone_id, 2, now)
    assert found is not None
    offer = issue_certificate.Offer(signer.request_pem())
    issue_certificate.download_certificate(owner, phone_id, code=found[1], offer=offer, now=now, session_id=session)
    parameters.set_value("factor.policy", "strict")
    try:
        for factor in ("token", "certificate", "sms"):
            request = Request(payer.account, payee.account, payee.name, 1_00, "CNY", "", factor=factor)
            image = create_transfer(payer.caller, uuid.uuid4().hex, request, "test", clock.now()).image
            code = totp.code_at(seed, totp.step_at(clock.now()))
            signature = base64.b64decode(signer.sign(Instruction.from_image(image).canonical()))
            given = {
                "token": factors.Given("token", code),
                "certificate": factors.Given("certificate", signature=signature),
                "sms": factors.Given("sms", "wrong!"),
            }
            with suppress(CodeWrong):
                done = confirm_transfer(payer.caller, image["entry_id"], given[factor], clock.now())
                assert done.image["state"] == "posted"
    finally:
        parameters.set_value("factor.policy", "standard")
    cloud_certificate(payer, payee)
    report_loss(owner, token_id, now)
    done_by_two("factor.lift_loss", customer_id=owner, factor_id=token_id)
    revoke_factor(owner, token_id, teller_id=TELLER, now=now)
    later = now + dt.timedelta(days=710)
    new = Signer().request_pem()
    signature = base64.b64decode(signer.sign(new.encode()))
    new_id, _ = issue_certificate.renew_certificate(
        payer.caller, phone_id, offer=issue_certificate.Offer(new), signature=signature, now=later
    )
    assert read_customer(owner)["factors"] == {"sms": "sms", new_id: "phone"}
    ends = later + dt.timedelta(days=900)
    # Races beside this test may have put factors without their reminders: they get them once.
    remind.backfill(later)
    assert remind.backfill(later) == 0
    assert remind.remind(ends, "test") >= 4
    due = remind.due(owner, new_id, "ended", ends)
    assert due is not None
    assert (due.method, due.has_ended) == ("phone", True)
    assert len(factors.factors_of(owner)) == 6


def cloud_certificate(payer: Customer, payee: Customer) -> None:
    """A cloud certificate: made, signing for its PIN, locked by wrong ones, and the lock lifted."""
    owner, right = on_device(payer), "802731"
    customer_id, factor_id = owner.caller.customer_id, cloud_certified(owner, right)
    image = awaiting(owner, payee, "certificate")
    assert [outcome(owner, image, pin_of(owner, pin)) for pin in ("802713", right)] == ["pin_wrong", "posted"]
    image = awaiting(owner, payee, "certificate")
    assert [outcome(owner, image, pin_of(owner, "802713")) for _ in range(5)] == ["pin_wrong"] * 5
    done_by_two("factor.lift_loss", customer_id=customer_id, factor_id=factor_id)
    change_pin(owner.caller, factor_id, old=right, new="620845", now=clock.now())
    revoke_factor(customer_id, factor_id, teller_id=TELLER, now=clock.now())
