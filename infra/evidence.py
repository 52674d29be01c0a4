"""Who confirmed an executed transfer: export its evidence, and verify it offline years later (NB-5.1.3).

./bank evidence export TRANSFER > evidence.json         reads the running local bank, or the environment's tables
./bank evidence verify evidence.json --root SHA256      reads that file and nothing else

`--root` is the fingerprint of the authority's certificate, which the bank publishes; without it a certificate proves
nothing. For codes, `--code-secret FILE` has the secrets they are derived from, a line each. Validity is judged as of
the posting.
Ends with 0 valid, 1 invalid, 2 not readable, 3 not decided (what would decide it was not given).
"""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chalicelib.batches.domain import Line
from chalicelib.factors import domain as factors
from chalicelib.factors import signatures
from chalicelib.ledger import service as ledger
from chalicelib.parameters import known as parameters
from chalicelib.platform import clock, ids
from chalicelib.platform.dynamo import Image
from chalicelib.platform.money import Money, decimal_text
from chalicelib.transfers.domain import Instruction
from chalicelib.transfers.posting import entry_of

FORMAT = "rural-bank-evidence-1"
VALID, INVALID, UNREADABLE, UNDECIDED = 0, 1, 2, 3
# What a step-up confirms of an order, and of several payments together.
_ORDERS = ("order.create", "order.change")
_BATCH = "batch.create"
# The first form of a step-up said nothing of time.
_TIMELESS = "rural-bank-step-up-1"
# The longest that parameters let a step-up wait, and a batch after it.
_STEP_UP_LASTS = dt.timedelta(seconds=parameters.STEP_UP_VALID_S.high)
_BATCH_LASTS = _STEP_UP_LASTS + dt.timedelta(hours=parameters.BATCH_VALID_H.high)
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
    origin = _origin_of(entry)
    if origin is not None:
        # What confirmed it is the step-up's form: the bank made the instruction later, by that.
        confirmed = document[origin]
        verdict.wrong += _JUDGES[origin](entry, instruction, confirmed)
        form = confirmed["form"].encode()
        entry |= {
            "digest": hashlib.sha256(form).digest(),
            "proof": bytes.fromhex(confirmed["proof"]),
            "session_id": confirmed["session_id"],
            "posted_at": confirmed["confirmed_at"],
        }
    else:
        form = instruction.canonical()
        # What arrived later than it was confirmed was signed, or sealed, at the confirmation.
        entry |= {"posted_at": entry.get("confirmed_at", entry["posted_at"])}
    if instruction.factor == factors.CERTIFICATE:
        if not root_sha256:
            verdict.undecided.append("the authority's fingerprint was not given (--root)")
        verdict.wrong += _of_certificate(document, entry, (instruction, form), root_sha256.lower())
    elif instruction.factor == factors.NO_FACTOR:
        verdict.undecided.append("between own accounts, confirmed by no factor")
    elif not code_secrets:
        verdict.undecided.append("the secret of the codes was not given (--code-secret; see ./bank key)")
    elif not any(_is_sealed(secret, entry, instruction.factor_id) for secret in code_secrets):
        verdict.wrong.append("the seal is not of a code for this digest, factor, session and time")
    return verdict


def _origin_of(entry: Image) -> str | None:
    """What a payment was confirmed as a part of, if a factor confirmed it so: where the file has what was confirmed."""
    if entry["factor"] == factors.NO_FACTOR:
        return None
    return next((name for name in _JUDGES if f"{name}_id" in entry), None)


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
    confirmed = clock.from_text(entry.get("confirmed_at", entry["posted_at"]))
    if instruction.factor != factors.NO_FACTOR and confirmed >= clock.from_text(instruction.valid_until):
        yield "posted after its time"
    if entry["business_date"] != clock.business_date(posted):
        yield "the business date is not that of the posting"


def _of_order(entry: dict[str, Any], instruction: Instruction, confirmed: dict[str, Any]) -> Iterator[str]:
    """What was confirmed when the order was set up, or last asked more, is what was paid; less may have been agreed."""
    if entry["entry_id"] != ids.derived_id("order", entry["order_id"], entry["order_due"]):
        yield "the entry is not of that date of the order"
    said = json.loads(confirmed["form"])
    if said["operation"] not in _ORDERS or said["facts"].get("order", entry["order_id"]) != entry["order_id"]:
        yield "what was confirmed is not this order"
    yield from _in_time(entry, said, confirmed)
    if said["customer_id"] != instruction.customer_id:
        yield "the order was confirmed by another customer"
    paid = {
        "payer_account": instruction.payer_account,
        "payee_account": instruction.payee_account,
        "payee_name": instruction.payee_name,
        "fee": decimal_text(instruction.fee_fen),
    }
    if any(said["facts"][name] != value for name, value in paid.items()):
        yield "the transfer is not the one that was confirmed"
    if Money.parse(said["facts"]["amount"]).amount_fen < instruction.amount_fen:
        yield "the amount is more than was confirmed"


