"""`bank audit prove`, `verify` and `day`: a receipt in its sealed day, offline; a rewritten day is found (XJ-3.5)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from chalicelib.platform import clock, jws
from chalicelib.seals import keys, store
from chalicelib.seals.domain import Head, first_head, next_head
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from infra.cli.app import main
from infra.cli.shell import BROKEN, NOT_DONE, WHOLE
from tests.architecture.source import ROOT
from tests.chain.bank import Bank, running_bank
from tests.chain.probe import force, table_items
from tests.chain.sealed import DAY, NEXT, THIRD, number_of, parties, remove, seal

pytestmark = pytest.mark.requirement("XJ-3.5")

PUBLISHED = json.loads((ROOT / "docs" / "vectors" / "day-seal.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Sealed:
    """A bank with three sealed days: two receipts of the first, one of the second; what it published of them."""

    bank: Bank
    ids: list[str]
    numbers: list[str]
    receipts: list[str]
    proofs: list[dict[str, Any]]
    receipt_keys: dict[str, Any]
    seal_keys: dict[str, Any]
    seals: dict[str, Any]


@pytest.fixture(scope="module")
def sealed() -> Iterator[Sealed]:
    with running_bank() as bank:
        payer, payee = parties(bank)
        ids = [bank.pay(payer, payee, amount, f"key-seal-{i}") for i, amount in enumerate(("107.53", "20.00"))]
        bank.settle()
        seal(bank, DAY)
        ids.append(bank.pay(payer, payee, "7.00", "key-seal-next"))
        bank.settle()
        seal(bank, NEXT, THIRD)
        numbers = [number_of(bank, payer, id_) for id_ in ids]

        def answer(path: str) -> dict[str, Any]:
            body: dict[str, Any] = bank.request("GET", path).body
            return body

        rows = {row["entry_id"]: row["signed"] for row in table_items(bank, "ReceiptsTable")}
        yield Sealed(
            bank,
            ids,
            numbers,
            [rows[id_] for id_ in ids],
            [answer(f"/v1/receipt-proofs/{number}") for number in numbers],
            answer("/v1/receipt-keys.json"),
            answer("/v1/day-seal-keys.json"),
            answer("/v1/day-seals"),
        )


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["audit", *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return command


Verify = Callable[..., tuple[int, str]]


@pytest.fixture
def verify(sealed: Sealed, tmp_path: Path, run: Run) -> Verify:
    """Verify the first receipt, with what is given in place of what the bank published; the code, what was said."""

    def command(**other: Any) -> tuple[int, str]:
        files = {
            "receipt": sealed.receipts[0],
            "proof": sealed.proofs[0],
            "keys": sealed.receipt_keys,
            "seal_keys": sealed.seal_keys,
            "seals": sealed.seals,
            **other,
        }
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (tmp_path / name).write_text(text, encoding="utf-8")
        paths = {name: str(tmp_path / name) for name in files}
        options = ["--keys", paths["keys"], "--seal-keys", paths["seal_keys"]]
        if files["seals"] is not None:
            options += ["--seals", paths["seals"]]
        return run("verify", paths["receipt"], paths["proof"], *options)

    return command


# ---- genuine ---------------------------------------------------------------------------------------------------
def test_a_receipt_is_shown_to_be_in_its_day_and_the_day_in_its_chain(sealed: Sealed, verify: Verify) -> None:
    for receipt, proof, number in zip(sealed.receipts, sealed.proofs, sealed.numbers, strict=True):
        code, said = verify(receipt=receipt + "\n", proof=proof)
        assert (code, f"回单 {number} 在其日封存内 / the receipt is in its sealed day" in said) == (WHOLE, True)
        assert f"链完整 / the chain is unbroken: {DAY} #1 … {THIRD} #3" in said
    # without kept heads the chain is not told of; a part of it is one
    assert "chain" not in verify(seals=None)[1]
    part = {"seals": sealed.seals["seals"][1:]}
    assert f"{DAY} #1 … {NEXT} #2" in verify(seals=part)[1]


def test_prove_writes_what_the_bank_answers(sealed: Sealed, run: Run, tmp_path: Path, verify: Verify) -> None:
    file = tmp_path / "proof.json"
    assert run("prove", sealed.numbers[0], "--to", str(file)) == (WHOLE, "")
    assert json.loads(file.read_text(encoding="utf-8")) == sealed.proofs[0]
    assert verify(proof=file.read_text(encoding="utf-8"))[0] == WHOLE
    assert run("prove", sealed.numbers[0], "--to", str(file))[0] == NOT_DONE
    code, said = run("prove", sealed.numbers[0][:-1])
    assert (code, "receipt_proof_not_found" in said) == (NOT_DONE, True)


def test_it_needs_no_bank_no_network_and_no_secret(tmp_path: Path) -> None:
    # given the vectors of docs/day-seal.md, and a process that knows neither bank nor credentials
    one = PUBLISHED["vectors"][0]
    files = {
        "receipt": one["receipt"],
        "proof": json.dumps(one["proof"]),
        "keys": json.dumps(PUBLISHED["receipt_jwks"]),
        "seal_keys": json.dumps(PUBLISHED["seal_jwks"]),
        "seals": json.dumps({"seals": PUBLISHED["seals"]}),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\ndef refuse(*_, **__):\n    raise RuntimeError('network')\nsocket.socket.connect = refuse\n"
    )
    paths = {name: str(tmp_path / name) for name in files}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "infra.cli", "audit", "verify", paths["receipt"], paths["proof"]),
            *("--keys", paths["keys"], "--seal-keys", paths["seal_keys"], "--seals", paths["seals"]),
        ],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "在其日封存内" in done.stdout) == (WHOLE, True), done.stderr


# ---- forged ----------------------------------------------------------------------------------------------------
def jwk_of(key: EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (jws.encoded(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": jws.thumbprint(x, y), "alg": "ES256", "use": "sig"}


def signed_by(key: EllipticCurvePrivateKey, head: Head, kid: str | None = None) -> str:
    """A head, signed by another key than the bank's."""
    named = {"alg": "ES256", "kid": kid or jwk_of(key)["kid"], "typ": "day-seal+jws"}
    text = f"{jws.encoded(json.dumps(named, separators=(',', ':')).encode())}.{jws.encoded(head.payload())}"
    numbers = decode_dss_signature(key.sign(text.encode(), ECDSA(SHA256())))
    return f"{text}.{jws.encoded(b''.join(number.to_bytes(32, 'big') for number in numbers))}"


