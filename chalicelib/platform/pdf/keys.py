"""The ring of keys that sign documents, and the certificates by which others know them for the bank's."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.platform import jws, settings
from chalicelib.platform.jws import PublicKey
from chalicelib.platform.key_ring import KeyRing

RING = KeyRing("documents", lambda: settings.get("DOCUMENT_KEY_ID"), None)
# A CA takes days, and the people who ask it may be away for a week.
RENEWAL = dt.timedelta(days=30)


class NoCertificateInForce(RuntimeError):
    """No key that may sign documents has a certificate that holds now: an operator has to install one."""


@dataclass(frozen=True, slots=True)
class Signing:
    """A key and its certificates: its own first, then those above it."""

    key: PublicKey
    certificates: tuple[x509.Certificate, ...]


@functools.lru_cache(maxsize=8)
def certificates_of(text: str) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text; raises ValueError when it has none."""
    return tuple(x509.load_pem_x509_certificates(text.encode("ascii")))


def text_of(certificates: tuple[x509.Certificate, ...]) -> str:
    """What `certificates_of` reads."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode("ascii") for certificate in certificates)


def signing(now: dt.datetime) -> Signing:
    """The newest key with a certificate that holds at `now`; raises NoCertificateInForce.

    So a rotation takes effect when the next key's certificate is installed, and the key before signs until then.
    """
    for row in reversed(RING.rows(int(now.timestamp()))):
        if row.is_withdrawn or row.certificates is None or row.signs_from > now.timestamp():
            continue
        certificates = certificates_of(row.certificates)
        if certificates[0].not_valid_before_utc <= now < certificates[0].not_valid_after_utc:
            return Signing(jws.public_half(row.key_id), certificates)
    raise NoCertificateInForce("documents cannot be signed: no key has a certificate that holds now")


def signable_until(now: dt.datetime) -> dt.datetime | None:
    """Until when documents can be signed with what is installed, and their readers trust it; None where they cannot.

    A certificate says less than it seems to where one above it ends before it does.
    """
    chains = [
        certificates_of(row.certificates)
        for row in RING.rows(int(now.timestamp()))
        if not row.is_withdrawn and row.certificates is not None
    ]
    ends = [min(certificate.not_valid_after_utc for certificate in chain) for chain in chains]
    return max((end for end in ends if end > now), default=None)
