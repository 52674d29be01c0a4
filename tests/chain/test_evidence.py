"""Evidence of who confirmed what: whole as exported, and no byte of it can be another (NB-5.1.3)."""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from chalicelib.factors import code_secret
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.limits.commands.change_limits import change_customer_limits
from chalicelib.platform import totp
from chalicelib.transfers.commands.execute_due import execute_due
from chalicelib.transfers.domain import Instruction
from infra import evidence
from tests.architecture.source import ROOT
from tests.chain.bank import TELLER, running_bank
from tests.chain.signers import certified, confirm_signed, signed

SEED = bytes(range(32))


@pytest.fixture(scope="module")
def evidences() -> Iterator[dict[str, Any]]:
    """One posted transfer by each factor, exported; the authority's fingerprint and the secret of the codes."""
    with running_bank() as bank:
        payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
        token = bank.log_in(payer)
        signer = certified(bank, payer, token)
        issue_token(payer.customer_id, serial=bank.blank("token"), seed=SEED, teller_id=TELLER, now=bank.clock.now())
        change_customer_limits(payer.customer_id, {"limit_small": 10_00}, may_raise=True)
        names = ("certificate", "sms", "token", "small")
        later = bank.create(token, payer, payee, "10.00", "key-evid-later", speed="normal")
        made = {
            f: bank.create(token, payer, payee, "10.00", f"key-evid-{f}", factor=f, purpose="货款😀") for f in names
        }
        bank.settle()
        assert confirm_signed(bank, token, made["certificate"], signed(signer, made["certificate"])).status == 200
        sms = made["sms"].body["id"]
        with pytest.raises(KeyError):
            evidence.export(sms)  # not executed yet
        assert bank.confirm(token, sms, bank.code_for(payer, sms)).status == 200
        code = bank.code_for(payer, later.body["id"])
        assert bank.confirm(token, later.body["id"], code).body["state"] == "pending"
        body = {"factor": "token", "code": totp.code_at(SEED, totp.step_at(bank.clock.now()))}
        path = f"/v1/transfers/{made['token'].body['id']}/confirmation"
        assert bank.request("POST", path, body, token=token).status == 200
        path = f"/v1/transfers/{made['small'].body['id']}/confirmation"
        assert bank.request("POST", path, {"factor": "small"}, token=token).status == 200
        found: dict[str, Any] = {f: evidence.export(made[f].body["id"]) for f in names}
        found["root"] = root_of(found["certificate"])
        found["secret"] = code_secret.current()
        # what is reported lost afterwards does not undo what it signed
        bank.clock.advance(dt.timedelta(minutes=1))
        report_loss(payer.customer_id, signer.factor_id, bank.clock.now())
        bank.clock.advance(dt.timedelta(hours=3))
        assert execute_due(bank.clock.now())["executed"] == 1
        found["arrived later"] = evidence.export(later.body["id"])
        found["lost later"] = evidence.export(made["certificate"].body["id"])
        yield json.loads(json.dumps({**found, "secret": found["secret"].decode()}))


def root_of(document: dict[str, Any]) -> str:
    return evidence.fingerprint(x509.load_pem_x509_certificate(document["chain"][0].encode()))


def judged(document: dict[str, Any], evidences: dict[str, Any]) -> int:
    """The exit code that the command would end with."""
    try:
        return evidence.verify(document, evidences["root"], [evidences["secret"].encode()]).code
    except (KeyError, TypeError, ValueError, AttributeError):
        return evidence.UNREADABLE


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize("name", ["certificate", "sms", "token", "small", "lost later", "arrived later"])
def test_evidence_is_valid_as_exported(evidences: dict[str, Any], name: str) -> None:
    assert evidence.verify(evidences[name], evidences["root"], [evidences["secret"].encode()]).wrong == []
    assert judged(evidences[name], evidences) == evidence.VALID


