"""From the request to a signed PDF: a receipt is printed, and its prints are counted and marked (NB-5.1.6-3)."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest

from chalicelib.platform import clock
from chalicelib.platform.pdf import certificates, keys
from chalicelib.receipts import service as receipts
from chalicelib.receipts.store import ReceiptItem
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from infra import printed
from tests.chain.bank import Bank
from tests.chain.probe import table_items
from tests.chain.test_documents import Asker, archive, fetched, pay, receipt_file
from tests.printed import bare, codes_in, is_the_banks, text_of


@pytest.fixture
def app(bank: Bank) -> Asker:
    keys.RING.forget()
    now = clock.now()
    certificates.install(certificates.trial_certificates(now), now)
    return Asker(bank, bank.sign_up("赵小明", deposit="1000.00"))


def paid(app: Asker, amount: str = "107.53") -> str:
    return pay(app.bank, app.person, amount, f"pdf-{amount.partition('.')[0]}")


def receipt_of(entry_id: str) -> ReceiptItem:
    found = receipts.issued(entry_id)
    assert found is not None
    return found


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_receipt_is_asked_for_as_pdf_and_comes_signed(app: Asker) -> None:
    transfer_id = paid(app)
    document = app.made(receipt_file(transfer_id, format="pdf", language="en"))
    assert (document["state"], document["media_type"]) == ("ready", "application/pdf")
    answer = fetched(document)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert is_the_banks(answer.content)
    receipt = receipt_of(transfer_id)
    assert printed.signed_in(answer.content) == receipt.signed
    said = bare(text_of(answer.content))
    for fact in (receipt.number, "赵小明", "107.53", receipt.amount_in_words, "Firstprint首次打印"):
        assert fact in said
    # and its code leads to the page where anybody verifies it
    (address,) = codes_in(answer.content)
    path = address.removeprefix("https://bank.example")
    page = app.bank.request("GET", path)
    assert page.status == 200
    assert receipt.number in str(page.body)


@pytest.mark.requirement("NB-5.1.6-3")
def test_each_request_is_a_print_and_says_which(app: Asker) -> None:
    transfer_id = paid(app)
    marks = []
    for number in range(1, 4):
        document = app.made(receipt_file(transfer_id, format="pdf"), key=f"document-{number}")
        said = bare(text_of(fetched(document).content))
        marks.append(next(mark for mark in ("首次打印", "补打第2次打印", "补打第3次打印") if mark in said))
    assert marks == ["首次打印", "补打第2次打印", "补打第3次打印"]


@pytest.mark.requirement("NB-5.1.6-3")
def test_each_print_of_a_list_of_movements_is_counted_by_its_period_and_says_which(app: Asker) -> None:
    paid(app)
    first_print, second, third, fourth = "首次打印", "补打第2次打印", "Reprint,print3", "补打第4次打印"
    day = {"date_from": "20261121", "date_to": "20261121"}
    lines = {"kind": "statement", "format": "pdf", "account_id": app.person.account, **day}

    def mark(key: str, **more: str) -> str:
        asked = app.ask({**lines, **more}, key)
        app.bank.settle()
        said = bare(text_of(fetched(app.read(asked.body["id"]).body).content))
        (found,) = [one for one in (first_print, second, third, fourth) if one in said]
        return found

    # a file that is no print takes no number, and another period is another paper
    app.made({**lines, "format": "csv"}, "no-print")
    assert [mark("statement-1"), mark("statement-1"), mark("statement-2")] == [first_print, first_print, second]
    assert mark("statement-3", date_from="20261120") == first_print
    assert mark("statement-4", language="en") == third
    # made anew under its key after it had gone, it is one more print, and who has which is on record
    app.bank.clock.advance(dt.timedelta(days=90))
    app.token = app.bank.log_in(app.person)
    assert mark("statement-1") == fourth
    book = f"statement#{app.person.account}#20261121#20261121"
    rows = [row for row in table_items(app.bank, "ReceiptPrintsTable") if row["book"] == book]
    rows.sort(key=lambda row: str(row["line"]))
    assert [row["line"] for row in rows] == ["000001", "000002", "000003", "000004"]
    assert rows[0]["document_id"] == rows[3]["document_id"]
    assert {row["customer_id"] for row in rows} == {app.person.customer_id}


def test_a_reversal_is_printed_as_one(app: Asker) -> None:
    transfer_id = paid(app)
    reverse_transfer(transfer_id, reason="x", by="S1", correlation_id="c-print")
    app.bank.settle()
    document = app.made(receipt_file(transfer_id, format="pdf", of="reversal"))
    said = bare(text_of(fetched(document).content))
    assert "（冲正）" in said
    assert f"被冲正回单{receipt_of(transfer_id).number}" in said


def test_an_archive_has_the_pdf_of_each_receipt(app: Asker) -> None:
    made = [paid(app, amount) for amount in ("1.00", "2.00")]
    document = app.made(archive(*made))
    with zipfile.ZipFile(io.BytesIO(fetched(document).content)) as archived:
        pdfs = [archived.read(name) for name in archived.namelist() if name.endswith(".pdf")]
    assert {printed.signed_in(content) for content in pdfs} == {receipt_of(entry_id).signed for entry_id in made}
    assert all(is_the_banks(content) for content in pdfs)


def test_a_receipt_of_before_signatures_is_refused_with_what_to_do(app: Asker) -> None:
    transfer_id = paid(app)
    receipt_of(transfer_id).update([ReceiptItem.signed.remove()])
    document = app.made(receipt_file(transfer_id, format="pdf"))
    assert document["state"] == "failed"
    assert document["code"] == "receipt_not_signed"
