"""Change a cloud certificate's PIN: the old one is asked for, with its tries (NB-5.3.3-cert, decision 0015)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.factors import domain, store
from chalicelib.factors.commands.sign_with_pin import check_pin, usable_rule
from chalicelib.factors.domain import Given
from chalicelib.identity.commands.check_pin import require_good_pin
from chalicelib.identity.errors import PasswordUnchanged
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, passwords, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Rule, s


def change_pin(caller: Caller, factor_id: str, *, old: str, new: str, now: dt.datetime) -> None:
    """Set another PIN; the certificate and its key stay.

    On a bound device, as for signing; a wrong old PIN is one of the certificate's tries, and the last one locks it.
    Raises PasswordPersonal, PasswordPattern for a new one that is easily guessed (no try is taken), what `check_pin`
    raises, PasswordUnchanged; NotFound; SessionEnded where the device was ended meanwhile; TryAgain, OutcomeUnknown.
    """
    require_good_pin(caller.customer_id, new)
    given = Given(domain.CERTIFICATE, pin=old, device_id=caller.device_id)
    image = check_pin(caller.customer_id, factor_id, given, parameters.value(parameters.PIN_TRIES, now), now)
    if new == old:
        raise PasswordUnchanged()
    update = store.update_of(caller.customer_id, factor_id)
    # Of two changes that began with the same old PIN, one gets through.
    update.require(usable_rule(clock.to_text(now)), pin_rule(image["pin_hash"]))
    record = customers.customer_update(caller.customer_id)
    record.require(domain.active_rule(factor_id), *customers.device_rules(caller.device_id))
    updates.together(
        [
            update.set("#pin_hash = :new_pin_hash", new_pin_hash=s(passwords.hash_password(new))),
            record,
            audit.event(caller.customer_id, audit.FACTOR_PIN_CHANGED, now, session_id=caller.session_id),
        ]
    )


def pin_rule(pin_hash: str) -> Rule:
    """The PIN is still the one that was looked at."""
    return Rule(
        "#pin_hash = :checked_pin_hash",
        {":checked_pin_hash": s(pin_hash)},
        lambda image: bool(image.get("pin_hash") == pin_hash),
        None,
    )