def test_what_is_altered_swapped_or_foreign_is_in_no_sealed_day(sealed: Sealed, verify: Verify) -> None:
    proof, place = sealed.proofs[0], sealed.proofs[0]["places"][0]
    signed = sealed.receipts[0]
    forger = generate_private_key(SECP256R1())
    head = keys.verified(proof["seal"], int(clock.now().timestamp()))

    def placed(**facts: Any) -> dict[str, Any]:
        return {**proof, "places": [{**place, **facts}]}

    flipped = f"{int(place['path'][0][0], 16) ^ 1:x}{place['path'][0][1:]}"
    cases: dict[str, dict[str, Any]] = {
        "another receipt of the day": {"receipt": sealed.receipts[1]},
        "a receipt of another day": {"receipt": sealed.receipts[2]},
        "an altered receipt": {"receipt": signed[:-8] + ("A" if signed[-8] != "A" else "B") + signed[-7:]},
        "the place of another receipt": {"proof": {**proof, "places": sealed.proofs[1]["places"]}},
        "no place": {"proof": {**proof, "places": []}},
        "another entry": {"proof": placed(entry="0" * 64)},
        "another index": {"proof": placed(index=place["index"] ^ 1)},
        "an index outside": {"proof": placed(index=10**6)},
        "a shorter path": {"proof": placed(path=place["path"][1:])},
        "a longer path": {"proof": placed(path=[*place["path"], "0" * 64])},
        "an altered path": {"proof": placed(path=[flipped, *place["path"][1:]])},
        "the head of another day": {"proof": {**proof, "seal": sealed.proofs[2]["seal"]}},
        "a forged head": {"proof": {**proof, "seal": signed_by(forger, head)}},
        "a forged head with the bank's kid": {
            "proof": {**proof, "seal": signed_by(forger, head, sealed.seal_keys["keys"][0]["kid"])}
        },
        "a receipt's key for heads": {"seal_keys": sealed.receipt_keys},
        "a head's key for receipts": {"keys": sealed.seal_keys},
        "replaced keys of heads": {"seal_keys": {"keys": [jwk_of(forger)]}},
        "replaced keys of receipts": {"keys": {"keys": [jwk_of(forger)]}},
    }
    assert {name: verify(**other)[0] for name, other in cases.items()} == dict.fromkeys(cases, BROKEN)


