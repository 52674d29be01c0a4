"""Who confirmed an executed transfer: export its evidence, and verify it offline years later (NB-5.1.3).

./bank evidence export TRANSFER > evidence.json         reads the running local bank, or the environment's tables
./bank evidence verify evidence.json --root SHA256      reads that file and nothing else

`--root` is the fingerprint of the authority's certificate, which the bank publishes; without it a certificate proves
nothing. For codes, `--code-secret FILE` has the secrets they are derived from, a line each. Validity is judged as of
the posting.
Ends with 0 valid, 1 invalid, 2 not readable, 3 not decided (what would decide it was not given).
"""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chalicelib.factors import domain as factors
from chalicelib.factors import signatures
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.transfers.domain import Instruction
from chalicelib.transfers.posting import entry_of

FORMAT = "rural-bank-evidence-1"
VALID, INVALID, UNREADABLE, UNDECIDED = 0, 1, 2, 3
# Bytes of the journal item; in JSON they are hexadecimal.
_BYTES = ("digest", "request_digest", "proof", "serial", "pubkey")


@dataclass
class Verdict:
    """What does not hold, and what could not be decided; valid when there is neither."""

    wrong: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The command's exit code."""
        if self.wrong:
            return INVALID
        return UNDECIDED if self.undecided else VALID


def document_of(entry: dict[str, Any], row: Any = None, authority: x509.Certificate | None = None) -> dict[str, Any]:
    """The file of one posted transfer: its journal item, and the certificate's row and issuer where one signed."""
    told = {name: value.hex() if name in _BYTES else value for name, value in entry.items()}
    document: dict[str, Any] = {"format": FORMAT, "entry": told}
    if row is not None and row.certificate and authority is not None:
        certificate = x509.load_der_x509_certificate(row.certificate)
        document["certificate"] = certificate.public_bytes(Encoding.PEM).decode()
        document["chain"] = [authority.public_bytes(Encoding.PEM).decode()]
        document["ended_at"] = row.ended_at
    return document


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of a certificate, hexadecimal."""
    return certificate.fingerprint(SHA256()).hex()


def verify(document: dict[str, Any], root_sha256: str = "", code_secrets: Sequence[bytes] = ()) -> Verdict:
    """Judge a file; raises KeyError, TypeError, ValueError or AttributeError for one that is no evidence."""
    if document["format"] != FORMAT:
        raise ValueError("another format")
    entry: Image = {
        name: bytes.fromhex(value) if name in _BYTES else value for name, value in document["entry"].items()
    }
    instruction = Instruction.from_image(entry)
    verdict = Verdict(wrong=list(_of_entry(entry, instruction)))
    if instruction.factor == factors.CERTIFICATE:
        if not root_sha256:
            verdict.undecided.append("the authority's fingerprint was not given")
        verdict.wrong += _of_certificate(document, entry, instruction, root_sha256.lower())
    elif instruction.factor == factors.NO_FACTOR:
        verdict.undecided.append("between own accounts, confirmed by no factor")
    elif not code_secrets:
        verdict.undecided.append("the secret of the codes was not given")
    elif not any(_is_sealed(secret, entry, instruction.factor_id) for secret in code_secrets):
        verdict.wrong.append("the seal is not of a code for this digest, factor, session and time")
    return verdict


def _is_sealed(secret: bytes, entry: Image, factor_id: str) -> bool:
    sealed = factors.seal(secret, entry["digest"], factor_id, entry["session_id"], entry["posted_at"])
    return hmac.compare_digest(sealed, entry["proof"])


def _of_entry(entry: dict[str, Any], instruction: Instruction) -> Iterator[str]:
    if (entry["kind"], entry["state"]) != ("transfer", ledger.POSTED):
        yield "not an executed transfer"
    if instruction.digest() != entry["digest"]:
        yield "the digest is not the instruction's"
    deferred = entry.get("payee_credit") == ledger.CREDIT_DEFERRED
    if ledger.postings_of(entry_of(instruction, payee_is_deferred=deferred)) != entry["postings"]:
        yield "the postings are not the instruction's"
    posted = clock.from_text(entry["posted_at"])
    if posted < clock.from_text(instruction.created_at):
        yield "posted before it was made"
    if instruction.factor != factors.NO_FACTOR and posted >= clock.from_text(instruction.valid_until):
        yield "posted after its time"
    if entry["business_date"] != clock.business_date(posted):
        yield "the business date is not that of the posting"


def _of_certificate(
    document: dict[str, Any], entry: dict[str, Any], instruction: Instruction, root_sha256: str
) -> Iterator[str]:
    certificate = x509.load_pem_x509_certificate(document["certificate"].encode())
    (authority,) = [x509.load_pem_x509_certificate(pem.encode()) for pem in document["chain"]]
    posted = clock.from_text(entry["posted_at"])
    if root_sha256 and fingerprint(authority) != root_sha256:
        yield "the authority is not the one whose fingerprint was given"
    if not signatures.is_issued_by(authority, authority) or not _is_authority(authority):
        yield "the chain does not end in an authority"
    if not signatures.is_issued_by(certificate, authority):
        yield "the certificate was not issued by the authority"
    owner = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [name.value for name in owner] != [f"{instruction.customer_id}/{instruction.factor_id}"]:
        yield "the certificate is another customer's or factor's"
    if certificate.serial_number != int.from_bytes(entry["serial"]):
        yield "the serial number is not the certificate's"
    if signatures.key_of(certificate) != entry["pubkey"]:
        yield "the key is not the certificate's"
    if not all(signatures.is_valid_at(one, posted) for one in (certificate, authority)):
        yield "the certificate was not valid when it was posted"
    if document["ended_at"] is not None and clock.from_text(document["ended_at"]) <= posted:
        yield "the certificate had been reported lost or revoked"
    if not signatures.is_signed(signatures.key_of(certificate), entry["proof"], instruction.canonical()):
        yield "the signature is not the certificate's over this instruction"


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def export(entry_id: str) -> dict[str, Any]:
    """Read a posted transfer and what verifies it; raises KeyError when there is none."""
    from chalicelib.factors import authority, store  # noqa: PLC0415  # verifying needs no table

    entry = ledger.read_entry(entry_id)
    if entry is None or entry["kind"] != "transfer" or entry["state"] != ledger.POSTED:
        raise KeyError(entry_id)
    if entry["factor"] != factors.CERTIFICATE:
        return document_of(entry)
    row = store.get(entry["customer_id"], entry["factor_id"])
    if row is None or row.authority is None:
        raise KeyError(entry["factor_id"])
    return document_of(entry, row, authority.authority_named(row.authority))
