"""Bind devices, know them again, end them (XJ-4.2).

A device is its P-256 key: the private half stays in the phone's key store and signs each log-in, so a copied id
is worth nothing. Which devices are bound stands on the customer's record, which every payment's write reads:
a device that is taken off stops moving money from that moment.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.audit.service import Kind
from chalicelib.customers import service as customers
from chalicelib.devices import domain, store
from chalicelib.devices.domain import BOUND, LOST, REVOKED
from chalicelib.devices.errors import DeviceLimitReached, DeviceProofRefused, DeviceRevoked
from chalicelib.devices.store import DeviceItem
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Rule, lowest, n, s
from chalicelib.platform.errors import NotFound, Refusal, TryAgain

__all__ = [
    "Bound",
    "Device",
    "DeviceProof",
    "bind",
    "bound_device",
    "bound_devices",
    "devices_of",
    "rename",
    "report_lost",
    "revoke",
    "why_not",
]

Device = DeviceItem
# Short, as the customer's record holds five and stays under 1 KB; 80 bits of SHA-256.
_ID_LENGTH = 16
# Factors of one customer change seldom: each plan meets at most one change that was under way.
_MAX_PLANS = 8
_ID = re.compile(rf"[a-z2-7]{{{_ID_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class DeviceProof:
    """What a device brings to a log-in. `public_key` is SPKI, `signature` DER, both in base64.

    The signature is over `domain.proof_text(login_name, signed_at)`; `signed_at` is the device's own time.
    """

    name: str
    platform: str
    public_key: str
    signed_at: str
    signature: str


@dataclass(frozen=True, slots=True)
class Bound:
    """Whose device was bound, the edition that the log-in which bound it came by, and what marks its password."""

    customer_id: str
    device_id: str
    edition: str
    password_mark: str


def bound_device(customer_id: str, login_name: str, proof: DeviceProof, now: dt.datetime) -> str | None:
    """The id of the customer's bound device that made `proof`, which is used up; None for anything else.

    Asked before the password is looked at, so that whoever has no such device learns nothing: what is not valid,
    not bound, used before, or for a name that is nobody's (`customer_id` is then any other key) is one answer, after
    the same calls.
    """
    try:
        key_text = _verified(login_name, proof, now)
    except DeviceProofRefused:
        return None
    device_id = _id_of(customer_id, key_text)
    return device_id if store.take_proof(device_id, proof.signed_at) else None


def why_not(
    customer: customers.Customer,
    login_name: str,
    proof: DeviceProof,
    edition: str,
    password_mark: str,
    *,
    correlation_id: str,
    now: dt.datetime,
) -> Refusal:
    """Why there is no session for a `proof` that is no bound device's, though the password was right.

    `edition` is the session's, `password_mark` tells the password that was right from a later one; a challenge that
    binds the device keeps both for the session that follows.

    DeviceProofRefused, also for a proof used before; StepUpRequired for a device that is not bound yet (its code is
    on the way to the reserved phone, and `bind` takes it); DeviceRevoked, DeviceLimitReached. Raises
    StepUpLimitReached, StrongFactorRequired.
    """
    try:
        key_text = _verified(login_name, proof, now)
    except DeviceProofRefused as refusal:
        return refusal
    device_id = _id_of(customer.customer_id, key_text)
    if device_id in customer.devices:
        return DeviceProofRefused()
    if store.read(device_id) is not None:
        return DeviceRevoked()
    most = parameters.value(parameters.DEVICES_MAX, now)
    if len(customer.devices) >= most:
        return DeviceLimitReached(limit=str(most))
    facts = {
        "device": device_id,
        "name": proof.name,
        "platform": proof.platform,
        "public_key": key_text,
        "signed_at": proof.signed_at,
        "edition": edition,
        "password": password_mark,
    }
    from chalicelib.stepup import service as stepup  # noqa: PLC0415  # most log-ins are from a known device

    caller = Caller(customer.customer_id, device_id, edition)
    return stepup.refusal_of(stepup.Demand(caller, stepup.BIND_DEVICE, facts, None, correlation_id), now)


def _id_of(customer_id: str, key_text: str) -> str:
    return ids.derived_id("device", customer_id, key_text)[:_ID_LENGTH]


def _verified(login_name: str, proof: DeviceProof, now: dt.datetime) -> str:
    """The key's one text, after looking at signature and time; raises DeviceProofRefused."""
    key = domain.key_from(proof.public_key)
    if key is None or not domain.is_signed(key, proof.signature, domain.proof_text(login_name, proof.signed_at)):
        raise DeviceProofRefused()
    try:
        signed_at = clock.from_text(proof.signed_at)
    except ValueError:
        raise DeviceProofRefused() from None
    window = dt.timedelta(seconds=parameters.value(parameters.DEVICE_PROOF_S, now))
    # The bank's own way to write a time: the order of texts is the order of times.
    if abs(now - signed_at) > window or clock.to_text(signed_at) != proof.signed_at:
        raise DeviceProofRefused()
    return domain.key_text(key)


