"""Printed receipts: signed by the bank, and whatever is changed, forged or foreign fails (YQ-4.2.2-receipt, XJ-3.5)."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.jws import BadSignature
from chalicelib.platform.pdf import certificates, keys, signing
from chalicelib.platform.pdf.pages import Document
from chalicelib.receipts import service as receipts
from chalicelib.receipts.commands.print_receipt import ATTACHED, print_receipt
from chalicelib.receipts.domain import ReceiptMalformed
from chalicelib.receipts.errors import ReceiptNotSigned
from chalicelib.receipts.printing import Language
from chalicelib.receipts.store import ReceiptItem
from infra import printed
from infra.cli.app import main
from tests.chain.bank import START, Bank, running_bank
from tests.printed import bare, codes_in, pixels, text_of

# What five prints leave behind, which is caches of letters that were met first.
MOST_LEFT_BYTES = 3_000_000
REFUSED = (PdfError, SignatureValidationError, ValueError)


@dataclass(frozen=True)
class Issued:
    """A bank with a certificate, the receipts of two of its transfers, and its public keys as published."""

    bank: Bank
    one: ReceiptItem
    other: ReceiptItem
    jwks: str


@pytest.fixture(scope="module", name="_issued")
def issued_by_a_bank() -> Iterator[Issued]:
    with running_bank() as bank:
        now = clock.now()
        certificates.install(certificates.trial_certificates(now), now)
        payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱𠮷")
        made = [bank.pay(payer, payee, amount, f"key-print-{i}") for i, amount in enumerate(("107.53", "20.00"))]
        bank.settle()
        one, other = (receipts.issued(entry_id) for entry_id in made)
        assert one is not None
        assert other is not None
        yield Issued(bank, one, other, json.dumps(bank.request("GET", "/v1/receipt-keys.json").body))


@pytest.fixture
def issued(_issued: Issued) -> Issued:
    """The module's bank, its clock set back."""
    _issued.bank.clock.set(START)
    clock.use(_issued.bank.clock)
    return _issued


def pdf_of(receipt: ReceiptItem, number: int = 1, language: Language = "zh") -> bytes:
    sink = io.BytesIO()
    print_receipt(receipt, sink, print_number=number, language=language)
    return sink.getvalue()


def root_of_the_bank() -> asn1_x509.Certificate:
    root = keys.signing(clock.now()).certificates[-1]
    return asn1_x509.Certificate.load(root.public_bytes(Encoding.DER))


