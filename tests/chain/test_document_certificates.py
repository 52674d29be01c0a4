"""Certificates of the keys that sign documents: asked for, installed, rotated, and refused where they do not fit."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from chalicelib.outages import workers
from chalicelib.platform import clock, jws, metrics, settings
from chalicelib.platform.key_ring import LEAD_S, KeyRow
from chalicelib.platform.pdf import certificates, keys, signing
from chalicelib.platform.pdf.certificates import CertificateRefused
from chalicelib.platform.pdf.keys import RING, NoCertificateInForce
from chalicelib.platform.pdf.pages import Document
from infra.cli.app import main
from tests.chain.bank import Bank, LambdaContext
from tests.chain.probe import scheduled

YEAR, SECOND = dt.timedelta(days=365), dt.timedelta(seconds=1)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """A CA as a bank would ask: a root, and what it issues."""

    def __init__(self, now: dt.datetime, common: str = "示范 CA") -> None:
        self.key, self.name, self.now = generate_private_key(SECP256R1()), name(common), now
        self.root = self.issue(self.key.public_key(), self.name, is_ca=True)

    def issue(
        self,
        public: CertificateIssuerPublicKeyTypes,
        subject: x509.Name,
        *,
        is_ca: bool = False,
        signs_documents: bool = True,
        begins: dt.timedelta = dt.timedelta(0),
        lasts: dt.timedelta = YEAR,
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(self.now + begins).not_valid_after(self.now + begins + lasts)
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=signs_documents,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=is_ca,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        return builder.add_extension(usage, critical=True).sign(self.key, SHA256())

    def answer(self, request: str, **how: bool | dt.timedelta) -> x509.Certificate:
        asked = x509.load_pem_x509_csr(request.encode())
        return self.issue(asked.public_key(), asked.subject, **how)  # type: ignore[arg-type]  # one form for all


def pem(*chain: x509.Certificate) -> str:
    return keys.text_of(chain)


def rung(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the schedule that looks at the bank counts about certificates."""
    found: list[str] = []
    monkeypatch.setattr(metrics, "count", found.append)
    workers.watch_service(scheduled(bank.clock.now()), LambdaContext())
    return [name for name in found if name == metrics.DOCUMENT_CERTIFICATE_ENDS]


def sign_something() -> bytes:
    page, sink = io.BytesIO(), io.BytesIO()
    document = Document(page, "页", "行")
    document.text(20, 20, "页")
    document.finish()
    signing.sign(page, sink, "行", clock.now())
    return sink.getvalue()


def test_a_request_is_the_keys_own_and_says_what_it_is_for(bank: Bank) -> None:
    asked = x509.load_pem_x509_csr(certificates.request("示范村镇银行", clock.now()).encode())
    assert asked.is_signature_valid
    assert asked.public_key() == jws.public_half(settings.get("DOCUMENT_KEY_ID")).public
    assert {part.rfc4514_attribute_name: part.value for part in asked.subject}["O"] == "示范村镇银行"
    assert asked.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment


def test_documents_wait_for_a_certificate(bank: Bank) -> None:
    RING.put(KeyRow(settings.get("DOCUMENT_KEY_ID"), 0))
    RING.forget()
    with pytest.raises(NoCertificateInForce):
        sign_something()


