"""What tells wishes apart, which periods there are, and when a document may be asked for again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from chalicelib.documents import domain
from chalicelib.documents.domain import FAILED, READY, WAITING, Document, Wanted
from chalicelib.documents.errors import DocumentPeriodRefused, DocumentTooManyReceipts
from chalicelib.platform import clock

NOW = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
AT = clock.to_text(NOW)
AGAIN_S = 600
RECEIPT = Document(
    "d" * 26,
    "c" * 20,
    "receipt",
    "jws",
    "zh",
    "receipt.jws",
    "application/jose",
    AT,
    AT,
    b"d" * 16,
    "r",
    ("e" * 26,),
)
STATEMENT = replace(RECEIPT, kind="statement", expires_at=int(NOW.timestamp()) + 86_400)


def test_whatever_differs_in_a_wish_makes_it_another() -> None:
    wish = Wanted("receipts", "zip", "zh", ("a", "b"), "transfer", "9", "20261101", "20261130", "")
    others = [
        replace(wish, kind="receipt"),
        replace(wish, format="jws"),
        replace(wish, language="en"),
        replace(wish, transfer_ids=("a",)),
        replace(wish, transfer_ids=("b", "a")),
        replace(wish, of="reversal"),
        replace(wish, account_id="8"),
        replace(wish, first_date="20261102"),
        replace(wish, last_date="20261129"),
        replace(wish, month="2026-11"),
    ]
    assert len({one.digest() for one in (wish, *others)}) == 11
    assert replace(wish).digest() == wish.digest()


@pytest.mark.parametrize(
    ("first", "last", "fits"),
    [
        ("20261121", "20261121", True),
        ("20261120", "20261121", True),
        ("20261122", "20261121", False),
        ("20261121", "20261122", False),
        ("20261112", "20261121", True),  # ten days
        ("20261111", "20261121", False),
        ("20240220", "20240229", True),  # over a leap day's month
        ("20240220", "20240301", False),
    ],
)
def test_a_period_is_in_order_has_begun_and_is_short(first: str, last: str, fits: bool) -> None:
    def judge() -> None:
        domain.require_period(first, last, "20261121", 10)

    if fits:
        judge()
        return
    with pytest.raises(DocumentPeriodRefused) as refused:
        judge()
    assert refused.value.facts == {"today": "20261121", "most": "10"}


def test_an_archive_has_a_most() -> None:
    domain.require_few(100, 100)
    with pytest.raises(DocumentTooManyReceipts, match="document_too_many_receipts") as refused:
        domain.require_few(101, 100)
    assert refused.value.facts == {"most": "100"}


@pytest.mark.parametrize(
    ("document", "after_s", "again"),
    [
        (RECEIPT, 0, False),
        (RECEIPT, AGAIN_S - 1, False),
        (RECEIPT, AGAIN_S, True),
        (replace(RECEIPT, state=FAILED), 0, True),
        (replace(RECEIPT, state=READY), 10**8, False),
        (replace(STATEMENT, state=READY), 86_399, False),
        (replace(STATEMENT, state=READY), 86_400, True),
        (replace(STATEMENT, state=WAITING), AGAIN_S - 1, False),
    ],
)
def test_what_failed_is_gone_or_waits_too_long_is_made_again(document: Document, after_s: int, again: bool) -> None:
    assert document.may_be_asked_again(NOW + dt.timedelta(seconds=after_s), AGAIN_S) == again


def test_a_voucher_never_goes_and_what_can_be_made_again_does_on_its_second() -> None:
    long_after = NOW + dt.timedelta(days=36_500)
    ends = NOW + dt.timedelta(days=1)
    assert [one.is_gone(long_after) for one in (RECEIPT, STATEMENT)] == [False, True]
    assert [STATEMENT.is_gone(ends - dt.timedelta(seconds=1)), STATEMENT.is_gone(ends)] == [False, True]
    assert (RECEIPT.key, STATEMENT.key) == (f"vouchers/{'d' * 26}", f"statements/{'d' * 26}")
    assert replace(RECEIPT, kind="receipts").key.startswith("vouchers/")
    assert replace(RECEIPT, kind="bill").key.startswith("statements/")


@pytest.mark.parametrize("document", [RECEIPT, replace(STATEMENT, state=FAILED, code="x", zh="甲。", en="A.", tries=4)])
def test_a_row_says_all_of_a_document(document: Document) -> None:
    assert Document.from_image(domain.stored(document)) == document