def test_a_chain_with_a_head_altered_dropped_doubled_or_forged_is_broken(sealed: Sealed, verify: Verify) -> None:
    three, two, one = sealed.seals["seals"]
    forger = generate_private_key(SECP256R1())
    both = {"keys": [*sealed.seal_keys["keys"], jwk_of(forger)]}
    now_s = int(clock.now().timestamp())
    heads = [keys.verified(row["signed"], now_s) for row in (one, two)]
    # given a day of which somebody with a key of the bank signs another root, and the days after it again
    rewritten = first_head(heads[1].issuer, NEXT, 1, b"\x05" * 32, heads[1].sealed_at)
    other_two = signed_by(forger, next_head(rewritten, heads[0], one["signed"]))
    detached = signed_by(forger, first_head(heads[0].issuer, "20261124", 0, b"\x05" * 32, heads[0].sealed_at))
    cases = {
        "a day dropped": [three, one],
        "a day altered": [three, {"signed": other_two}, one],
        "a day doubled": [three, two, {"signed": other_two}, one],
        "the same twice": [three, two, two, one],
        "a beginning that is none": [{"signed": detached}, one],
        "its own day missing": [three, two],
    }
    said = {name: verify(seals={"seals": rows}, seal_keys=both)[0] for name, rows in cases.items()}
    assert said == dict.fromkeys(cases, BROKEN)
    assert verify(seals={"seals": [three, {"signed": other_two}, one]})[0] == BROKEN


def test_what_cannot_be_read_is_not_judged(sealed: Sealed, verify: Verify) -> None:
    unreadable: list[dict[str, Any]] = [
        {"proof": "x"},
        {"proof": "[]"},
        {"proof": {**sealed.proofs[0], "more": 1}},
        {"proof": " " * 50_001},
        {"keys": "{}"},
        {"seal_keys": "x"},
        {"seals": "{}"},
        {"seals": {"seals": []}},
        {"seals": {"seals": [{"signed": 1}]}},
        {"seals": "[" * 100_000},
    ]
    assert [verify(**other)[0] for other in unreadable] == [NOT_DONE] * len(unreadable)


# ---- the tables ------------------------------------------------------------------------------------------------
def test_a_sealed_day_as_it_is_stored_is_whole(sealed: Sealed, run: Run) -> None:
    for day, entries in ((DAY, 3), (NEXT, 1), (THIRD, 0)):
        code, said = run("day", day)
        assert (code, f"{day} 完好 / whole: entries {entries}, wrong 0" in said) == (WHOLE, True)
    assert run("day", "20261124")[0] == NOT_DONE
    assert run("day", "x")[0] == NOT_DONE


def stored(bank: Bank, logical_id: str, **key: str) -> dict[str, Any]:
    (row,) = [row for row in table_items(bank, logical_id) if key.items() <= row.items()]
    return row


def put(bank: Bank, logical_id: str, row: dict[str, Any]) -> None:
    table: Any = boto3.resource("dynamodb").Table(bank.references[logical_id])
    table.put_item(Item=row)


