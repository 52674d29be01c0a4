"""The published test vectors of the registration form, against the bank's code and against two others."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chalicelib.factors.errors import FactorMalformed
from chalicelib.factors.signatures import REGISTRATION_VERSION, Jwk, compressed, proved_key, registration_form

FILE = Path(__file__).resolve().parents[3] / "docs" / "vectors" / "registration.json"
PUBLISHED: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
VECTORS: list[dict[str, Any]] = PUBLISHED["vectors"]

each = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])

NODE = """
const published = JSON.parse(require("fs").readFileSync(process.argv[1], "utf-8"));
const crypto = require("crypto");
console.log(JSON.stringify(published.vectors.map(({key, customer_id, factor_id, code, proof}) => {
  const all = {...key, customer_id, factor_id, code, version: published.version};
  const sorted = Object.fromEntries(Object.keys(all).sort().map(name => [name, all[name]]));
  const form = Buffer.from(JSON.stringify(sorted), "utf-8");
  const public_key = {key: crypto.createPublicKey({key, format: "jwk"}), dsaEncoding: "ieee-p1363"};
  return {
    canonical_hex: form.toString("hex"),
    sha256: crypto.createHash("sha256").update(form).digest("hex"),
    verified: crypto.verify("sha256", form, public_key, Buffer.from(proof, "base64")),
  };
})));
"""


def jwk_of(vector: dict[str, Any]) -> Jwk:
    return Jwk(vector["key"]["x"], vector["key"]["y"])


@pytest.mark.requirement("NB-5.3.3-cert")
@each
def test_the_bank_keeps_to_what_it_published(vector: dict[str, Any]) -> None:
    assert PUBLISHED["version"] == REGISTRATION_VERSION
    form = registration_form(jwk_of(vector), vector["customer_id"], vector["factor_id"], vector["code"])
    assert form.hex() == vector["canonical_hex"]
    assert hashlib.sha256(form).hexdigest() == vector["sha256"]
    key = proved_key(jwk_of(vector), base64.b64decode(vector["proof"]), form)
    assert compressed(key)[1:] == base64.urlsafe_b64decode(vector["key"]["x"] + "=")


@each
def test_the_written_rules_give_the_same(vector: dict[str, Any]) -> None:
    facts = {name: vector[name] for name in ("customer_id", "factor_id", "code")}
    facts |= {**vector["key"], "version": PUBLISHED["version"]}
    form = "{" + ",".join(f'"{name}":"{facts[name]}"' for name in sorted(facts)) + "}"
    assert form.encode().hex() == vector["canonical_hex"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_another_language_gives_the_same() -> None:
    node = shutil.which("node") or ""
    done = subprocess.run([node, "-e", NODE, str(FILE)], capture_output=True, text=True, timeout=60, check=True)
    wanted = [{name: vector[name] for name in ("canonical_hex", "sha256")} | {"verified": True} for vector in VECTORS]
    assert json.loads(done.stdout) == wanted


@each
def test_a_changed_form_or_proof_proves_nothing(vector: dict[str, Any]) -> None:
    form, proof = bytes.fromhex(vector["canonical_hex"]), base64.b64decode(vector["proof"])
    others = [other for other in VECTORS if other is not vector]
    wrong = [(form + b" ", proof), (form, proof[:-1]), (form, proof[:-1] + bytes([proof[-1] ^ 1])), (form, b"")]
    for changed, given in [*wrong, *((bytes.fromhex(other["canonical_hex"]), proof) for other in others)]:
        with pytest.raises(FactorMalformed):
            proved_key(jwk_of(vector), given, changed)


def test_what_is_no_point_of_the_curve_is_no_key() -> None:
    x, y = VECTORS[0]["key"]["x"], VECTORS[0]["key"]["y"]
    zero = "A" * 43
    # the last character holds two bits that mean nothing: another text for the same number is refused, too
    sloppy = x[:-1] + chr(ord(x[-1]) + 1)
    for jwk in (Jwk(y, x), Jwk(zero, zero), Jwk(sloppy, y), Jwk("_" * 42 + "8", y), Jwk("", ""), Jwk("é", y)):
        with pytest.raises(FactorMalformed):
            proved_key(jwk, b"", b"")
