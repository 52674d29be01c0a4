"""Receipt numbers and codes, and the form that is signed: one text for one receipt."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from chalicelib.platform import jws
from chalicelib.platform.money import MAX_FEN
from chalicelib.receipts.domain import (
    CHANNELS,
    TITLES,
    Receipt,
    ReceiptMalformed,
    grouped,
    is_receipt_number,
    receipt_number,
    ungrouped,
)
from chalicelib.transfers.domain import MAX_NAME, MAX_PURPOSE

ENTRY = "mzxw6ytboi2dkmrrgu4tembxge"
RECEIPT = Receipt(
    number=receipt_number("20261121", ENTRY),
    issuer="rural-bank-local",
    kind="transfer",
    entry_id=ENTRY,
    business_date="20261121",
    posted_at="2026-11-20T16:00:05.123Z",
    issued_at="2026-11-20T16:00:06.000Z",
    payer_name="赵小明",
    payer_account="9000010000000000017",
    payer_bank="示范村镇银行总行营业部",
    payee_name="钱红",
    payee_account="9000010000000000025",
    payee_bank="示范村镇银行总行营业部",
    currency="CNY",
    amount_fen=107_000_53,
    fee_fen=0,
    purpose='货款 & "定金"',
    channel="mobile",
    factor="sms",
    digest="ab" * 32,
    code="ABCDEFGHIJKLMNOP",
)
PUBLISHED = json.loads((Path(__file__).parents[3] / "docs" / "vectors" / "receipt.json").read_text(encoding="utf-8"))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26))
def test_a_receipt_number_is_26_digits_that_check_themselves(entry_id: str) -> None:
    number = receipt_number("20261121", entry_id)
    assert len(number) == 26
    assert number.isascii()
    assert number.isdigit()
    assert number.startswith("20261121")
    assert mod_97_10.is_valid(number)
    assert number == receipt_number("20261121", entry_id)


@pytest.mark.parametrize("position", range(26))
def test_one_wrong_digit_in_a_receipt_number_is_noticed(position: int) -> None:
    number = receipt_number("20261121", "mzxw6ytboi2dkmrrgu4tembxge")
    for digit in set("0123456789") - {number[position]}:
        assert not mod_97_10.is_valid(number[:position] + digit + number[position + 1 :])


def test_entries_and_days_have_their_own_numbers() -> None:
    numbers = {receipt_number(day, f"entry-{i}") for day in ("20261121", "20261122") for i in range(500)}
    assert len(numbers) == 1000


@pytest.mark.parametrize("text", ["", "2" * 25, "2" * 27, "２" * 26, " " * 26, receipt_number("20261121", "x") + "\n"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert not is_receipt_number(text)


def test_a_code_reads_the_same_however_it_is_grouped() -> None:
    assert grouped("ABCDEFGHIJKLMNOP") == "ABCD-EFGH-IJKL-MNOP"
    for text in ("ABCD-EFGH-IJKL-MNOP", "abcd efgh ijkl mnop", " ABCDEFGH\tIJKL\nMNOP "):
        assert ungrouped(text) == "ABCDEFGHIJKLMNOP"


@pytest.mark.requirement("YQ-4.2.2-receipt")
@pytest.mark.parametrize("vector", PUBLISHED["vectors"], ids=lambda vector: str(vector["name"]))
def test_the_published_vectors(vector: dict[str, str]) -> None:
    # given a receipt of the page, when it is read, then it is written the same again
    receipt = Receipt.from_payload(vector["payload"].encode())
    assert receipt.payload().decode() == vector["payload"]
    assert receipt.number == vector["number"]
    assert json.loads(vector["payload"])["amount_in_words"] == vector["amount_in_words"]
    # and its signature is verified by the published key alone
    (key,) = PUBLISHED["jwks"]["keys"]
    assert jws.thumbprint(key["x"], key["y"]) == key["kid"]
    assert jws.verified(vector["jws"], "receipt+jws", {key["kid"]: jws.key_of(key["x"], key["y"])}) == receipt.payload()


@given(
    st.builds(
        dataclasses.replace,
        st.just(RECEIPT),
        kind=st.sampled_from(sorted(TITLES)),
        channel=st.sampled_from(sorted(CHANNELS)),
        amount_fen=st.integers(0, MAX_FEN),
        fee_fen=st.integers(0, MAX_FEN),
        purpose=st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_PURPOSE),
        payee_name=st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_NAME),
        reverses=st.sampled_from(["", RECEIPT.number]),
    )
)
def test_what_is_signed_reads_back_as_the_same_receipt(receipt: Receipt) -> None:
    assert Receipt.from_payload(receipt.payload()) == receipt


def altered(**changes: Any) -> bytes:
    """The payload with other values, some removed (None), written as the bank writes it."""
    facts = {**json.loads(RECEIPT.payload()), **changes}
    kept = {name: value for name, value in facts.items() if value is not None}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(altered(version="rural-bank-receipt-2"), id="another version"),
        pytest.param(altered(version=None), id="no version"),
        pytest.param(altered(code=None), id="a fact is missing"),
        pytest.param(altered(more="x"), id="a fact too many"),
        pytest.param(altered(amount="107000.54"), id="figures that are not the words"),
        pytest.param(altered(amount_in_words="人民币壹元整"), id="words that are not the figures"),
        pytest.param(altered(amount="107000.5300"), id="figures in another form"),
        pytest.param(altered(amount=107000.53), id="a number"),
        pytest.param(altered(amount="-1.00"), id="less than nothing"),
        pytest.param(altered(fee="10000000000000.01"), id="a fee beyond money"),
        pytest.param(altered(purpose=["x"]), id="a list"),
        pytest.param(altered(local_time="2026-11-21 00:00:06"), id="another time"),
        pytest.param(altered(posted_at="2026-11-21T00:00:05"), id="a time without zone"),
        pytest.param(altered(title="E-receipt"), id="another title"),
        pytest.param(altered(kind="deposit"), id="another kind"),
        pytest.param(altered(number=receipt_number("20261121", "x")), id="another entry's number"),
        pytest.param(altered(business_date="20261122"), id="another day than the number's"),
        pytest.param(altered(entry_id="x"), id="another entry than the number's"),
        pytest.param(json.dumps(json.loads(RECEIPT.payload())).encode(), id="the same in another form"),
        pytest.param(RECEIPT.payload() + b" ", id="a space"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list of nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="brackets"),
    ],
)
def test_what_contradicts_itself_is_no_receipt(payload: bytes) -> None:
    with pytest.raises(ReceiptMalformed):
        Receipt.from_payload(payload)


def test_the_longest_receipt_is_one_that_kms_signs_whole() -> None:
    longest = dataclasses.replace(
        RECEIPT,
        kind="reversal",
        payer_name="赵" * MAX_NAME,
        payee_name="钱" * MAX_NAME,
        payer_bank="行" * 60,
        payee_bank="行" * 60,
        purpose="款" * MAX_PURPOSE,
        amount_fen=9_999_999_999_999_99,
        fee_fen=9_999_999_999_999_99,
        factor="certificate",
        channel="order",
        reverses=RECEIPT.number,
    )
    head = json.dumps({"alg": "ES256", "kid": "k" * 43, "typ": "receipt+jws"}).encode()
    assert len(jws.encoded(head)) + 1 + len(jws.encoded(longest.payload())) < jws.MAX_SIGNED