def test_a_day_that_was_rewritten_is_told_by_what_was_done(sealed: Sealed, run: Run) -> None:
    bank, (one, two, _) = sealed.bank, sealed.ids

    def found(logical_id: str, key: dict[str, str], spoil: Callable[[dict[str, Any]], object]) -> list[str]:
        row = stored(bank, logical_id, **key)
        spoil(row)
        code, said = run("day", DAY)
        put(bank, logical_id, row)
        assert (code, run("day", DAY)[0]) == (BROKEN, WHOLE), said
        return [line.strip() for line in said.splitlines() if line.startswith("  ") and ":" in line]

    key = {"entry_id": one}
    assert found("JournalTable", key, lambda _: force(bank, "JournalTable", key, purpose="x")) == [
        f"altered entry: {one}"
    ]
    assert found("JournalTable", key, lambda _: remove(bank, "JournalTable", **key)) == [f"removed: {one}"]
    assert found("JournalTable", key, lambda _: force(bank, "JournalTable", key, business_date="20261120")) == [
        f"removed: {one}"
    ]
    assert found("ReceiptsTable", key, lambda _: remove(bank, "ReceiptsTable", **key)) == [f"removed receipt: {one}"]
    swapped = stored(bank, "ReceiptsTable", entry_id=two)["signed"]
    assert found("ReceiptsTable", key, lambda _: force(bank, "ReceiptsTable", key, signed=swapped)) == [
        f"altered receipt: {one}"
    ]
    put(bank, "JournalTable", {**stored(bank, "JournalTable", entry_id=one), "entry_id": "x" * 26})
    code, said = run("day", DAY)
    assert (code, f"added: {'x' * 26}" in said) == (BROKEN, True)
    remove(bank, "JournalTable", entry_id="x" * 26)


def test_a_seal_or_tile_that_was_rewritten_is_told(sealed: Sealed, run: Run) -> None:
    bank = sealed.bank
    seals = {day: stored(bank, "DaySealsTable", business_date=day) for day in (DAY, NEXT)}
    (tile,) = [row for row in table_items(bank, "SealTilesTable") if row["business_date"] == DAY]
    forger = generate_private_key(SECP256R1())
    now_s = int(clock.now().timestamp())
    head = keys.verified(seals[DAY]["signed"], now_s)
    where = {"book": "main", "business_date": DAY}

    def said(day: str = DAY) -> str:
        code, text = run("day", day)
        assert code == BROKEN
        return text

    # given a head by another key, the head of another day, another number of entries
    for signed, what in ((signed_by(forger, head), "forged seal"), (seals[NEXT]["signed"], "altered seal")):
        force(bank, "DaySealsTable", where, signed=signed)
        assert f"{what}: {DAY}" in said()
    put(bank, "DaySealsTable", seals[DAY])
    force(bank, "DaySealsTable", where, sequence=7)
    assert f"altered seal: {DAY}" in said()
    # a head that the bank itself signs anew for the same day is not the one that the next day names
    again = keys.sign(head, now_s)
    force(bank, "DaySealsTable", where, sequence=1, signed=again)
    assert "broken chain" in said()
    assert "broken chain" in said(NEXT)
    remove(bank, "DaySealsTable", **where)
    assert f"removed seal: {DAY}" in said(NEXT)
    put(bank, "DaySealsTable", seals[DAY])
    # a tile
    altered = tile["rows"][:-1] + bytes((tile["rows"][-1] ^ 1,))
    force(bank, "SealTilesTable", {"business_date": DAY, "tile": tile["tile"]}, rows=altered)
    assert "altered tile" in said()
    remove(bank, "SealTilesTable", business_date=DAY, tile=tile["tile"])
    assert "altered tile" in said()
    put(bank, "SealTilesTable", tile)
    assert run("day", DAY)[0] == run("day", NEXT)[0] == WHOLE


def test_a_reversal_later_on_leaves_the_sealed_day_whole(sealed: Sealed, run: Run, verify: Verify) -> None:
    reverse_transfer(sealed.ids[0], reason="误转", by="S1", correlation_id="c-seal")
    sealed.bank.settle()
    assert run("day", DAY)[0] == WHOLE
    assert verify()[0] == WHOLE
    with patch.object(store, "tile_at", side_effect=AssertionError):
        assert verify()[0] == WHOLE
