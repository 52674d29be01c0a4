"""The clients of apps against the deployed bank: the TypeScript one makes a transfer, with two step-ups on its way.

The Python one is what the walk-through of every one of these tests goes by.
"""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra import clients, node
from infra.build import ARCHIVE
from infra.local.messages import sent_to
from infra.local.stack import BUILD_DIR, Bank
from infra.local.walk import wait_for

AMOUNT = "12.30"
TIMEOUT_S = 60


def code_sent(bank: Bank, phone: str, asked: str) -> str:
    """The code that came for a transfer or step-up."""

    def look() -> str | None:
        texts = [m["text"] for m in sent_to(bank, phone) if asked in m["message_id"] and "验证码" in m["text"]]
        return texts[-1] if texts else None

    return wait_for("the SMS", look).partition("验证码")[2][:6]


@pytest.mark.requirement("YQ-4.2.2-xfer", "YQ-4.2.2-receipt")
def test_a_program_in_typescript_makes_a_transfer(deployed: tuple[Bank, dict[str, Any]]) -> None:
    bank, demo = deployed
    payer, payee = demo["customers"][3], demo["customers"][2]
    clients.make_typescript()
    wish = {
        "base_url": bank.base_url,
        "login_name": payer["login_name"],
        "password": payer["password"],
        "payer_account": payer["accounts"][0]["id"],
        "payee_account": payee["accounts"][0]["id"],
        "payee_name": payee["name"],
        "amount": AMOUNT,
    }
    asked, receipt = [], {}
    command: list[str | Path] = [node.NODE, clients.TYPESCRIPT_BUILT / "example" / "transfer.ts", json.dumps(wish)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None and program.stdout is not None
        for line in program.stdout:
            said = json.loads(line)
            if "code_for" not in said:
                receipt = said
                continue
            asked.append(said["code_for"])
            program.stdin.write(code_sent(bank, payer["phone"], asked[-1]) + "\n")
            program.stdin.flush()
        assert program.wait(TIMEOUT_S) == 0
    # to bind its device, to switch transfers on, to confirm the transfer
    assert len(asked) == 3
    assert (receipt["transfer_id"], receipt["amount"], receipt["payee"]["name"]) == (asked[2], AMOUNT, payee["name"])
    assert receipt["amount_in_words"] == "人民币壹拾贰元叁角"


def test_no_client_is_in_the_package(deployed: tuple[Bank, dict[str, Any]]) -> None:
    del deployed  # packaged it
    with zipfile.ZipFile(BUILD_DIR / ARCHIVE) as package:
        names = package.namelist()
    assert "chalicelib/contract/service.py" in names
    assert [name for name in names if name.startswith(("clients/", "rural_bank", "httpx/"))] == []
