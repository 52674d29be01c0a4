"""Documents of the deployed package: each format, made by the function with the layers of documents."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import pytest
import requests

from chalicelib.platform import clock
from infra.local.stack import Bank
from infra.local.walk import wait_for
from tests.deploy.phone import Phone
from tests.deploy.test_deployed_bank import TIMEOUT_S, logged_in
from tests.printed import bare, is_the_banks, text_of

STATEMENT_FORMATS = ("pdf", "csv", "xlsx", "ofx", "camt053")


def _ended(phone: Phone, document_id: str) -> dict[str, Any] | None:
    document: dict[str, Any] = phone.expect(200, "GET", f"/v1/documents/{document_id}")
    return None if document["state"] == "waiting" else document


def _content(document: dict[str, Any]) -> bytes:
    content = requests.get(document["link"], timeout=TIMEOUT_S).content
    assert (len(content), hashlib.sha256(content).hexdigest()) == (document["size_bytes"], document["sha256"])
    return content


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_every_format_is_made_and_pdfs_are_signed(deployed: tuple[Bank, dict[str, Any]]) -> None:
    bank, demo = deployed
    payer = demo["customers"][0]
    phone = logged_in(bank, payer)
    transfer_id = phone.expect(200, "GET", "/v1/transfers")["transfers"][0]["id"]
    day = clock.business_date(clock.now())
    statement = {
        "kind": "statement",
        "account_id": payer["accounts"][0]["id"],
        "date_from": day,
        "date_to": day,
    }
    wishes: dict[str, dict[str, Any]] = {
        "receipt": {"kind": "receipt", "format": "pdf", "transfer_id": transfer_id},
        "receipts": {"kind": "receipts", "format": "zip", "transfer_ids": [transfer_id]},
        **{name: {**statement, "format": name} for name in STATEMENT_FORMATS},
    }

    # when all are asked for at once
    asked = {
        name: phone.expect(202, "POST", "/v1/documents", wish, **{"Idempotency-Key": f"deployed-{name}"})["id"]
        for name, wish in wishes.items()
    }
    made = {name: wait_for(name, partial(_ended, phone, one)) for name, one in asked.items()}

    # then each is ready, and what is printed has the bank's signature and its fonts
    assert {name: one["state"] for name, one in made.items()} == dict.fromkeys(wishes, "ready")
    contents = {name: _content(one) for name, one in made.items()}
    assert is_the_banks(contents["receipt"])
    assert is_the_banks(contents["pdf"])
    assert "人民币壹仟贰佰叁拾肆元伍角陆分" in bare(text_of(contents["receipt"]))
