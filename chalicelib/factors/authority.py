"""The bank's certificate authority: its key is in KMS, its certificate in the table of factors (NB-5.3.3-cert)."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pynamodb.exceptions import PutError

from chalicelib.factors import domain, store
from chalicelib.platform import clock, ids, settings
from chalicelib.platform.dynamo import is_refused
from chalicelib.platform.kms_key import KmsKey, key_usage

# The rows of the bank's own authorities have this in place of a customer: no customer's id has a hyphen.
BANK = "bank-ca"
AUTHORITY_MONTHS = 240
_SERIAL_DIGITS = 18
_SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate, when it ends (the end is not part of its time), and the row of the authority that signed it."""

    certificate: x509.Certificate
    valid_until: dt.datetime
    authority: str

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def issue(
    public_key: EllipticCurvePublicKey, customer_id: str, factor_id: str, months: int, now: dt.datetime
) -> Issued:
    """Certify the key for the customer; that its owner holds the private half has been proved."""
    key = KmsKey(settings.get("CA_KEY_ID"))
    authority_id, authority = _current(key, now)
    valid_until = domain.months_after(now, months)
    builder = _builder(f"{customer_id}/{factor_id}", now, valid_until).issuer_name(authority.subject)
    builder = builder.public_key(public_key)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(ca=False), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    builder = builder.add_extension(issuer, critical=False)
    return Issued(builder.sign(key, SHA256()), valid_until, authority_id)


@functools.lru_cache(maxsize=8)
def authority_named(authority_id: str) -> x509.Certificate:
    """The certificate of one of the bank's authorities, retired ones included. Raises KeyError."""
    row = store.get(BANK, authority_id)
    if row is None or row.certificate is None:
        raise KeyError(authority_id)
    return x509.load_der_x509_certificate(row.certificate)


def _current(key: KmsKey, now: dt.datetime) -> tuple[str, x509.Certificate]:
    """The authority of the key in use: id and certificate, which is made when the key is used first."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority_id = identifier.digest.hex()[:16]
    try:
        return authority_id, authority_named(authority_id)
    except KeyError:
        pass
    valid_until = domain.months_after(now, AUTHORITY_MONTHS)
    name = f"Rural Bank CA {authority_id}"
    builder = _builder(name, now, valid_until).issuer_name(_name(name)).public_key(key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(key_usage(ca=True), critical=True).add_extension(identifier, critical=False)
    row = store.FactorItem(
        BANK,
        authority_id,
        method="authority",
        state=domain.ACTIVE,
        valid_from=clock.to_text(now),
        valid_until=clock.to_text(valid_until),
        certificate=builder.sign(key, SHA256()).public_bytes(Encoding.DER),
    )
    try:
        row.save(store.FactorItem.factor_id.does_not_exist())
    except PutError as error:
        if not is_refused(error):
            raise  # another instance was first: its certificate is the one
    return authority_id, authority_named(authority_id)


def _builder(name: str, now: dt.datetime, valid_until: dt.datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(name))
    builder = builder.serial_number(int("1" + ids.random_digits(_SERIAL_DIGITS)))
    # The last second of a certificate belongs to it; the end of a factor does not.
    return builder.not_valid_before(now.replace(microsecond=0)).not_valid_after(valid_until - _SECOND)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Rural Bank"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
