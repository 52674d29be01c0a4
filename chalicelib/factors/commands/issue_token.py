"""Issue a token at the counter: its seed is encrypted at once, and it is active in the same write (NB-5.3.3-token)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.blanks import service as stock
from chalicelib.factors import domain, store, vault
from chalicelib.factors.commands.end_factor import require_teller
from chalicelib.factors.commands.take_place import activated, free_method, replaced, take_place
from chalicelib.factors.errors import FactorMalformed
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, totp, updates

MAX_SERIAL = 32
ID_BYTES = 4  # seven characters: an id is one customer's, who has a few


def issue_token(customer_id: str, *, serial: str, seed: bytes, teller_id: str, now: dt.datetime) -> str:
    """Make the token with that serial number and seed (SHA-256, 60 s, 6 digits) the customer's; the factor's id.

    Valid three years by parameter (NB-5.3.4). It leaves the stock of the teller's branch in the same write (NB-5.3.5).
    Raises StaffNotEntitled, FactorMalformed, FactorHeldAlready, BlankNotInStock, BlankIssued, BlankCancelled,
    BlankSpoiled, TryAgain, OutcomeUnknown.
    """
    require_teller(customer_id, teller_id)
    if len(seed) != totp.SEED_BYTES or not serial.isalnum() or not serial.isascii() or len(serial) > MAX_SERIAL:
        raise FactorMalformed(reason="序列号或种子 / serial number or seed")
    known = free_method(customer_id, domain.TOKEN, now)
    factor_id, ended = ids.random_id(ID_BYTES), replaced(known)
    blanks = stock.Plan(stock.TOKEN, teller_id, now)
    blanks.issue(serial, customer_id, factor_id)
    for old in {row.serial: row for row in ended}.values():
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
            take_place(customer_id, domain.TOKEN, factor_id, known, now),
            activated(customer_id, factor_id, domain.TOKEN, [old.factor_id for old in ended]),
            audit.event(customer_id, audit.FACTOR_ISSUED, now, factor=domain.TOKEN, serial=serial[-4:]),
            *store.reminder_puts(customer_id, factor_id, domain.TOKEN, valid_until),
            *blanks.writes,
        ]
    )
    return factor_id
