"""The published test vectors of the canonical form, against the bank's code and against two others."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from chalicelib.factors.signatures import is_signed
from chalicelib.platform.money import Money
from chalicelib.transfers.domain import CANONICAL_VERSION, CANONICAL_VERSION_MORE, Instruction

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "vectors"
FILE = FOLDER / "instruction.json"
MORE_FILES = (FOLDER / "instruction-3.json", FOLDER / "instruction-3-interbank.json")


def read(file: Path) -> dict[str, Any]:
    published: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    shared = {name: published[name] for name in ("version", "public_key")}
    return {**published, "vectors": [{**vector, **shared} for vector in published["vectors"]]}


PUBLISHED, MORE = read(FILE), [read(file) for file in MORE_FILES]
VECTORS: list[dict[str, Any]] = [vector for one in (PUBLISHED, *MORE) for vector in one["vectors"]]

each = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])

# JSON.stringify on an object of text whose keys were put in order: RFC 8785, by another hand.
NODE = """
const published = JSON.parse(require("fs").readFileSync(process.argv[1], "utf-8"));
const crypto = require("crypto");
console.log(JSON.stringify(published.vectors.map(({fields, signature}) => {
  const all = {...fields, version: published.version};
  const sorted = Object.fromEntries(Object.keys(all).sort().map(name => [name, all[name]]));
  const form = Buffer.from(JSON.stringify(sorted), "utf-8");
  const key = {key: published.public_key, dsaEncoding: "ieee-p1363"};
  return {
    canonical_hex: form.toString("hex"),
    sha256: crypto.createHash("sha256").update(form).digest("hex"),
    verified: crypto.verify("sha256", form, key, Buffer.from(signature, "base64")),
  };
})));
"""


def instruction_of(fields: dict[str, str]) -> Instruction:
    """The instruction of a vector: the bank counts in fen."""
    facts: dict[str, Any] = dict(fields)
    facts["amount_fen"] = Money.parse(facts.pop("amount")).amount_fen
    facts["fee_fen"] = Money.parse(facts.pop("fee")).amount_fen
    return Instruction(**facts)


SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def written(text: str) -> str:
    """A text in the canonical form, by the rules of docs/instruction.md and by no library."""
    return '"' + "".join(SHORT.get(ord(c)) or (f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in text) + '"'


@pytest.mark.requirement("XJ-4.2-wysiwys")
@each
def test_the_bank_keeps_to_what_it_published(vector: dict[str, Any]) -> None:
    assert PUBLISHED["version"] == CANONICAL_VERSION
    assert [one["version"] for one in MORE] == [CANONICAL_VERSION_MORE] * 2
    instruction = instruction_of(vector["fields"])
    assert instruction.canonical().hex() == vector["canonical_hex"]
    assert instruction.digest().hex() == vector["sha256"]


@each
def test_the_written_rules_give_the_same(vector: dict[str, Any]) -> None:
    facts = {**vector["fields"], "version": vector["version"]}
    form = "{" + ",".join(f"{written(name)}:{written(facts[name])}" for name in sorted(facts)) + "}"
    assert form.encode().hex() == vector["canonical_hex"]
    assert hashlib.sha256(form.encode()).hexdigest() == vector["sha256"]


@each
def test_the_signatures_verify_and_are_of_that_vector_only(vector: dict[str, Any]) -> None:
    public = load_pem_public_key(vector["public_key"].encode())
    assert isinstance(public, EllipticCurvePublicKey)
    key = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    signature = base64.b64decode(vector["signature"])
    verified = [other["name"] for other in VECTORS if is_signed(key, signature, bytes.fromhex(other["canonical_hex"]))]
    assert verified == [vector["name"]]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("file", [FILE, *MORE_FILES], ids=lambda file: file.stem)
def test_another_language_gives_the_same(file: Path) -> None:
    node = shutil.which("node") or ""
    done = subprocess.run([node, "-e", NODE, str(file)], capture_output=True, text=True, timeout=60, check=True)
    wanted = [
        {name: vector[name] for name in ("canonical_hex", "sha256")} | {"verified": True}
        for vector in read(file)["vectors"]
    ]
    assert json.loads(done.stdout) == wanted


def test_the_vectors_reach_what_is_easily_wrong() -> None:
    forms = [bytes.fromhex(vector["canonical_hex"]).decode() for vector in VECTORS]
    for part in ('\\"', "\\\\", "\\t", "\\u0000", "\\u001f", "\u2028", "👨", "𠮷", '"fee":"0.00"', "10000000000000.00"):
        assert any(part in form for form in forms), part
    assert len({vector["sha256"] for vector in VECTORS}) == len(VECTORS)
