"""What a day's seal says, and what of an entry and its receipt goes into it. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.seals import merkle
from chalicelib.seals.merkle import HASH_BYTES
from chalicelib.seals.tiles import Record

# The forms, by name; a change of one is another version beside this one.
HEAD_VERSION, ENTRY_VERSION, PROOF_VERSION = "rural-bank-day-seal-1", "rural-bank-entry-1", "rural-bank-inclusion-1"
JWS_TYPE = "day-seal+jws"
# All that is ever written to an entry once it is posted: that its money has gone back. The entry by which it went has
# a leaf of its own, which names this one.
MARKS = frozenset({"reversed_by", "returned_by"})
# The rows by which a day's entries are found are working data: long after the day was sealed they go. No voucher.
LISTED_FOR_D = 400

_DATE = re.compile(r"[0-9]{8}")
_HEX = re.compile(r"[0-9a-f]{64}")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")


class SealMalformed(ValueError):
    """What was signed is no head of a day, or a file is no proof, of this form."""


def canonical_entry(image: Image) -> bytes:
    """A posted journal item as it is hashed: JSON, UTF-8, sorted keys, no spaces; bytes as `{"hex": "…"}`.

    All of it but MARKS, so that nothing can be altered, added or taken away.
    """
    facts = {name: value for name, value in image.items() if name not in MARKS}
    text = json.dumps(
        {**facts, "version": ENTRY_VERSION},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        default=_as_hex,
    )
    return text.encode()


def _as_hex(value: object) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(f"an entry has no {type(value).__name__}")
    return {"hex": value.hex()}


def record_of(image: Image, signed: str | None) -> Record:
    """The record of an entry and the JWS of its receipt, None where it gets none."""
    entry_hash = hashlib.sha256(canonical_entry(image)).digest()
    return Record(image["entry_id"], entry_hash, receipt_hash(signed) if signed is not None else b"")


def receipt_hash(signed: str) -> bytes:
    """The hash of a receipt: of its JWS, as the ASCII text that it is."""
    return hashlib.sha256(signed.encode()).digest()


def is_date(text: str) -> bool:
    """Whether it is a business date as `20261121`."""
    if not _DATE.fullmatch(text):
        return False
    try:
        clock.start_of_day(text)
    except ValueError:
        return False
    return True


def day_after(business_date: str) -> str:
    """The next business date; the bank has one every calendar day."""
    return (dt.date.fromisoformat(business_date) + dt.timedelta(days=1)).strftime("%Y%m%d")


@dataclass(frozen=True, slots=True)
class Head:
    """A day's head, all text: what is signed. `entries` and `sequence` are whole numbers, hashes are hex.

    `previous_…` are of the day before, `previous_seal` the SHA-256 of its JWS; empty on the first day of all.
    """

    issuer: str
    business_date: str
    sequence: str
    entries: str
    root: str
    previous_date: str
    previous_root: str
    previous_seal: str
    sealed_at: str

    def payload(self) -> bytes:
        """What is signed: JSON, UTF-8, sorted keys, no spaces, all values text."""
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({**facts, "version": HEAD_VERSION}, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_payload(cls, payload: bytes) -> Head:
        """The head that was signed; raises SealMalformed for anything that `payload` does not write."""
        try:
            facts: dict[str, Any] = json.loads(payload)
            head = cls(**{field.name: facts[field.name] for field in fields(cls)})
            is_same = set(map(type, facts.values())) == {str} and head.payload() == payload
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SealMalformed("not a head of this form") from None
        # So none is missing or added.
        if not is_same or not head._is_plausible():
            raise SealMalformed("not a head of this form")
        return head

    def _is_plausible(self) -> bool:
        numbers = all(_WHOLE.fullmatch(text) for text in (self.sequence, self.entries))
        before = (self.previous_date, self.previous_root, self.previous_seal)
        if not numbers or not _HEX.fullmatch(self.root) or not is_date(self.business_date):
            return False
        if self.sequence == "1":
            return before == ("", "", "")
        hashes = all(_HEX.fullmatch(text) for text in before[1:])
        return hashes and is_date(self.previous_date) and day_after(self.previous_date) == self.business_date


def first_head(issuer: str, business_date: str, entries: int, root: bytes, sealed_at: str) -> Head:
    """The head of the first day of all."""
    return Head(issuer, business_date, "1", str(entries), root.hex(), "", "", "", sealed_at)


def next_head(head: Head, before: Head, signed_before: str) -> Head:
    """A head in its place behind the day before."""
    return replace(
        head,
        sequence=str(int(before.sequence) + 1),
        previous_date=before.business_date,
        previous_root=before.root,
        previous_seal=seal_hash(signed_before),
    )


def seal_hash(signed: str) -> str:
    """The hash by which the next day's head names this one's JWS."""
    return hashlib.sha256(signed.encode()).hexdigest()


def why_not_next(head: Head, before: Head, signed_before: str) -> str | None:
    """What of a head does not follow from the one of the day before; None where all does."""
    expected = next_head(head, before, signed_before)
    if head != expected or head.issuer != before.issuer or day_after(before.business_date) != head.business_date:
        return f"{head.business_date} (#{head.sequence}) does not follow {before.business_date} (#{before.sequence})"
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is among a day's: the hash of its canonical form, its index, and the audit path."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]

    def proves(self, receipt: bytes, head: Head) -> bool:
        """Whether an entry of that hash with a receipt of that hash is a leaf of the head's tree, at this place."""
        leaf = merkle.leaf_hash(self.entry + receipt)
        found = merkle.root_from(leaf, self.index, int(head.entries), self.path)
        return found is not None and found.hex() == head.root


@dataclass(frozen=True, slots=True)
class Proof:
    """What of a receipt's number is told: hashes only, and the signed head of its day.

    There may be two places: once in many lives of a bank two receipts of a day share a number.
    """

    number: str
    business_date: str
    places: tuple[Place, ...]
    signed: str

    def facts(self) -> dict[str, Any]:
        """The proof as JSON, as it is answered and kept in files."""
        return {
            "version": PROOF_VERSION,
            "number": self.number,
            "business_date": self.business_date,
            "places": [
                {"entry": one.entry.hex(), "index": one.index, "path": [node.hex() for node in one.path]}
                for one in self.places
            ],
            "seal": self.signed,
        }

    @classmethod
    def from_facts(cls, facts: Any) -> Proof:
        """The proof that a file holds; raises SealMalformed."""
        try:
            places = tuple(
                Place(_hash(one["entry"]), _index(one["index"]), tuple(_hash(node) for node in _list(one["path"])))
                for one in _list(facts["places"])
            )
            proof = cls(facts["number"], facts["business_date"], places, facts["seal"])
            is_same = proof.facts() == facts
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SealMalformed("not a proof of this form") from None
        if not is_same or {type(text) for text in (proof.number, proof.business_date, proof.signed)} != {str}:
            raise SealMalformed("not a proof of this form")
        return proof


def _list(value: Any) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > merkle.MAX_PATH:
        raise SealMalformed("not a list of this form")
    return value


def _index(value: Any) -> int:
    if type(value) is not int:
        raise SealMalformed("not a whole number")
    return value


def _hash(value: Any) -> bytes:
    raw = bytes.fromhex(value)
    if len(raw) != HASH_BYTES:
        raise SealMalformed("not a hash")
    return raw
