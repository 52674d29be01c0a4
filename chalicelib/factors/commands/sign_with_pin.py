"""Sign with a cloud certificate (云证书): the bank keeps its key, and uses it once for a PIN given on a bound device.

The key is encrypted by KMS as token seeds are. A try at the PIN is claimed before the PIN is looked at; the last one
locks the certificate, which stops as a lost one does (NB-5.3.3-cert, decision 0015).
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)

from chalicelib.audit import service as audit
from chalicelib.factors import domain, signatures, store, vault
from chalicelib.factors.commands.end_factor import end_factor
from chalicelib.factors.domain import Given
from chalicelib.factors.errors import (
    BoundDeviceRequired,
    FactorNotActive,
    FactorStateUnfit,
    PinLocked,
    PinWrong,
    SignatureRequired,
)
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, passwords, updates
from chalicelib.platform.dynamo import Image, Rule, n, s
from chalicelib.platform.errors import TryAgain

_KEY_BYTES = 32
# A request is over after 29 seconds (the API function's time-out, infra/overlay.yaml), whatever became of its try.
JUDGED_WITHIN = dt.timedelta(seconds=30)


def make_key(customer_id: str, factor_id: str, pin_hash: str) -> tuple[EllipticCurvePublicKey, Image]:
    """A new P-256 key of the bank's for that factor: its public half, and what the factor's row keeps."""
    key = generate_private_key(SECP256R1())
    number = key.private_numbers().private_value.to_bytes(_KEY_BYTES)
    kept = {"private_key": vault.encrypt(number, customer_id, factor_id), "pin_hash": pin_hash, "pin_tries": 0}
    return key.public_key(), kept


def sign_with_pin(
    customer_id: str, factor_id: str, given: Given, message: bytes, tries_left: int, now: dt.datetime
) -> bytes:
    """ES256 over `message` by the certificate's key, for the right PIN. Raises what `check_pin` raises."""
    image = check_pin(customer_id, factor_id, given, tries_left, now)
    number = vault.decrypt(image["private_key"], customer_id, factor_id)
    return signatures.sign(derive_private_key(int.from_bytes(number), SECP256R1()), message)


def check_pin(customer_id: str, factor_id: str, given: Given, tries_left: int, now: dt.datetime) -> Image:
    """The certificate's row as the try was claimed, once the PIN is right; `tries_left` are those of what it confirms.

    Raises BoundDeviceRequired and SignatureRequired, which take no try; FactorNotActive, PinLocked, PinWrong;
    TryAgain, OutcomeUnknown.
    """
    if given.device_id is None:
        raise BoundDeviceRequired()
    most = parameters.value(parameters.PIN_TRIES, now)
    now_text = clock.to_text(now)
    claim = store.update_of(customer_id, factor_id).require(cloud_rule(), usable_rule(now_text))
    claim.require(pin_tries_rule(most, clock.to_text(now - JUDGED_WITHIN)))
    try:
        image = updates.insist(claim.set("#pin_tries = #pin_tries + :one, #pin_at = :now", one=n(1), now=s(now_text)))
    except PinLocked:
        # Also where a crash, or a parameter lowered since, left the tries used up without a lock.
        _lock(customer_id, factor_id, now)
        raise
    if not passwords.matches(image["pin_hash"], given.pin):
        if image["pin_tries"] >= most:
            _lock(customer_id, factor_id, now)
        raise PinWrong(tries_left=str(min(tries_left, max(0, most - image["pin_tries"]))))
    # Wrong ones before it are forgotten; a lock that was quicker stays.
    again = store.update_of(customer_id, factor_id).require(usable_rule(now_text))
    updates.insist(again.set("#pin_tries = :none", none=n(0)))
    # The row that the PIN was checked against: the newer one may hold a PIN that was changed meanwhile.
    return image


def _lock(customer_id: str, factor_id: str, now: dt.datetime) -> None:
    """Stop the certificate everywhere and tell its owner, once however many tries end it together."""
    row = store.get(customer_id, factor_id)
    if row is not None and row.state == domain.ACTIVE:
        with suppress(FactorStateUnfit):
            end_factor(row, domain.LOCKED, audit.FACTOR_LOCKED, (domain.ACTIVE,), now)


def cloud_rule() -> Rule:
    """The bank has the certificate's key."""
    return Rule(
        "#method = :cloud",
        {":cloud": s(domain.CLOUD)},
        lambda image: bool(image.get("method") == domain.CLOUD),
        lambda _: SignatureRequired(),
    )


def usable_rule(now_text: str) -> Rule:
    """The certificate is active, and its time not over."""
    return Rule(
        "#state = :active AND #valid_until > :now",
        {":active": s(domain.ACTIVE), ":now": s(now_text)},
        lambda image: bool(image.get("state") == domain.ACTIVE and image.get("valid_until", "") > now_text),
        lambda image: PinLocked() if image.get("state") == domain.LOCKED else FactorNotActive(factors=domain.NO_FACTOR),
    )


def pin_tries_rule(most: int, judged_until: str) -> Rule:
    """A try at the PIN is left. Where the last was claimed after `judged_until`, it may yet turn out to be right."""

    def is_over(image: Image) -> bool:
        return bool(image.get("state") != domain.ACTIVE or image.get("pin_at", "") <= judged_until)

    return Rule(
        "#pin_tries < :most_pins",
        {":most_pins": n(most)},
        lambda image: bool(image.get("pin_tries", most) < most),
        lambda image: PinLocked() if is_over(image) else TryAgain(),
    )
