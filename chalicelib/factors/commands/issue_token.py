"""Issue a token at the counter: its seed is encrypted at once, and it is active in the same write (NB-5.3.3-token)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.blanks import service as stock
from chalicelib.customers import service as customers
from chalicelib.factors import domain, store, vault
from chalicelib.factors.commands.end_factor import require_teller
from chalicelib.factors.errors import FactorHeldAlready, FactorMalformed
from chalicelib.factors.service import state_at
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, totp, updates
from chalicelib.platform.dynamo import ItemUpdate, s

MAX_SERIAL = 32
ID_BYTES = 4  # seven characters: an id is one customer's, who has a few


def issue_token(customer_id: str, *, serial: str, seed: bytes, teller_id: str, now: dt.datetime) -> str:
    """Make the token with that serial number and seed (SHA-256, 60 s, 6 digits) the customer's; the factor's id.

    Valid three years by parameter (NB-5.3.4). It leaves the stock of the teller's branch in the same write (NB-5.3.5).
    Raises StaffNotEntitled, FactorMalformed, FactorHeldAlready, BlankNotInStock, BlankIssued, BlankCancelled,
    BlankSpoiled.
    """
    require_teller(customer_id, teller_id)
    if len(seed) != totp.SEED_BYTES or not serial.isalnum() or not serial.isascii() or len(serial) > MAX_SERIAL:
        raise FactorMalformed(reason="序列号或种子 / serial number or seed")
    replaced = free_method(customer_id, domain.TOKEN, now)
    factor_id = ids.random_id(ID_BYTES)
    blanks = stock.Plan(stock.TOKEN, teller_id, now)
    blanks.issue(serial, customer_id, factor_id)
    for old in {row.serial: row for row in replaced}.values():
        blanks.cancel(old.serial, customer_id, old.factor_id, unused=False)
    valid_until = domain.months_after(now, parameters.value(parameters.TOKEN_VALID_MONTHS, now))
    row = {
        "customer_id": customer_id,
        "factor_id": factor_id,
        "method": domain.TOKEN,
        "state": domain.ACTIVE,
        "valid_from": clock.to_text(now),
        "valid_until": clock.to_text(valid_until),
        "serial": serial,
        "seed": vault.encrypt(seed, customer_id, factor_id),
    }
    updates.together(
        [
            store.put_of(row),
            activated(customer_id, factor_id, domain.TOKEN, [old.factor_id for old in replaced]),
            audit.event(customer_id, audit.FACTOR_ISSUED, now, factor=domain.TOKEN, serial=serial[-4:]),
            *store.reminder_puts(customer_id, factor_id, domain.TOKEN, valid_until),
            *blanks.writes,
        ]
    )
    return factor_id


def free_method(customer_id: str, method: str, now: dt.datetime) -> list[store.FactorItem]:
    """The expired factors of this method, which a new one replaces on the customer's record.

    Raises FactorHeldAlready when one is active, reported lost or locked: that one is to be revoked first.
    """
    rows = [row for row in store.of_customer(customer_id) if row.method == method]
    if any(state_at(row, now) in (domain.ACTIVE, domain.LOST, domain.LOCKED) for row in rows):
        raise FactorHeldAlready()
    return [row for row in rows if row.state == domain.ACTIVE]


def activated(customer_id: str, factor_id: str, method: str, replaced: list[str]) -> ItemUpdate:
    """The customer's record with one more active factor, and without those it replaces."""
    update = customers.customer_update(customer_id).set(f"#factors.#{factor_id} = :method", method=s(method))
    return update.remove(*(f"factors.#{old}" for old in replaced))
