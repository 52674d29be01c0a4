"""Read a printed receipt (PDF): the signed receipt in it, whether its page says the same, and who signed the file."""

import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pypdfium2
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.generic import IndirectObject
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from chalicelib.platform.money import grouped_text
from chalicelib.platform.money_words import in_words
from chalicelib.platform.pdf import fonts
from chalicelib.receipts.commands.print_receipt import ATTACHED
from chalicelib.receipts.domain import Receipt, grouped, local_time

PDF = b"%PDF-"
# A printed receipt has some 70 KB.
MAX_BYTES = 2_000_000
# Names and files of a document that carries one; the tree of names is flat.
MAX_ATTACHED = 10
SIGNATURE = "文件签名 / signature of the file"


class PdfUnreadable(ValueError):
    """The file is no PDF of a receipt."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a printed receipt shows beside the signed receipt inside it.

    `wrong` says in Chinese and English why the file is not as the bank made it; `signer` is the name in the
    certificate of who signed it, `at` when, as they say, and `is_known` whether an authority that was given vouches.
    """

    wrong: tuple[str, ...]
    signer: str = ""
    at: dt.datetime | None = None
    is_known: bool = False

    def lines(self) -> Iterator[str]:
        """A line for each thing that was looked at."""
        yield from self.wrong
        if not any(SIGNATURE in one for one in self.wrong):
            known = (
                "受信任 / trusted" if self.is_known else "未核对其 CA，见 --authority / its authority was not looked at"
            )
            yield f"文件签名者 / the file is signed by: {self.signer}, {self.at:%Y-%m-%dT%H:%M:%SZ} ({known})"


def authorities_of(text: bytes) -> list[asn1_x509.Certificate]:
    """The certificates of a PEM file that somebody trusts; raises ValueError when it has none."""
    found = [asn1_x509.Certificate.load(der) for name, _, der in pem.unarmor(text, multiple=True) if "CERT" in name]
    if not found:
        raise ValueError("no certificate in it")
    return found


def signed_in(content: bytes) -> str:
    """The JWS that the document carries; raises PdfUnreadable when there is none, or more than one of its name."""
    if len(content) > MAX_BYTES:
        raise PdfUnreadable("too long for a receipt")
    try:
        names = PdfFileReader(io.BytesIO(content)).root["/Names"]["/EmbeddedFiles"]["/Names"]
        pairs = [(str(names[place]), names[place + 1]) for place in range(0, min(len(names), 2 * MAX_ATTACHED), 2)]
        wanted = [_data_of(file) for name, file in pairs if name == ATTACHED]
    except (PdfError, KeyError, TypeError, IndexError, AttributeError, ValueError) as problem:
        raise PdfUnreadable(f"no signed receipt in it: {problem}") from None
    if len(wanted) != 1:
        raise PdfUnreadable(f"{len(wanted)} files {ATTACHED} in it")
    return wanted[0].decode("ascii", errors="replace")


def _data_of(file: object) -> bytes:
    specification: Any = file.get_object() if isinstance(file, IndirectObject) else file  # type: ignore[no-untyped-call]
    data: bytes = specification["/EF"]["/F"].data
    return data


def look_at(content: bytes, receipt: Receipt, authorities: Sequence[asn1_x509.Certificate]) -> Look:
    """Hold the page's text to the receipt, and the file to its signature; raises PdfUnreadable.

    What the page looks like no text can tell: a font may draw any letter as any other. Where authorities are given,
    one of them has to vouch for who signed the file.
    """
    said = _bare(_text_of(content))
    missing = [fact for fact in _facts(receipt) if _bare(fonts.shown(fact)) not in said]
    wrong = [f"页面文字不符 / the page does not say: {fact}" for fact in missing]
    look = _signature_of(content, authorities)
    if authorities and not look.wrong and not look.is_known:
        wrong.append(f"{SIGNATURE}: 签名者不受信任 / none of the authorities vouches for {look.signer}")
    return replace(look, wrong=(*look.wrong, *wrong))


def _text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        if len(document) != 1:
            raise PdfUnreadable(f"{len(document)} pages")
        return str(document[0].get_textpage().get_text_bounded())
    finally:
        document.close()


def _bare(text: str) -> str:
    return re.sub(r"\s|\ufffe|\u00ad", "", text)


def _facts(receipt: Receipt) -> Iterator[str]:
    """What a page says that only this receipt has; an empty one is in every text."""
    yield from (receipt.number, local_time(receipt.posted_at), receipt.entry_id, receipt.digest, receipt.reverses)
    yield from (receipt.payer_name, receipt.payer_account, receipt.payer_bank)
    yield from (receipt.payee_name, receipt.payee_account, receipt.payee_bank)
    yield from (f"{receipt.currency} {grouped_text(receipt.amount_fen)}", in_words(receipt.amount_fen))
    yield from (grouped_text(receipt.fee_fen), receipt.purpose, grouped(receipt.code), receipt.issuer)


def _signature_of(content: bytes, authorities: Sequence[asn1_x509.Certificate]) -> Look:
    """Certificates are looked at as of the time that the signature states."""
    try:
        (embedded,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
        at = embedded.self_reported_timestamp
        context = ValidationContext(trust_roots=list(authorities), allow_fetching=False, moment=at)
        status = validate_pdf_signature(embedded, context)
    except (PdfError, SignatureValidationError, ValueError) as problem:
        return Look((f"{SIGNATURE}: 没有，或无法读取 / none, or none that can be read: {problem}",))
    if not (status.intact and status.valid) or status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        return Look((f"{SIGNATURE}: 文件在签名后被改动 / the file was changed after it was signed",))
    return Look((), status.signing_cert.subject.human_friendly, at, bool(status.trusted))
