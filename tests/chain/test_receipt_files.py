"""`bank receipt verify`: a receipt's file against public keys alone; what is not just so fails (YQ-4.2.2-receipt)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from chalicelib.platform import jws
from chalicelib.receipts import keys as receipt_keys
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from infra.cli.app import main
from tests.architecture.source import ROOT
from tests.chain.bank import running_bank

PUBLISHED = json.loads((ROOT / "docs" / "vectors" / "receipt.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Issued:
    """Receipts of one bank: of a transfer, of another, and of the reversal of the first; its keys and a token."""

    one: dict[str, Any]
    other: dict[str, Any]
    reversal: dict[str, Any]
    jwks: dict[str, Any]
    token_jwks: dict[str, Any]
    token: str


@pytest.fixture(scope="module")
def issued() -> Issued:
    with running_bank() as bank:
        payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
        one, other = (bank.pay(payer, payee, amount, f"key-file-{i}") for i, amount in enumerate(("107.53", "20.00")))
        bank.settle()
        reverse_transfer(one, reason="x", by="S1", correlation_id="c-file")
        bank.settle()
        token = bank.log_in(payer)

        def answer(path: str) -> dict[str, Any]:
            body: dict[str, Any] = bank.request("GET", path, token=token).body
            return body

        return Issued(
            answer(f"/v1/transfers/{one}/receipt"),
            answer(f"/v1/transfers/{other}/receipt"),
            answer(f"/v1/transfers/{one}/reversal-receipt"),
            answer("/v1/receipt-keys.json"),
            answer("/v1/jwks.json"),
            token,
        )


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str, Any], tuple[int, str]]:
    """Write a receipt and keys to files and verify; the exit code, and what was said."""

    def run(signed: str, jwks: Any) -> tuple[int, str]:
        (tmp_path / "receipt.jws").write_text(signed, encoding="utf-8")
        (tmp_path / "keys.json").write_text(jwks if isinstance(jwks, str) else json.dumps(jwks), encoding="utf-8")
        code = main(["receipt", "verify", str(tmp_path / "receipt.jws"), "--keys", str(tmp_path / "keys.json")])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


Verify = Callable[[str, Any], tuple[int, str]]


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_genuine_receipt_is_read_out_in_two_languages(issued: Issued, verify: Verify) -> None:
    code, said = verify(issued.one["signed"] + "\n", issued.jwks)
    assert code == 0
    first, *lines = said.splitlines()
    assert first == "有效 / genuine"
    for fact in (
        "网上银行电子回单 / E-receipt",
        f"回单编号 / number: {issued.one['number']}",
        f"交易时间（北京）/ date and time in Shanghai: {issued.one['local_time']}",
        "付款人 / payer: 赵小明",
        "收款人 / payee: 钱红",
        "金额（小写）/ amount: 107.53",
        "金额（大写）/ amount in words: 人民币壹佰零柒元伍角叁分",
        "渠道 / channel: 手机银行 / mobile banking",
        f"验证码 / code: {issued.one['code']}",
    ):
        assert fact in lines
    assert not any("reverses" in line for line in lines)
    # and the receipt of a reversal names what it reverses
    _, said = verify(issued.reversal["signed"], issued.jwks)
    assert f"被冲正回单 / reverses: {issued.one['number']}" in said.splitlines()


def test_it_needs_no_bank_no_network_and_no_secret(issued: Issued, tmp_path: Path) -> None:
    # given the vectors of docs/receipts.md, and a process that knows neither bank nor credentials
    (tmp_path / "receipt.jws").write_text(PUBLISHED["vectors"][0]["jws"], encoding="utf-8")
    (tmp_path / "keys.json").write_text(json.dumps(PUBLISHED["jwks"]), encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(
        "import pathlib, socket\n"
        "def refuse(*_, **__):\n    raise RuntimeError('network')\n"
        "socket.socket.connect = refuse\n"
        "pathlib.Path(__file__).with_name('refuses').touch()\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "infra.cli",
            "receipt",
            "verify",
            tmp_path / "receipt.jws",
            "--keys",
            tmp_path / "keys.json",
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tmp_path / "refuses").exists()
    assert (done.returncode, done.stderr) == (0, "")
    assert "人民币壹拾万柒仟元零伍角叁分" in done.stdout


def with_payload(signed: str, **changes: Any) -> str:
    """The same signature over other facts."""
    head, payload, signature = signed.split(".")
    facts = {**json.loads(jws.decoded(payload)), **changes}
    altered = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return f"{head}.{jws.encoded(altered)}.{signature}"


def test_an_altered_receipt_fails(issued: Issued, verify: Verify) -> None:
    signed = issued.one["signed"]
    for altered in (
        with_payload(signed, amount="907.53"),
        with_payload(signed, amount="907.53", amount_in_words="人民币玖佰零柒元伍角叁分"),
        with_payload(signed, payee_name="孙建国"),
        with_payload(signed, purpose="货 款"),
        signed[:-2] + ("AA" if signed[-2:] != "AA" else "BB"),
        signed[:200] + ("A" if signed[200] != "A" else "B") + signed[201:],
    ):
        code, said = verify(altered, issued.jwks)
        assert code == 1
        assert said.startswith("无效 / not genuine: 签章不符")


def test_a_swapped_receipt_fails(issued: Issued, verify: Verify) -> None:
    # given the parts of two genuine receipts, put together otherwise
    head, payload, signature = issued.one["signed"].split(".")
    _, other_payload, other_signature = issued.other["signed"].split(".")
    for swapped in (f"{head}.{payload}.{other_signature}", f"{head}.{other_payload}.{signature}"):
        assert verify(swapped, issued.jwks)[0] == 1


def test_a_forged_receipt_fails(issued: Issued, verify: Verify) -> None:
    # given somebody with a key of their own, who copies all else
    own = generate_private_key(SECP256R1())
    _, payload, _ = issued.one["signed"].split(".")
    head = jwt.get_unverified_header(issued.one["signed"])
    numbers = own.public_key().public_numbers()
    x, y = (jws.encoded(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    own_jwk = {**issued.jwks["keys"][0], "x": x, "y": y}
    for headers in ({}, {"jwk": own_jwk}, {"jku": "https://localhost/keys"}, {"kid": jws.thumbprint(x, y)}):
        forged = jwt.PyJWS().encode(jws.decoded(payload), own, "ES256", headers={**head, **headers})
        assert verify(forged, issued.jwks)[0] == 1
    unsigned = ".".join([jws.encoded(json.dumps({**head, "alg": "none"}).encode()), payload, ""])
    assert verify(unsigned, issued.jwks)[0] == 1
    # and a keys' file in which that key has taken the name of the bank's is none
    code, said = verify(forged, {"keys": [own_jwk]})
    assert (code, "not readable" in said) == (2, True)


def test_a_foreign_receipt_fails(issued: Issued, verify: Verify) -> None:
    # given another bank's receipt, an access token of this one, and a receipt against the keys of tokens
    foreign = PUBLISHED["vectors"][0]["jws"]
    assert verify(foreign, PUBLISHED["jwks"])[0] == 0
    both = {"keys": [*issued.jwks["keys"], *issued.token_jwks["keys"]]}
    for signed, jwks in ((foreign, issued.jwks), (issued.token, both), (issued.one["signed"], issued.token_jwks)):
        code, said = verify(signed, jwks)
        assert code == 1
        assert "no receipt that a key of that file has signed" in said


def test_what_the_bank_would_sign_by_mistake_is_no_receipt(issued: Issued, verify: Verify) -> None:
    # given a receipt's key that signed, as a receipt, what contradicts itself
    own = generate_private_key(SECP256R1())
    numbers = own.public_key().public_numbers()
    x, y = (jws.encoded(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    kid = jws.thumbprint(x, y)
    jwk = {**issued.jwks["keys"][0], "x": x, "y": y, "kid": kid}
    payload = jws.decoded(with_payload(issued.one["signed"], amount="907.53").split(".")[1])
    signed = jwt.PyJWS().encode(payload, own, "ES256", headers={"typ": "receipt+jws", "kid": kid})
    code, said = verify(signed, {"keys": [jwk]})
    assert code == 1
    assert said.startswith("无效 / not genuine: 内容不符")


@pytest.mark.parametrize("text", ["", "x", "receipt", "a.b.c", "." * 20_000, "回单", "x" * 20_000])
def test_what_is_no_receipt_at_all_fails(issued: Issued, verify: Verify, text: str) -> None:
    assert verify(text, issued.jwks)[0] == 1


@pytest.mark.parametrize(
    "jwks", ["", "[]", "{}", '{"keys": 1}', '{"keys": [1]}', '{"keys": [{"kty": "EC"}]}', "[" * 100_000, "不是公钥"]
)
def test_keys_that_are_none_are_not_readable(issued: Issued, verify: Verify, jwks: str) -> None:
    code, said = verify(issued.one["signed"], jwks)
    assert (code, "无法读取 / not readable" in said) == (2, True)


@pytest.mark.parametrize("changes", [{"crv": "P-384"}, {"alg": "HS256"}, {"use": "enc"}, {"kid": "x"}, {"x": "AAAA"}])
def test_a_key_of_another_form_is_not_taken(issued: Issued, verify: Verify, changes: dict[str, str]) -> None:
    jwks = {"keys": [{**issued.jwks["keys"][0], **changes}]}
    assert verify(issued.one["signed"], jwks)[0] == 2


def test_files_that_are_not_there_are_not_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["receipt", "verify", str(tmp_path / "none"), "--keys", str(tmp_path / "none")]) == 2
    assert "not readable" in capsys.readouterr().err


def test_an_operator_rotates_and_withdraws_receipt_keys(capsys: pytest.CaptureFixture[str]) -> None:
    with running_bank() as bank:
        payer = bank.sign_up("赵小明", deposit="100.00")
        entry_id = bank.pay(payer, bank.sign_up("钱红"), "1.00", "key-withdrawn")
        bank.settle()
        receipt = bank.request("GET", f"/v1/transfers/{entry_id}/receipt", token=bank.log_in(payer)).body
        asked = {"number": receipt["number"], "code": receipt["code"]}
        assert main(["key", "rotate", "--of", "receipts"]) == 0
        assert main(["key", "rotate", "--of", "receipts"]) == 2
        assert main(["key", "rotate"]) == 0  # that of tokens is another ring
        capsys.readouterr()
        assert main(["key", "list", "--of", "receipts"]) == 0
        (first, *_), (_, state, *_) = (line.split() for line in capsys.readouterr().out.splitlines())
        assert state == "next"
        assert bank.request("POST", "/v1/receipt-verifications", asked).status == 200
        # a key in wrong hands: nothing that it signed is genuine any more, and another signs at once
        assert main(["key", "withdraw", first, "--of", "receipts"]) == 0
        assert bank.request("POST", "/v1/receipt-verifications", asked).code == "receipt_not_verified"
        published = bank.request("GET", "/v1/receipt-keys.json").body["keys"]
        assert first not in {key["kid"] for key in published}
        assert receipt_keys.RING.signing(int(bank.clock.now().timestamp())).kid in {key["kid"] for key in published}