def bind(step_up_id: str, code: str, now: dt.datetime) -> Bound:
    """Bind the device of a challenge that `why_not` opened, once its code is entered.

    A wrong code is one of the customer's of the day, though there is no session yet: only who knew the password was
    given the challenge, and guesses at the code that the reserved phone has. Raises NotFound, CodeWrong and the
    refusals of `stepup.confirm`; DeviceLimitReached; TryAgain when the same device is being bound by another request.
    """
    from chalicelib.stepup import service as stepup  # noqa: PLC0415  # as above

    found = stepup.read_challenge(step_up_id)
    if found is None or found.kind is not stepup.BIND_DEVICE:
        raise NotFound()
    challenge = stepup.claim(found.customer_id, found.holder, step_up_id, stepup.Given(stepup.SMS, code), now)
    facts, at = challenge.facts, clock.to_text(now)
    device_id, most = facts["device"], parameters.value(parameters.DEVICES_MAX, now)
    record = customers.customer_update(challenge.customer_id)
    record.require(*stepup.confirming_rules(challenge, now), room_rule(most))
    row = {
        "device_id": device_id,
        "customer_id": challenge.customer_id,
        **{name: facts[name] for name in ("name", "platform", "public_key", "signed_at")},
        "state": BOUND,
        "bound_at": at,
    }
    try:
        updates.run_together(
            [
                stepup.settlement(challenge, now).set("#state = :used, #used_at = :at", used=s("used"), at=s(at)),
                record.set(f"#devices.#{device_id} = :bound", bound=n(1)),
                store.put_of(row),
                audit.event(
                    challenge.customer_id,
                    audit.DEVICE_BOUND,
                    now,
                    device_id=device_id,
                    name=facts["name"],
                    platform=facts["platform"],
                ),
            ]
        )
    except updates.Overtaken:
        raise TryAgain() from None
    return Bound(challenge.customer_id, device_id, facts["edition"], facts["password"])


def room_rule(most: int) -> Rule:
    """The customer has fewer devices than the bank allows."""
    return Rule(
        "size(#devices) < :most_devices",
        {":most_devices": n(most)},
        lambda image: "devices" in image and len(image["devices"]) < most,
        lambda _: DeviceLimitReached(limit=str(most)),
    )


def devices_of(caller: Caller) -> list[Device]:
    """The caller's bound devices, in the order in which they were bound."""
    return bound_devices(customers.require_live_session(caller))


def bound_devices(customer: customers.Customer) -> list[Device]:
    """The same of any customer: for the bank's own side."""
    found = [store.read(device_id) for device_id in customer.devices]
    return sorted((device for device in found if device is not None), key=lambda device: device.bound_at)


def rename(caller: Caller, device_id: str, name: str) -> None:
    """Give one of the caller's devices another name. Raises NotFound, also for another's."""
    update = store.update_of(_id_from(device_id)).require(own_rule(caller.customer_id))
    done, image = updates.run(update.set("#name = :name", name=s(name)))
    if not done:
        refusal = lowest(update.breaches(image))
        raise refusal if refusal is not None else TryAgain()


def revoke(caller: Caller, device_id: str, now: dt.datetime) -> None:
    """End a device and with it every session it has, and the certificate whose key it holds, at once.

    Raises NotFound, also for another's; TryAgain, OutcomeUnknown.
    """
    _end(caller, device_id, REVOKED, audit.DEVICE_REVOKED, now)


def report_lost(caller: Caller, device_id: str, now: dt.datetime) -> None:
    """The same for a device that was lost or stolen (NB-5.3.6)."""
    _end(caller, device_id, LOST, audit.DEVICE_LOST, now)


def _end(caller: Caller, device_id: str, state: str, kind: Kind, now: dt.datetime) -> None:
    # Few requests end a device, and it takes the counter's stock along.
    from chalicelib.factors.commands.end_factor import lost_with_device  # noqa: PLC0415

    device_id = _id_from(device_id)
    for _ in range(_MAX_PLANS):
        record = customers.customer_update(caller.customer_id).require(bound_rule(device_id))
        row = store.update_of(device_id).require(own_rule(caller.customer_id))
        row.set("#state = :ended, #ended_at = :at", ended=s(state), at=s(clock.to_text(now)))
        writes = [
            record.remove(f"devices.#{device_id}"),
            row,
            audit.event(caller.customer_id, kind, now, session_id=caller.session_id, device_id=device_id),
            *lost_with_device(record, caller, device_id, now, is_lost=state == LOST),
        ]
        try:
            updates.run_together(writes)
        except updates.Overtaken:
            continue  # a factor came or went: it may be in this device
        return
    raise TryAgain()


def bound_rule(device_id: str) -> Rule:
    """The device is one of the customer's; any other looks like none."""
    return Rule(
        f"attribute_exists(#devices.#{device_id})",
        {},
        lambda image: device_id in image.get("devices", {}),
        lambda _: NotFound(),
    )


def own_rule(customer_id: str) -> Rule:
    """The device is bound, and this customer's."""
    return Rule(
        "#customer_id = :customer AND #state = :bound",
        {":customer": s(customer_id), ":bound": s(BOUND)},
        lambda image: image.get("customer_id") == customer_id and image.get("state") == BOUND,
        lambda _: NotFound(),
    )


def _id_from(text: str) -> str:
    if not _ID.fullmatch(text):
        raise NotFound()
    return text
