"""Certificates of the keys that sign documents: asked for, installed, and, where it is only a test, made here.

For an operator, never a route (`./bank key certificate-request`, `./bank key certificate`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from chalicelib.platform import jws, settings
from chalicelib.platform.key_ring import KeyRow
from chalicelib.platform.kms_key import KmsKey, key_usage
from chalicelib.platform.pdf import keys
from chalicelib.platform.pdf.keys import RING

# A test certificate lasts as long as a CA's usually does at most.
TEST_LASTS = dt.timedelta(days=3 * 365)
# Who is shown a document of a test must see it.
TEST_ORGANISATION = "TEST 仅供测试"
# A leaf, at most three authorities between, and a root.
MAX_CERTIFICATES = 5
TEST_STAGES = ("local", "dev")


class CertificateRefused(ValueError):
    """The certificates are not such as documents can be signed with; says why."""


def request(organisation: str, now: dt.datetime) -> str:
    """A certificate request (PKCS #10, PEM) of the newest key of documents, signed by it, for the bank's CA."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(organisation))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(ca=False), critical=True)
    return builder.sign(KmsKey(_newest(now).key_id), SHA256()).public_bytes(Encoding.PEM).decode("ascii")


def _newest(now: dt.datetime) -> KeyRow:
    RING.forget()
    return [row for row in RING.rows(int(now.timestamp())) if not row.is_withdrawn][-1]


def _name(organisation: str, common: str = "电子单证 / documents") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def install(text: str, now: dt.datetime) -> x509.Certificate:
    """Install the CA's answer (PEM: the key's certificate and all above it, in any order); the key's own.

    Raises CertificateRefused when it is not a chain from a key of the ring up to a root, or does not hold at `now`.
    """
    try:
        given = keys.certificates_of(text)
    except ValueError as problem:
        raise CertificateRefused(f"no certificates: {problem}") from None
    if len(given) > MAX_CERTIFICATES:
        raise CertificateRefused(f"more than {MAX_CERTIFICATES} certificates")
    RING.forget()
    owners = {_der(jws.public_half(row.key_id).public): row for row in RING.rows(int(now.timestamp()))}
    own = [certificate for certificate in given if _key_of(certificate) in owners]
    if len(own) != 1:
        raise CertificateRefused("none of them, or more than one, is of a key that signs documents")
    row = owners[_key_of(own[0])]
    if row.is_withdrawn:
        raise CertificateRefused("its key was withdrawn")
    chain = _chain(own[0], given)
    for certificate in chain:
        if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
            raise CertificateRefused(f"{certificate.subject.rfc4514_string()} does not hold now")
    RING.put(replace(row, certificates=keys.text_of(chain)))
    RING.forget()
    return own[0]


def _chain(own: x509.Certificate, given: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    try:
        usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise CertificateRefused("it does not say what its key is for") from None
    if not usage.content_commitment:
        raise CertificateRefused("its key is not for signing documents: nonRepudiation is not among its usages")
    chain = [own]
    for _ in range(MAX_CERTIFICATES):
        if _is_issued_by(chain[-1], chain[-1]):
            break
        above = [certificate for certificate in given if _is_issued_by(chain[-1], certificate)]
        if not above:
            raise CertificateRefused(f"who issued {chain[-1].subject.rfc4514_string()} is not among them")
        chain.append(above[0])
    if len(chain) == 1:
        raise CertificateRefused("it is nobody's but its own")
    return tuple(chain)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def trial_certificates(now: dt.datetime) -> str:
    """A root and the newest key's certificate by it, PEM, to be installed; both say that they are for tests.

    The root's key is gone at once: it issues nothing else. Raises CertificateRefused on a stage that customers use.
    """
    if settings.get("STAGE") not in TEST_STAGES:
        raise CertificateRefused(f"test certificates are for {' and '.join(TEST_STAGES)} alone")
    root_key = generate_private_key(SECP256R1())
    root_name = _name(TEST_ORGANISATION, "TEST root of documents")
    root = _issued(root_name, root_key.public_key(), now, ca=True).issuer_name(root_name).sign(root_key, SHA256())
    own = _issued(_name(TEST_ORGANISATION), jws.public_half(_newest(now).key_id).public, now, ca=False)
    return keys.text_of((own.issuer_name(root_name).sign(root_key, SHA256()), root))


def _issued(name: x509.Name, public: EllipticCurvePublicKey, now: dt.datetime, *, ca: bool) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(name).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now.replace(microsecond=0)).not_valid_after(now + TEST_LASTS)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    return builder.add_extension(key_usage(ca=ca), critical=True)


def _der(public: CertificatePublicKeyTypes) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _key_of(certificate: x509.Certificate) -> bytes:
    return _der(certificate.public_key())