def _in_time(entry: dict[str, Any], said: dict[str, Any], confirmed: dict[str, Any]) -> Iterator[str]:
    """What was confirmed was confirmed in its time, which its form says since there is a second one, and paid after."""
    at = clock.from_text(confirmed["confirmed_at"])
    if at > clock.from_text(entry["posted_at"]):
        yield "posted before it was confirmed"
    if said["version"] != _TIMELESS:
        until = clock.from_text(said["valid_until"])
        if not until - _STEP_UP_LASTS < at < until:
            yield "not confirmed in the time that was confirmed"


def _of_batch(entry: dict[str, Any], instruction: Instruction, confirmed: dict[str, Any]) -> Iterator[str]:
    """What was confirmed of that line of the batch is what was paid, to the byte."""
    if entry["entry_id"] != ids.derived_id("batch", entry["batch_id"], str(entry["batch_line"])):
        yield "the entry is not of that line of the batch"
    said = json.loads(confirmed["form"])
    if (said["operation"], said["facts"].get("batch")) != (_BATCH, entry["batch_id"]):
        yield "what was confirmed is not this batch"
    yield from _in_time(entry, said, confirmed)
    if clock.from_text(entry["posted_at"]) > clock.from_text(confirmed["confirmed_at"]) + _BATCH_LASTS:
        yield "posted after the batch's time"
    if said["customer_id"] != instruction.customer_id:
        yield "the batch was confirmed by another customer"
    line = Line(
        entry["batch_line"],
        instruction.payee_account,
        instruction.payee_name,
        instruction.amount_fen,
        instruction.purpose,
        instruction.fee_fen,
        entry["outward"],
    )
    facts = said["facts"]
    if (facts["payer_account"], facts.get(line.fact_name)) != (instruction.payer_account, line.fact()):
        yield "the transfer is not the one that was confirmed"


_JUDGES = {"order": _of_order, "batch": _of_batch}


def _of_certificate(
    document: dict[str, Any], entry: dict[str, Any], signed: tuple[Instruction, bytes], root_sha256: str
) -> Iterator[str]:
    instruction, form = signed
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
    # The entry of a part names the factor alone; the certificate is that of the factor's row.
    if _origin_of(entry) is None:
        if certificate.serial_number != int.from_bytes(entry["serial"]):
            yield "the serial number is not the certificate's"
        if signatures.key_of(certificate) != entry["pubkey"]:
            yield "the key is not the certificate's"
    if not all(signatures.is_valid_at(one, posted) for one in (certificate, authority)):
        yield "the certificate was not valid when it was posted"
    if document["ended_at"] is not None and clock.from_text(document["ended_at"]) <= posted:
        yield "the certificate had been reported lost or revoked"
    if not signatures.is_signed(signatures.key_of(certificate), entry["proof"], form):
        yield "the signature is not the certificate's over this instruction"


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def export(entry_id: str) -> dict[str, Any]:
    """Read a posted transfer and what verifies it; raises KeyError when there is none."""
    document = _export_of(entry_id)
    entry = document["entry"]
    origin = _origin_of(entry)
    if origin is not None:
        document[origin] = _confirmed(entry, origin)
    return document


def _confirmed(entry: dict[str, Any], origin: str) -> dict[str, str]:
    """What its factor confirmed: from the order's history, or the batch."""
    from chalicelib.batches import store as batches  # noqa: PLC0415  # verifying needs no table
    from chalicelib.orders import store as orders  # noqa: PLC0415

    kept = (
        batches.evidence_of(entry["batch_id"])
        if origin == "batch"
        else orders.event_at(entry["order_id"], entry["order_confirmed"])
    )
    if kept is None:
        raise KeyError(entry[f"{origin}_id"])
    return {
        "form": kept.form.decode(),
        "proof": kept.proof.hex(),
        "session_id": kept.session_id,
        "confirmed_at": kept.confirmed_at,
    }


def _export_of(entry_id: str) -> dict[str, Any]:
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
