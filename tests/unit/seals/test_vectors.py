"""docs/vectors/day-seal.json is what the bank does, and what anybody else can check it by (XJ-3.5)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from chalicelib.platform import jws
from chalicelib.seals import merkle
from chalicelib.seals.domain import Head, Proof, receipt_hash, why_not_next
from infra import receipts, seals
from tests.architecture.source import ROOT

pytestmark = pytest.mark.requirement("XJ-3.5")

PUBLISHED: dict[str, Any] = json.loads((ROOT / "docs" / "vectors" / "day-seal.json").read_text(encoding="utf-8"))
RECEIPT_KEYS = receipts.keys_of(json.dumps(PUBLISHED["receipt_jwks"]))
SEAL_KEYS = receipts.keys_of(json.dumps(PUBLISHED["seal_jwks"]))


def test_the_leaves_and_the_root() -> None:
    # with nothing of the bank's but the canonical texts: SHA-256 and the prefixes of the RFC
    entries = PUBLISHED["entries"]
    assert [one["entry_id"] for one in entries] == sorted(one["entry_id"] for one in entries)
    for one in entries:
        assert hashlib.sha256(one["canonical"].encode()).hexdigest() == one["entry"]
        data = bytes.fromhex(one["entry"] + one["receipt"])
        assert hashlib.sha256(b"\x00" + data).hexdigest() == one["leaf"]
    assert {len(one["receipt"]) for one in entries} == {0, 64}
    assert merkle.root_of([bytes.fromhex(one["leaf"]) for one in entries]).hex() == PUBLISHED["root"]


def test_the_heads_and_their_chain() -> None:
    two, one = PUBLISHED["seals"]
    heads = [seals.head_of(row["signed"], SEAL_KEYS) for row in (one, two)]
    assert [head.payload().decode() for head in heads] == [one["payload"], two["payload"]]
    assert (heads[0].root, heads[0].entries) == (PUBLISHED["root"], str(len(PUBLISHED["entries"])))
    assert (heads[1].entries, heads[1].root) == ("0", merkle.EMPTY.hex())
    assert why_not_next(heads[1], heads[0], one["signed"]) is None
    assert Head.from_payload(jws.decoded(one["signed"].split(".")[1])) == heads[0]


@pytest.mark.parametrize("vector", PUBLISHED["vectors"], ids=lambda one: one["name"])
def test_each_proof(vector: dict[str, Any]) -> None:
    proof = Proof.from_facts(vector["proof"])
    chain = [row["signed"] for row in PUBLISHED["seals"]]
    proved = seals.verify(vector["receipt"], proof, RECEIPT_KEYS, SEAL_KEYS, chain)
    assert (proved.receipt.number, len(proved.chain)) == (proof.number, 2)
    (place,) = proof.places
    assert PUBLISHED["entries"][place.index]["entry"] == place.entry.hex()
    assert PUBLISHED["entries"][place.index]["receipt"] == receipt_hash(vector["receipt"]).hex()
    with pytest.raises(seals.NotProved):
        seals.verify(vector["receipt"], proof, RECEIPT_KEYS, RECEIPT_KEYS, chain)
