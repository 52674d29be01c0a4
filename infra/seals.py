"""Verify that a receipt is in its sealed day, with public keys alone: no bank, no table, no secret (XJ-3.5)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from chalicelib.platform import jws
from chalicelib.receipts.domain import Receipt
from chalicelib.seals.domain import JWS_TYPE, Head, Proof, SealMalformed, receipt_hash, why_not_next
from infra import receipts

# A proof has some five thousand characters, a century of heads thirty million; what is much longer is none.
MAX_PROOF_CHARACTERS, MAX_SEALS_CHARACTERS = 50_000, 50_000_000
Keys = Mapping[str, EllipticCurvePublicKey]


class FileUnreadable(ValueError):
    """A file that is no JSON of the form it should have."""


class NotProved(Exception):
    """What was brought does not show what it should; the text is for a person, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Proved:
    """The receipt, and the head of its day; `chain` are the heads it stands among, where some were given."""

    receipt: Receipt
    head: Head
    chain: tuple[Head, ...] = ()


def proof_of(text: str) -> Proof:
    """What the file of a proof says; raises FileUnreadable."""
    try:
        return Proof.from_facts(_json(text, MAX_PROOF_CHARACTERS))
    except SealMalformed as problem:
        raise FileUnreadable(f"不是存证文件 / no proof: {problem}") from None


def seals_of(text: str) -> list[str]:
    """The signed heads of a file as `GET /v1/day-seals` answers it; raises FileUnreadable."""
    try:
        signed = [one["signed"] for one in _json(text, MAX_SEALS_CHARACTERS)["seals"]]
    except (KeyError, TypeError) as problem:
        raise FileUnreadable(f"不是日封存文件 / no list of seals: {problem}") from None
    if not signed or {type(one) for one in signed} != {str}:
        raise FileUnreadable("不是日封存文件 / no list of seals")
    return signed


def _json(text: str, most: int) -> Any:
    if len(text) > most:
        raise FileUnreadable("文件过长 / too long")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise FileUnreadable(f"不是 JSON / no JSON: {problem}") from None


def verify(receipt_text: str, proof: Proof, receipt_keys: Keys, seal_keys: Keys, seals: list[str] | None) -> Proved:
    """The receipt is genuine, its entry with it is a leaf of the tree that its day's head was signed over, and that
    head is one of an unbroken chain where `seals` are given. Raises NotProved.
    """
    genuine = receipts.verify(receipt_text, receipt_keys)
    receipt = genuine.receipt
    if receipt is None:
        raise NotProved(genuine.wrong)
    if (proof.number, proof.business_date) != (receipt.number, receipt.business_date):
        raise NotProved("存证是另一张回单的 / the proof is another receipt's")
    head = head_of(proof.signed, seal_keys)
    if (head.issuer, head.business_date) != (receipt.issuer, receipt.business_date):
        raise NotProved("日封存是另一日或另一银行的 / the head is of another day, or another bank's")
    if not any(place.proves(receipt_hash(receipt_text.strip()), head) for place in proof.places):
        raise NotProved("回单不在该日封存内 / the receipt is not in that day's tree")
    chain = chain_of(seals, seal_keys) if seals is not None else ()
    if seals is not None and proof.signed not in seals:
        raise NotProved("该日封存不在所附链中 / the head is none of the file of seals")
    return Proved(receipt, head, chain)


def head_of(signed: str, keys: Keys) -> Head:
    """What a head says that one of the keys has signed; raises NotProved."""
    try:
        return Head.from_payload(jws.verified(signed, JWS_TYPE, keys))
    except (jws.BadSignature, SealMalformed):
        raise NotProved("日封存签名不符 / no head that a key of that file has signed") from None


def chain_of(seals: Iterable[str], keys: Keys) -> tuple[Head, ...]:
    """The heads in order, oldest first; raises NotProved for one not signed, or that does not follow the one before."""
    pairs = sorted(((head_of(signed, keys), signed) for signed in seals), key=lambda pair: int(pair[0].sequence))
    for (before, signed_before), (head, _) in pairwise(pairs):
        broken = why_not_next(head, before, signed_before)
        if broken is not None:
            raise NotProved(f"链断 / the chain is broken: {broken}")
    return tuple(head for head, _ in pairs)