def test_without_fingerprint_or_secret_nothing_is_claimed(evidences: dict[str, Any]) -> None:
    for name in ("certificate", "sms", "token"):
        assert evidence.verify(evidences[name]).code == evidence.UNDECIDED
    assert evidence.verify(evidences["certificate"], "00" * 32).code == evidence.INVALID
    assert evidence.verify(evidences["sms"], "", [b"another secret"]).code == evidence.INVALID


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize("factor", ["certificate", "sms", "token"])
@pytest.mark.parametrize("name", Instruction.__dataclass_fields__)
def test_any_changed_field_of_the_instruction_is_found(evidences: dict[str, Any], factor: str, name: str) -> None:
    document = copy.deepcopy(evidences[factor])
    # One that the form does not have is added.
    before = document["entry"].get(name, "")
    document["entry"][name] = before + 1 if isinstance(before, int) else before + "0"
    assert judged(document, evidences) in (evidence.INVALID, evidence.UNREADABLE)


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize("name", Instruction.__dataclass_fields__)
def test_any_changed_field_of_what_arrived_later_is_found(evidences: dict[str, Any], name: str) -> None:
    document = copy.deepcopy(evidences["arrived later"])
    # One that the form does not have is added.
    before = document["entry"].get(name, "")
    document["entry"][name] = before + 1 if isinstance(before, int) else before + "0"
    assert judged(document, evidences) in (evidence.INVALID, evidence.UNREADABLE)
    # and so is what arrives at once and is said to have arrived later
    document = copy.deepcopy(evidences["sms"])
    document["entry"] |= {"speed": "normal", "arrives_at": evidences["arrived later"]["entry"]["arrives_at"]}
    assert judged(document, evidences) == evidence.INVALID


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize("factor", ["certificate", "sms", "token"])
@pytest.mark.parametrize("name", ["digest", "proof", "serial", "pubkey"])
def test_any_changed_byte_of_digest_and_proof_is_found(evidences: dict[str, Any], factor: str, name: str) -> None:
    if name not in evidences[factor]["entry"]:
        assert factor != "certificate"
        return
    raw = bytes.fromhex(evidences[factor]["entry"][name])
    assert raw
    for i in range(len(raw)):
        for bit in (1, 128):
            document = copy.deepcopy(evidences[factor])
            document["entry"][name] = (raw[:i] + bytes([raw[i] ^ bit]) + raw[i + 1 :]).hex()
            assert judged(document, evidences) == evidence.INVALID, (i, bit)
    for cut in (raw[:-1], raw + b"\0", b""):
        document = copy.deepcopy(evidences[factor])
        document["entry"][name] = cut.hex()
        assert judged(document, evidences) == evidence.INVALID


@pytest.mark.parametrize("factor", ["sms", "token"])
@pytest.mark.parametrize("name", ["session_id", "posted_at"])
def test_a_code_is_sealed_with_session_and_time(evidences: dict[str, Any], factor: str, name: str) -> None:
    document = copy.deepcopy(evidences[factor])
    document["entry"][name] = document["entry"][name].replace("0", "1")
    if document["entry"][name] == evidences[factor]["entry"][name]:
        document["entry"][name] += "x"
    assert judged(document, evidences) in (evidence.INVALID, evidence.UNREADABLE)


def test_what_is_beside_the_instruction_is_held_to_it(evidences: dict[str, Any]) -> None:
    good = evidences["certificate"]
    changes: list[tuple[str, Any]] = [
        ("kind", "cash_deposit"),
        ("state", "awaiting"),
        ("postings", [{**leg, "f": leg["f"] * 2} for leg in good["entry"]["postings"]]),
        ("postings", good["entry"]["postings"][:1]),
        ("posted_at", "2026-11-20T02:00:00.000Z"),
        ("posted_at", "2028-11-21T02:00:00.000Z"),
        ("business_date", "20261122"),
    ]
    for name, value in changes:
        assert judged({**good, "entry": {**good["entry"], name: value}}, evidences) == evidence.INVALID, name
    posted = good["entry"]["posted_at"]
    assert judged({**good, "ended_at": posted}, evidences) == evidence.INVALID
    assert judged({**good, "chain": [good["certificate"]]}, evidences) == evidence.INVALID
    assert judged({**good, "chain": []}, evidences) == evidence.UNREADABLE
    assert judged({**good, "format": "another"}, evidences) == evidence.UNREADABLE


def test_the_command_works_in_a_process_without_any_setting(evidences: dict[str, Any], tmp_path: Path) -> None:
    file, secret = tmp_path / "evidence.json", tmp_path / "secret"
    secret.write_text(evidences["secret"], encoding="utf-8")

    def run(document: Any, *options: str) -> tuple[int, str]:
        file.write_text(json.dumps(document), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "infra.cli", "evidence", "verify", str(file), *options],
            cwd=ROOT,
            env={"PATH": os.defpath, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    code, text = run(evidences["certificate"], "--root", evidences["root"])
    assert (code, text.startswith("有效 / valid: ")) == (0, True)
    code, text = run(evidences["sms"], "--code-secret", str(secret))
    assert (code, text.startswith("有效 / valid: ")) == (0, True)
    altered = copy.deepcopy(evidences["certificate"])
    altered["entry"]["amount_fen"] += 1
    code, text = run(altered, "--root", evidences["root"])
    assert code == 1
    assert "the digest is not the instruction's" in text
    assert run({}, "--root", evidences["root"])[0] == 2
    assert run(evidences["sms"])[0] == 3
