"""A certificate and a token for the bench's customers, made past the counter's forms."""

from __future__ import annotations

import datetime as dt

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key

from bench.bank import Customer
from chalicelib.customers import service as customers
from chalicelib.factors import authority, signatures, store, vault
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import s

TOKEN_SEED = bytes(range(32))
_PHONE_ID, _TOKEN_ID = "phone77", "token77"
_MONTHS = 24


class Signer:
    """A phone's key."""

    def __init__(self) -> None:
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())

    def sign(self, message: bytes) -> bytes:
        """ES256: r and s."""
        return signatures.sign(self.key, message)


def certified(customer: Customer) -> Signer:
    """Give the customer's phone a certificate."""
    signer, now, owner = Signer(), clock.now(), customer.caller.customer_id
    issued = authority.issue(signer.key.public_key(), owner, _PHONE_ID, _MONTHS, now)
    _give(
        customer,
        store.FactorItem(
            owner,
            _PHONE_ID,
            method="phone",
            state="active",
            valid_from=clock.to_text(now),
            valid_until=clock.to_text(issued.valid_until),
            serial=f"{issued.certificate.serial_number:016x}",
            certificate=issued.der,
            authority=issued.authority,
        ),
    )
    return signer


def give_token(customer: Customer) -> None:
    """Give the customer a token with the seed above."""
    now, owner = clock.now(), customer.caller.customer_id
    _give(
        customer,
        store.FactorItem(
            owner,
            _TOKEN_ID,
            method="token",
            state="active",
            valid_from=clock.to_text(now),
            valid_until=clock.to_text(now + dt.timedelta(days=900)),
            seed=vault.encrypt(TOKEN_SEED, owner, _TOKEN_ID),
        ),
    )


def _give(customer: Customer, row: store.FactorItem) -> None:
    row.save()
    record = customers.customer_update(customer.caller.customer_id)
    updates.insist(record.set(f"#factors.#{row.factor_id} = :method", method=s(row.method)))