def validated(content: bytes, root: asn1_x509.Certificate) -> PdfSignatureStatus:
    (embedded,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    context = ValidationContext(trust_roots=[root], allow_fetching=False, moment=clock.now())
    return validate_pdf_signature(embedded, context)


def is_accepted(content: bytes, root: asn1_x509.Certificate) -> bool:
    try:
        return bool(validated(content, root).bottom_line)
    except REFUSED:
        return False


def carrying(signed: str, *pages: str) -> bytes:
    """A page with these lines and that JWS inside, as anybody makes one, yet signed with the bank's key."""
    page, sink = io.BytesIO(), io.BytesIO()
    document = Document(page, "回单", "某人")
    for place, line in enumerate(pages):
        document.wrapped(10, 10 + 5 * place, 190, 5, line, smallest=3)
    document.finish()
    attached = signing.Attachment(ATTACHED, "application/jose", signed.encode(), "x")
    signing.sign(page, sink, "某人", clock.now(), (attached,))
    return sink.getvalue()


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_printed_receipt_is_signed_over_the_whole_file_at_the_banks_time(issued: Issued) -> None:
    content = pdf_of(issued.one)
    status = validated(content, root_of_the_bank())
    assert status.bottom_line, status.summary()
    assert status.coverage is not None
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.signer_reported_dt == clock.now()
    (embedded,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    # PAdES: the signature binds its certificate, and states no second time beside the document's.
    attributes = {attribute["type"].native for attribute in embedded.signer_info["signed_attrs"]}
    assert {"signing_certificate_v2", "message_digest", "content_type"} <= attributes
    assert "signing_time" not in attributes


def test_it_says_what_was_signed_and_carries_it(issued: Issued) -> None:
    content = pdf_of(issued.one, language="en")
    assert printed.signed_in(content) == issued.one.signed
    said = bare(text_of(content))
    for fact in (issued.one.number, "赵小明", "钱𠮷", "CNY 107.53", issued.one.amount_in_words, issued.one.digest):
        assert bare(fact) in said
    assert codes_in(content) == [f"https://bank.example/verify?number={issued.one.number}&code={issued.one.code}"]


def test_the_bank_stands_on_it_as_its_parameters_say(issued: Issued) -> None:
    parameters.set_value("text.bank_name", {"zh": "青山村镇银行", "en": "Green Hill Bank"})
    parameters.set_value("bank.public_address", "https://qingshan.example/bank")
    try:
        content = pdf_of(issued.one, language="en")
    finally:
        parameters.set_value("text.bank_name", parameters.BANK_NAME.default)
        parameters.set_value("bank.public_address", parameters.PUBLIC_ADDRESS.default)
    assert "GreenHillBank" in bare(text_of(content))
    assert codes_in(content)[0].startswith("https://qingshan.example/bank/verify?number=2026")


def test_the_same_print_looks_the_same_on_another_day(issued: Issued) -> None:
    first = pixels(pdf_of(issued.one, 2))
    issued.bank.clock.advance(dt.timedelta(days=3))
    assert pixels(pdf_of(issued.one, 2)) == first
    assert pixels(pdf_of(issued.one, 3)) != first


def test_a_changed_byte_anywhere_in_what_is_signed_is_noticed(issued: Issued) -> None:
    content, root = pdf_of(issued.one), root_of_the_bank()
    (embedded,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    first, first_length, second, second_length = (int(number) for number in embedded.byte_range)
    places = [*range(first, first + first_length, 977), *range(second, second + second_length, 211)]
    assert len(places) > 40
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 0x01
        assert not is_accepted(bytes(changed), root), place


def foreign_signer(now: dt.datetime) -> SimpleSigner:
    """Somebody with a key and a certificate of their own making, in the bank's name."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "示范村镇银行")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=9))
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)  # its own form
    made = builder.add_extension(usage, critical=True).sign(key, SHA256())
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SimpleSigner(
        asn1_x509.Certificate.load(made.public_bytes(Encoding.DER)),
        asn1_keys.PrivateKeyInfo.load(private),
        SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # the library's one untyped call
    )


def signed_again(content: bytes, name: str, now: dt.datetime) -> bytes:
    """The file with a further signature, by somebody else."""
    metadata = PdfSignatureMetadata(field_name=name, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    return bytes(sign_pdf(writer, metadata, foreign_signer(now)).getvalue())


def test_a_foreign_signer_is_not_the_bank(issued: Issued) -> None:
    page = io.BytesIO()
    document = Document(page, "回单", "示范村镇银行")
    document.text(20, 20, "网上银行电子回单")
    document.finish()
    forged = signed_again(page.getvalue(), "Signature1", clock.now())
    status = validated(forged, root_of_the_bank())
    assert (status.intact, status.valid, status.trusted) == (True, True, False)
    assert not is_accepted(forged, root_of_the_bank())


def test_another_certificate_is_not_the_banks(issued: Issued) -> None:
    before = root_of_the_bank()
    now = clock.now()
    certificates.install(certificates.trial_certificates(now), now)
    content = pdf_of(issued.one)
    assert is_accepted(content, root_of_the_bank())
    assert not is_accepted(content, before)


def test_a_row_that_is_not_what_was_signed_is_not_printed(issued: Issued) -> None:
    def altered(**changes: str | None) -> ReceiptItem:
        return ReceiptItem(**{**issued.one.attribute_values, **changes})

    signed = issued.one.signed
    assert signed is not None
    with pytest.raises(BadSignature):
        pdf_of(altered(signed=signed[:-4] + ("AAAA" if signed[-4:] != "AAAA" else "BBBA")))
    with pytest.raises(ReceiptMalformed):
        pdf_of(altered(signed=issued.other.signed))
    with pytest.raises(ReceiptNotSigned):
        pdf_of(altered(signed=None))
    with pytest.raises(ValueError, match="from 1"):
        pdf_of(issued.one, 0)
    # and what a row says beside it is not printed
    assert pixels(pdf_of(altered(payee_name="冒名者"))) == pixels(pdf_of(issued.one))


def test_printing_many_leaves_nothing_behind(issued: Issued) -> None:
    pdf_of(issued.one)
    tracemalloc.start()
    try:
        for number in range(1, 6):
            pdf_of(issued.one, number)
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left < MOST_LEFT_BYTES


@pytest.fixture
def verify(issued: Issued, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """`bank receipt verify` of these bytes with the bank's keys; the exit code, and what was said."""

    def run(content: bytes, authority: bool = False) -> tuple[int, str]:
        file, jwks, root = (tmp_path / name for name in ("receipt.pdf", "keys.json", "root.pem"))
        file.write_bytes(content)
        jwks.write_text(issued.jwks, encoding="utf-8")
        root.write_text(keys.text_of(keys.signing(clock.now()).certificates[-1:]), encoding="ascii")
        more = ["--authority", str(root)] if authority else []
        code = main(["receipt", "verify", str(file), "--keys", str(jwks), *more])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


Verify = Callable[..., tuple[int, str]]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_pdf_is_verified_offline(issued: Issued, verify: Verify, language: Language) -> None:
    content = pdf_of(issued.one, 3, language)
    code, said = verify(content)
    assert (code, said.splitlines()[0]) == (0, "有效 / genuine")
    assert f"回单编号 / number: {issued.one.number}" in said.splitlines()
    assert "its authority was not looked at" in said
    code, said = verify(content, authority=True)
    assert code == 0
    assert "受信任 / trusted" in said


def test_a_page_that_says_something_else_is_not_genuine(issued: Issued, verify: Verify) -> None:
    assert issued.one.signed is not None
    # given a genuine receipt inside a page that tells of another amount
    facts = text_of(pdf_of(issued.one)).splitlines()
    genuine = [line.replace("107.53", "9,107.53") for line in facts]
    code, said = verify(carrying(issued.one.signed, *genuine))
    assert code == 1
    assert "页面文字不符 / the page does not say: CNY 107.53" in said
    # and the same page with the right one is: what a page says is compared, not what it looks like
    code, _ = verify(carrying(issued.one.signed, *facts))
    assert code == 0


def test_what_is_swapped_forged_cut_or_none_at_all_is_not_genuine(issued: Issued, verify: Verify) -> None:
    content = pdf_of(issued.one)
    assert issued.other.signed is not None
    unsigned = io.BytesIO()
    Document(unsigned, "回单", "某人").finish()
    lines = text_of(content).splitlines()
    tried = {
        "swapped": carrying(issued.other.signed, *lines),
        "forged": carrying("e30.e30." + "A" * 86, *lines),
        "signed again": signed_again(content, "Signature2", clock.now()),
    }
    assert {name: verify(one)[0] for name, one in tried.items()} == dict.fromkeys(tried, 1)
    for unreadable in (b"%PDF-1.7", content[: len(content) // 2], unsigned.getvalue(), b"\xff\xfe"):
        assert verify(unreadable)[0] == 2
    now = clock.now()
    certificates.install(certificates.trial_certificates(now), now)
    code, said = verify(content, authority=True)
    assert code == 1
    assert "none of the authorities vouches" in said


def test_whatever_is_damaged_the_command_ends_and_says_so(issued: Issued, verify: Verify) -> None:
    content = pdf_of(issued.one)
    (embedded,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    _, before, after, _ = (int(number) for number in embedded.byte_range)
    dice = random.Random(7)  # noqa: S311  # what it does is to be repeated
    codes = []
    for _ in range(60):
        damaged, places = bytearray(content), [dice.randrange(len(content)) for _ in range(dice.choice((1, 3, 20)))]
        for place in places:
            damaged[place] ^= dice.randrange(1, 256)
        codes.append(verify(bytes(damaged))[0])
        # The one place that a signature cannot cover is its own.
        assert codes[-1] in (1, 2) or all(before <= place < after for place in places)
    assert {1, 2} <= set(codes)
