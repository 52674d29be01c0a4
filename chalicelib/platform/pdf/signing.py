"""A document's signature: PAdES B-B by a KMS key with the bank's certificate, and files that it carries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, BinaryIO

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.embed import EmbeddedFileObject, EmbeddedFileParams, FileSpec, embed_file
from pyhanko.pdf_utils.generic import NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from chalicelib.platform.kms_key import KmsKey
from chalicelib.platform.pdf import keys
from chalicelib.platform.pdf.keys import Signing

FIELD = "Signature1"
DIGEST = "sha256"
# An ECDSA signature of curve P-256 in DER has at most so many bytes; pyHanko makes room by a stand-in.
_MOST_BYTES = 72


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the document, for machines; the signature covers it."""

    name: str
    media_type: str
    content: bytes
    description: str


class _KmsSigner(Signer):
    """pyHanko's signer whose key never leaves KMS."""

    def __init__(self, signing: Signing) -> None:
        own, *above = (
            asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)) for certificate in signing.certificates
        )
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # the one untyped call in the library
        for certificate in above:
            store.register(certificate)
        super().__init__(signing_cert=own, cert_registry=store)
        self._key = KmsKey(signing.key.key_id)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """ECDSA over the attributes of the signature, which are far below the 4,096 bytes that KMS signs whole."""
        if digest_algorithm != DIGEST:
            raise ValueError(f"documents are signed with {DIGEST}")
        if dry_run:
            return bytes(_MOST_BYTES)
        return self._key.sign(data)


class _PdfSigner(PdfSigner):
    """pyHanko's, with the bank's clock in place of the machine's."""

    def __init__(self, now: dt.datetime, **rest: Any) -> None:
        super().__init__(**rest)
        self._now = now

    def init_signing_session(self, *arguments: Any, **named: Any) -> Any:
        session = super().init_signing_session(*arguments, **named)
        session.system_time = self._now
        return session


def sign(
    pdf: BinaryIO, sink: BinaryIO, author: str, now: dt.datetime, attachments: tuple[Attachment, ...] = ()
) -> None:
    """Write the document with its attachments and its signature to `sink`; `author` is the bank, as readers show it.

    A change of any byte breaks the signature. There is no timestamp of another authority: the time is the bank's
    clock's. Raises NoCertificateInForce.
    """
    writer = IncrementalPdfFileWriter(pdf)
    for attachment in attachments:
        _attach(writer, attachment, now)
    metadata = PdfSignatureMetadata(
        field_name=FIELD, md_algorithm=DIGEST, subfilter=SigSeedSubFilter.PADES, name=author
    )
    signer = _PdfSigner(now, signature_meta=metadata, signer=_KmsSigner(keys.signing(now)))
    signer.sign_pdf(writer, output=sink)


def _attach(writer: IncrementalPdfFileWriter, attachment: Attachment, now: dt.datetime) -> None:
    embedded = EmbeddedFileObject.from_file_data(
        writer,
        attachment.content,
        mime_type=attachment.media_type,
        params=EmbeddedFileParams(creation_date=now, modification_date=now),
    )
    specification = FileSpec(
        attachment.name,
        file_name=attachment.name,
        embedded_data=embedded,
        description=attachment.description,
        af_relationship=NameObject("/Data"),
    )
    embed_file(writer, specification)