def test_the_answer_of_a_ca_is_installed_in_whatever_order_it_comes(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(clock.now())
    own = authority.answer(certificates.request("示范村镇银行", clock.now()))
    assert certificates.install(pem(authority.root, own), clock.now()) == own
    assert keys.signing(clock.now()).certificates == (own, authority.root)
    assert sign_something()
    # it rings from a month before the end on
    assert keys.signable_until(clock.now()) == own.not_valid_after_utc
    bank.clock.advance(YEAR - keys.RENEWAL - SECOND)
    assert rung(bank, monkeypatch) == []
    bank.clock.advance(SECOND)
    assert rung(bank, monkeypatch) == [metrics.DOCUMENT_CERTIFICATE_ENDS]
    bank.clock.advance(keys.RENEWAL - SECOND)
    assert sign_something()
    # and once it has ended, nothing is signed, and it rings on
    bank.clock.advance(SECOND)
    assert rung(bank, monkeypatch) == [metrics.DOCUMENT_CERTIFICATE_ENDS]
    with pytest.raises(NoCertificateInForce):
        sign_something()


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("nothing", "no certificates"),
        ("alone", "who issued .* is not among them"),
        ("another root", "who issued .* is not among them"),
        ("another key", "none of them"),
        ("other use", "nonRepudiation"),
        ("ended", "does not hold now"),
        ("later", "does not hold now"),
        ("too many", "more than 5"),
        ("the root's own", "none of them"),
    ],
)
def test_what_does_not_fit_is_not_installed(bank: Bank, what: str, why: str) -> None:
    now = clock.now()
    authority, another = Authority(now), Authority(now, "别的 CA")
    request = certificates.request("示范村镇银行", now)
    own = authority.answer(request)
    stranger: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
    given = {
        "nothing": "-----BEGIN",
        "alone": pem(own),
        "another root": pem(own, another.root),
        "another key": pem(authority.issue(stranger.public_key(), name("x")), authority.root),
        "other use": pem(authority.answer(request, signs_documents=False), authority.root),
        "ended": pem(authority.answer(request, begins=-2 * YEAR), authority.root),
        "later": pem(authority.answer(request, begins=YEAR), authority.root),
        "too many": pem(own, *[authority.root] * 5),
        "the root's own": pem(authority.root),
    }[what]
    before = RING.stored()
    with pytest.raises(CertificateRefused, match=why):
        certificates.install(given, now)
    assert RING.stored() == before


def test_the_next_key_signs_when_its_certificate_is_there(bank: Bank) -> None:
    authority = Authority(clock.now())
    first = authority.answer(certificates.request("示范村镇银行", clock.now()))
    certificates.install(pem(first, authority.root), clock.now())
    # when the next key is made, its own request goes out and the one before signs on
    kid, _ = RING.rotate(int(clock.now().timestamp()))
    second = authority.answer(certificates.request("示范村镇银行", clock.now()))
    bank.clock.advance(dt.timedelta(seconds=LEAD_S))
    assert keys.signing(clock.now()).certificates[0] == first
    certificates.install(pem(second, authority.root), clock.now())
    assert keys.signing(clock.now()).key.kid == kid
    assert keys.signing(clock.now()).certificates[0] == second
    # and one that is withdrawn gives way to the one before it, and takes no certificate any more
    RING.withdraw(kid, int(clock.now().timestamp()))
    assert keys.signing(clock.now()).certificates[0] == first
    with pytest.raises(CertificateRefused, match="withdrawn"):
        certificates.install(pem(second, authority.root), clock.now())


def test_test_certificates_say_so_and_are_for_no_stage_of_customers(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificates.install(certificates.trial_certificates(clock.now()), clock.now())
    assert "TEST" in own.subject.rfc4514_string()
    assert "TEST" in own.issuer.rfc4514_string()
    for stage in ("staging", "prod"):
        monkeypatch.setenv("STAGE", stage)
        with pytest.raises(CertificateRefused, match="alone"):
            certificates.trial_certificates(clock.now())


def test_operators_ask_install_and_look(bank: Bank, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str) -> tuple[int, str]:
        code = main(["key", *arguments])
        heard = capsys.readouterr()
        return code, heard.out + heard.err

    code, request = said("certificate-request", "--of", "documents")
    assert code == 0
    authority = Authority(clock.now())
    answer = tmp_path / "answer.pem"
    answer.write_text(pem(authority.answer(request), authority.root), encoding="ascii")
    code, installed = said("certificate", "--install", str(answer))
    assert code == 0
    assert "证书已安装 / installed: " in installed
    assert said("certificate") == (0, answer.read_text(encoding="ascii"))
    code, listed = said("list", "--of", "documents")
    assert code == 0
    assert " signs " in listed
    assert said("certificate", "--test")[0] == 0
    for wrong in (
        ("certificate", "--install", str(tmp_path / "none.pem")),
        ("certificate-request", "--of", "tokens"),
        ("certificate", "--of", "receipts"),
    ):
        assert said(*wrong)[0] == 2
