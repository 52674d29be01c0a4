"""What a head and a proof say, and that nothing else is taken for one (XJ-3.5)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.seals import merkle
from chalicelib.seals.domain import (
    Head,
    Place,
    Proof,
    SealMalformed,
    canonical_entry,
    first_head,
    next_head,
    record_of,
    why_not_next,
)

pytestmark = pytest.mark.requirement("XJ-3.5")

FIRST = first_head("rural-bank-test", "20261121", 3, b"\x01" * 32, "2026-11-21T16:45:00.000Z")
SECOND = next_head(first_head("rural-bank-test", "20261122", 0, merkle.EMPTY, "2026-11-22T16:45:00.000Z"), FIRST, "jws")
IMAGE = {
    "entry_id": "mzxw6ytboi2dkmrrgu4tembxge",
    "kind": "transfer",
    "business_date": "20261121",
    "purpose": "货款",
    "amount_fen": 107_53,
    "outward": True,
    "digest": b"\x00\xff",
    "postings": [{"a": "9000010000000000017", "f": -107_53, "k": "principal"}],
}


def test_an_entry_is_hashed_whole_but_for_the_marks_that_come_later() -> None:
    assert canonical_entry(IMAGE).decode() == (
        '{"amount_fen":10753,"business_date":"20261121","digest":{"hex":"00ff"},"entry_id":"mzxw6ytboi2dkmrrgu4tembxge",'
        '"kind":"transfer","outward":true,"postings":[{"a":"9000010000000000017","f":-10753,"k":"principal"}],'
        '"purpose":"货款","version":"rural-bank-entry-1"}'
    )
    assert canonical_entry({**IMAGE, "reversed_by": "x", "returned_by": "y"}) == canonical_entry(IMAGE)
    with pytest.raises(TypeError):
        canonical_entry({**IMAGE, "x": {1}})


@pytest.mark.parametrize("name", sorted(IMAGE))
def test_whatever_of_an_entry_is_altered_alters_its_leaf(name: str) -> None:
    whole = record_of(IMAGE, "jws").hash
    without = {key: value for key, value in IMAGE.items() if key != name}
    assert record_of({**IMAGE, name: "x"}, "jws").hash != whole
    assert canonical_entry(without) != canonical_entry(IMAGE)
    assert record_of({**IMAGE, "more": 1}, "jws").hash != whole


def test_a_leaf_with_a_receipt_is_none_with_another_or_without() -> None:
    hashes = {record_of(IMAGE, signed).hash for signed in ("jws", "jwt", None)}
    assert len(hashes) == 3


def test_a_head_reads_back_and_the_first_names_none_before() -> None:
    for head in (FIRST, SECOND):
        assert Head.from_payload(head.payload()) == head
    assert (FIRST.sequence, FIRST.previous_date, FIRST.previous_root, FIRST.previous_seal) == ("1", "", "", "")
    assert (SECOND.sequence, SECOND.previous_date, SECOND.previous_root) == ("2", "20261121", FIRST.root)


@pytest.mark.parametrize(
    "altered",
    [
        {"sequence": "0x1"},
        {"sequence": "01"},
        {"sequence": "1"},
        {"entries": "-1"},
        {"root": "00"},
        {"root": FIRST.root.upper() + "g"},
        {"business_date": "20261131"},
        {"previous_date": "20261120"},
        {"previous_seal": ""},
        {"version": "rural-bank-day-seal-2"},
        {"more": "x"},
        {"entries": 3},
    ],
)
def test_what_is_not_just_a_head_is_none(altered: dict[str, Any]) -> None:
    facts = {**json.loads(SECOND.payload()), **altered}
    payload = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(SealMalformed):
        Head.from_payload(payload)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"null", b"[" * 100_000, b"\xff", SECOND.payload() + b" "])
def test_what_is_no_payload_at_all_is_none(payload: bytes) -> None:
    with pytest.raises(SealMalformed):
        Head.from_payload(payload)


def test_a_head_follows_just_the_one_before() -> None:
    assert why_not_next(SECOND, FIRST, "jws") is None
    wrong = [
        (SECOND, FIRST, "jwt"),
        (SECOND, replace(FIRST, root="02" * 32), "jws"),
        (SECOND, replace(FIRST, sequence="2"), "jws"),
        (SECOND, replace(FIRST, issuer="rural-bank-prod"), "jws"),
        (SECOND, SECOND, "jws"),
        (replace(SECOND, business_date="20261123"), FIRST, "jws"),
        (replace(SECOND, sequence="3"), FIRST, "jws"),
    ]
    assert [one for one in wrong if why_not_next(*one) is None] == []


PROOF = Proof("20261121461756215893309315", "20261121", (Place(b"\x02" * 32, 5, (b"\x03" * 32,)),), "a.b.c")


def test_a_proof_reads_back() -> None:
    assert Proof.from_facts(json.loads(json.dumps(PROOF.facts()))) == PROOF


@pytest.mark.parametrize(
    "alter",
    [
        lambda facts: facts.pop("seal"),
        lambda facts: facts.update(more=1),
        lambda facts: facts.update(version="rural-bank-inclusion-2"),
        lambda facts: facts.update(number=5),
        lambda facts: facts.update(places={}),
        lambda facts: facts.update(places=facts["places"] * 65),
        lambda facts: facts["places"][0].update(index="5"),
        lambda facts: facts["places"][0].update(index=True),
        lambda facts: facts["places"][0].update(entry="02"),
        lambda facts: facts["places"][0].update(entry="zz" * 32),
        lambda facts: facts["places"][0].update(path="x"),
        lambda facts: facts["places"][0].update(path=[1]),
        lambda facts: facts["places"][0].update(more=1),
    ],
)
def test_what_is_not_just_a_proof_is_none(alter: Callable[[dict[str, Any]], None]) -> None:
    facts = copy.deepcopy(PROOF.facts())
    alter(facts)
    with pytest.raises(SealMalformed):
        Proof.from_facts(facts)


@pytest.mark.parametrize("facts", [None, 1, [], "x", {}])
def test_what_is_no_object_is_no_proof(facts: Any) -> None:
    with pytest.raises(SealMalformed):
        Proof.from_facts(facts)
