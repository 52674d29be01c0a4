"""What a worker makes of documents: archives, prints that are counted, what fails and is asked for again, what goes."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO

import pytest

from chalicelib.documents import file_store, formats, print_store, store
from chalicelib.documents.commands import make_document
from chalicelib.documents.domain import Document, receipt_paper
from chalicelib.documents.formats import Format
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock
from chalicelib.platform.errors import Retryable
from chalicelib.receipts import service as receipts
from chalicelib.receipts import store as receipt_store
from chalicelib.receipts.commands import write_receipt
from chalicelib.receipts.keys import RING
from chalicelib.statements.service import issue_bills
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import PASSWORD, START, Bank, Person
from tests.chain.probe import force, retry_at_once, table_items
from tests.chain.test_documents import Asker, archive, fetched, pay, receipt_file, told_again

Wire = Callable[..., None]
TODAY = "20261121"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    RING.forget()
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def paid(bank: Bank, payer: Person) -> str:
    return pay(bank, payer, "107.53", "paid")


@pytest.fixture
def app(bank: Bank, payer: Person, paid: str) -> Asker:
    return Asker(bank, payer)


@pytest.fixture(autouse=True)
def _no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made here is what the tests wire: a PDF, which takes a certificate, has tests of its own."""
    monkeypatch.delitem(formats.OF_RECEIPT, "pdf")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """A format more, as a context that makes one is wired: one entry that names module and function."""

    def wired(of_kind: dict[str, Format], name: str, make: Callable[..., None]) -> None:
        monkeypatch.setattr(write_receipt, name, make, raising=False)
        is_print = of_kind is formats.OF_RECEIPT
        entry = Format("text/plain", name, f"receipts.commands.write_receipt:{name}", is_print=is_print)
        monkeypatch.setitem(of_kind, name, entry)

    return wired


def printed(receipt: receipts.ReceiptItem, sink: BinaryIO, *, language: str, print_number: int) -> None:
    sink.write(f"{receipt.number} {language} {print_number}".encode())


def broken(*_: Any, **__: Any) -> None:
    raise ValueError("a defect")


def period(app: Asker, kind: str, form: str, first: str, last: str) -> dict[str, Any]:
    return {"kind": kind, "format": form, "account_id": app.person.account, "date_from": first, "date_to": last}


def members(document: dict[str, Any]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(fetched(document).content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


def issued(entry_id: str) -> receipts.ReceiptItem:
    found = receipts.issued(entry_id)
    assert found is not None
    return found


def stored(document_id: str) -> Document:
    found = store.get(document_id)
    assert found is not None
    return found


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_an_archive_has_each_receipt_in_each_format(bank: Bank, app: Asker, paid: str, wire: Wire) -> None:
    wire(formats.OF_RECEIPT, "txt", printed)
    other = pay(bank, app.person, "20.00", "other")
    shown = app.made(archive(paid, other, paid))
    numbers = [issued(entry_id).number for entry_id in (paid, other)]
    held = members(shown)
    assert sorted(held) == sorted(f"{number}.{form}" for number in numbers for form in ("jws", "txt"))
    assert held[f"{numbers[0]}.jws"] == (issued(paid).signed or "").encode()
    assert held[f"{numbers[1]}.txt"] == f"{numbers[1]} zh 1".encode()
    assert (shown["file_name"], shown["media_type"]) == (f"receipts-{TODAY}.zip", "application/zip")


def test_two_receipts_with_one_number_have_two_names(bank: Bank, app: Asker, paid: str) -> None:
    # given what happens once in many lives of a bank
    other = pay(bank, app.person, "20.00", "other")
    force(bank, "ReceiptsTable", {"entry_id": other}, number=issued(paid).number)
    held = members(app.made(archive(paid, other)))
    number = issued(paid).number
    assert held == {
        f"{number}.jws": (issued(paid).signed or "").encode(),
        f"{number}-2.jws": (issued(other).signed or "").encode(),
    }


def test_an_archive_of_a_period_has_what_was_paid_and_what_gave_it_back(bank: Bank, app: Asker, paid: str) -> None:
    # given two payments of a day, one of them reversed, one of the next, and money that came from another customer
    other = pay(bank, app.person, "20.00", "other")
    reverse_transfer(other, reason="内部原因", by="S1", correlation_id="c-reverse")
    bank.settle()
    friend = bank.sign_up("周芳", deposit="50.00")
    bank.pay(friend, app.person, "5.00", f"key-friend-{friend.login_name}")
    bank.settle()
    bank.clock.set(START + dt.timedelta(days=1))
    app.token = bank.log_in(app.person)
    tomorrow = pay(bank, app.person, "30.00", "tomorrow")
    reversal = receipts.reversal_receipt_of(app.person.customer_id, other)
    # then the day's archive has the customer's own receipts of that day
    shown = app.made(period(app, "receipts", "zip", TODAY, TODAY))
    assert sorted(members(shown)) == sorted(f"{one.number}.jws" for one in (issued(paid), issued(other), reversal))
    assert shown["file_name"] == f"receipts-{TODAY}-{TODAY}.zip"
    both = app.made(period(app, "receipts", "zip", TODAY, "20261122"), "document-2")
    assert members(both).keys() - members(shown).keys() == {f"{issued(tomorrow).number}.jws"}
    # and no more than the parameter says
    parameters.set_value("documents.receipts_max", 3)
    refused = app.ask(period(app, "receipts", "zip", TODAY, "20261122"), "document-3")
    assert (refused.status, refused.code, refused.body["facts"]) == (422, "document_too_many_receipts", {"most": "3"})
    assert app.ask(archive(paid, other, tomorrow, "a" * 26), "document-3").code == "document_too_many_receipts"
    # a day without any has none to give
    assert app.ask(period(app, "receipts", "zip", "20261101", "20261102"), "document-4").code == "not_found"


@pytest.mark.requirement("NB-5.1.6-3")
def test_the_first_print_and_each_reprint_are_numbered_and_on_record(
    bank: Bank, app: Asker, paid: str, wire: Wire
) -> None:
    wire(formats.OF_RECEIPT, "txt", printed)
    body = receipt_file(paid, format="txt", language="en")
    first, second = app.made(body), app.made(body, "document-2")
    number = issued(paid).number
    assert [fetched(one).text for one in (first, second)] == [f"{number} en 1", f"{number} en 2"]
    # a file that is no print, and the same print made again, take none
    app.made(receipt_file(paid), "document-3")
    aws.s3().delete_object(Bucket=bank.references["DocumentsBucket"], Key=stored(first["id"]).key)
    force(bank, "DocumentsTable", {"document_id": first["id"]}, state="waiting")
    assert told_again(first["id"]) == []
    assert fetched(app.read(first["id"]).body).text == f"{number} en 1"
    assert print_store.newest(receipt_paper(paid)) == 2
    # and who has which since when is on record
    rows = [row for row in table_items(bank, "ReceiptPrintsTable") if row["book"] == f"receipt#{paid}"]
    assert sorted((row["line"], row["document_id"], row["customer_id"], row["at"]) for row in rows) == [
        ("000001", first["id"], app.person.customer_id, clock.to_text(START)),
        ("000002", second["id"], app.person.customer_id, clock.to_text(START)),
    ]


def test_a_fault_is_tried_again_and_then_told_and_the_customer_asks_again(
    bank: Bank, app: Asker, paid: str, wire: Wire, logged: io.StringIO
) -> None:
    # given a format whose maker has a defect
    dead = bank.waiting("DocumentsDeadLetterQueue")
    wire(formats.OF_RECEIPT, "txt", broken)
    body = receipt_file(paid, format="txt")
    asked = app.ask(body)
    bank._streams()
    # when it has failed as often as its message comes
    retry_at_once(bank, "DocumentsQueue")
    # then a dead letter tells the bank, and the document its customer
    assert bank.waiting("DocumentsDeadLetterQueue") == dead + 1
    shown = app.read(asked.body["id"]).body
    assert (shown["state"], shown["code"], shown["link"]) == ("failed", "document_not_made", None)
    assert "Idempotency-Key" in shown["zh"]
    assert "Idempotency-Key" in shown["en"]
    assert stored(asked.body["id"]).tries == make_document.MAX_TRIES
    # and asked again after the repair it is made, as the first print that it is
    wire(formats.OF_RECEIPT, "txt", printed)
    again = app.ask(body)
    assert (again.status, again.body["state"], again.body["code"]) == (200, "waiting", None)
    bank.settle()
    ready = app.read(asked.body["id"]).body
    assert (ready["state"], ready["code"]) == ("ready", None)
    assert fetched(ready).text == f"{issued(paid).number} zh 1"


def test_what_passes_by_itself_is_tried_again(bank: Bank, app: Asker, paid: str, wire: Wire) -> None:
    left = [Retryable("lines are still being written")]

    def patient(receipt: receipts.ReceiptItem, sink: BinaryIO, *, language: str, print_number: int) -> None:
        if left:
            raise left.pop()
        printed(receipt, sink, language=language, print_number=print_number)

    wire(formats.OF_RECEIPT, "txt", patient)
    asked = app.ask(receipt_file(paid, format="txt"))
    bank._streams()
    retry_at_once(bank, "DocumentsQueue")
    assert app.read(asked.body["id"]).body["state"] == "ready"


def test_what_is_refused_ends_it_with_its_own_code(
    bank: Bank, app: Asker, paid: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = bank.waiting("DocumentsDeadLetterQueue")
    monkeypatch.setattr(file_store, "MAX_FILE_BYTES", 10)
    shown = app.made(receipt_file(paid))
    assert (shown["state"], shown["code"], shown["sha256"]) == ("failed", "document_too_large", None)
    assert (bank.waiting("DocumentsDeadLetterQueue"), bank.waiting("DocumentsQueue")) == (dead, 0)
    # as is a receipt of before there were signatures
    monkeypatch.undo()
    force(bank, "ReceiptsTable", {"entry_id": paid}, signed=None)
    assert receipt_store.get(paid) is not None
    assert app.made(receipt_file(paid), "document-2")["code"] == "receipt_not_signed"


def test_one_whose_message_was_lost_is_asked_for_again_once_it_is_late(bank: Bank, app: Asker, paid: str) -> None:
    asked = app.ask(receipt_file(paid))
    bank._streams()
    aws.sqs().purge_queue(QueueUrl=bank.references["DocumentsQueue"])
    bank.clock.advance(dt.timedelta(seconds=599))
    app.token = bank.log_in(app.person)
    app.ask(receipt_file(paid))
    bank.settle()
    assert app.read(asked.body["id"]).body["state"] == "waiting"
    bank.clock.advance(dt.timedelta(seconds=1))
    assert app.ask(receipt_file(paid)).body["state"] == "waiting"
    bank.settle()
    assert app.read(asked.body["id"]).body["state"] == "ready"


@pytest.mark.requirement("YQ-4.2.2-bill")
def test_a_statement_is_of_an_own_account_and_of_days_that_have_begun_in_shanghai(
    bank: Bank, app: Asker, wire: Wire
) -> None:
    calls: list[tuple[str, ...]] = []

    def write(account_id: str, first: str, last: str, form: str, sink: BinaryIO, language: str) -> None:
        calls.append((account_id, first, last, form, language))
        sink.write(b"a statement")

    # a format that nobody makes is refused, with those there are
    assert app.ask(period(app, "statement", "docx", TODAY, TODAY)).code == "document_format_unavailable"
    wire(formats.OF_STATEMENT, "csv", write)
    # a second before midnight in Shanghai the day has not begun, at midnight it has
    bank.clock.set(dt.datetime(2026, 11, 21, 23, 59, 59, tzinfo=clock.SHANGHAI))
    app.token = bank.log_in(app.person)
    body = period(app, "statement", "csv", "20261120", "20261122")
    refused = app.ask(body)
    assert (refused.status, refused.code) == (400, "document_period_refused")
    assert refused.body["facts"] == {"today": "20261121", "most": "366"}
    bank.clock.advance(dt.timedelta(seconds=1))
    shown = app.made(body)
    assert calls == [(app.person.account, "20261120", "20261122", "csv", "zh")]
    assert shown["file_name"] == f"statement-{app.person.account[-4:]}-20261120-20261122.csv"
    assert fetched(shown).content == b"a statement"
    # backwards, too long, or another's account
    for first, last in (("20261122", "20261121"), ("20251121", "20261122")):
        assert app.ask(period(app, "statement", "csv", first, last), "k-period-1").code == "document_period_refused"
    assert app.ask(period(app, "statement", "csv", "20251122", "20261122"), "k-period-2").status == 202
    foreign = bank.sign_up("孙立").account
    assert app.ask({**body, "account_id": foreign}, "k-period-3").code == "not_found"


@pytest.mark.requirement("YQ-4.2.2-bill")
def test_a_bill_is_of_a_month_that_has_one(bank: Bank, app: Asker, wire: Wire) -> None:
    calls: list[tuple[str, ...]] = []

    def write(account_id: str, first: str, last: str, form: str, sink: BinaryIO, language: str) -> None:
        calls.append((account_id, first, last, form, language))
        sink.write(b"a bill")

    wire(formats.OF_BILL, "csv", write)
    account = app.person.account
    body = {"kind": "bill", "format": "csv", "account_id": account, "month": "2026-11", "language": "en"}
    # before the month is over, and of a month that is none
    assert app.ask(body).code == "not_found"
    assert app.ask({**body, "month": "2026-13"}).code == "month_malformed"
    bank.clock.set(dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI))
    issue_bills(app.person.customer_id, "2026-11", bank.clock.now())
    app.token = bank.log_in(app.person)
    shown = app.made(body)
    assert calls == [(account, "20261101", "20261130", "csv", "en")]
    assert (shown["file_name"], fetched(shown).content) == (f"bill-{account[-4:]}-2026-11.csv", b"a bill")
    # another's
    other = Asker(bank, bank.sign_up("孙立"))
    assert other.ask(body).code == "not_found"


def test_a_session_of_cards_alone_asks_for_no_receipt_and_reads_none(bank: Bank, app: Asker, paid: str) -> None:
    shown = app.made(receipt_file(paid))
    asked = {"login_name": app.person.login_name, "password": PASSWORD, "edition": "credit_card"}
    app.token = bank.request("POST", "/v1/sessions", asked).body["access_token"]
    for refused in (
        app.ask(receipt_file(paid), "document-2"),
        app.ask(archive(paid), "k-cards-1"),
        app.read(shown["id"]),
    ):
        assert (refused.status, refused.code) == (403, "edition_not_entitled")


def test_a_session_of_cards_alone_gets_no_statement_of_another_account(bank: Bank, app: Asker, wire: Wire) -> None:
    # given a statement of the savings account, asked for in a session that may look at it
    wire(formats.OF_STATEMENT, "csv", lambda *given: given[4].write(b"lines"))
    body = period(app, "statement", "csv", TODAY, TODAY)
    made = app.made(body, "document-savings")
    assert app.read(made["id"]).body["link"]
    # when somebody is in who may look at credit cards alone
    asked = {"login_name": app.person.login_name, "password": PASSWORD, "edition": "credit_card"}
    app.token = bank.request("POST", "/v1/sessions", asked).body["access_token"]
    # then neither its id nor the key it was asked for by leads to it
    for refused in (app.read(made["id"]), app.ask(body, "document-savings"), app.ask(body, "document-anew")):
        assert (refused.status, refused.code) == (403, "edition_not_entitled")


def test_what_can_be_made_again_goes_and_a_voucher_stays(bank: Bank, app: Asker, paid: str, wire: Wire) -> None:
    texts = [b"a later statement", b"a statement"]
    wire(formats.OF_STATEMENT, "csv", lambda *given: given[4].write(texts.pop()))
    body = period(app, "statement", "csv", TODAY, TODAY)
    statement, voucher = app.made(body), app.made(receipt_file(paid), "document-2")
    assert statement["kept_until"] == clock.to_text(START + dt.timedelta(days=90))
    assert [stored(one["id"]).key.partition("/")[0] for one in (statement, voucher)] == ["statements", "vouchers"]
    # when its days are over it is gone, whether its row is or not, and its message comes too late
    bank.clock.set(START + dt.timedelta(days=90))
    app.token = bank.log_in(app.person)
    assert app.read(statement["id"]).code == "not_found"
    assert [row["id"] for row in app.listed()["documents"]] == [voucher["id"]]
    assert make_document.make_document(statement["id"], bank.clock.now()) == "gone"
    assert fetched(app.read(voucher["id"]).body).content
    # and asked for under its key it is made again, though its old file has not gone yet
    assert app.ask(body).body["state"] == "waiting"
    bank.settle()
    again = app.read(statement["id"]).body
    assert (again["id"], again["state"], fetched(again).content) == (statement["id"], "ready", b"a later statement")
    assert again["kept_until"] == clock.to_text(START + dt.timedelta(days=180))


@pytest.mark.requirement("NB-5.1.6-2")
def test_a_voucher_is_locked_where_the_bank_has_it_locked(
    bank: Bank, app: Asker, paid: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.s3().create_bucket(
        Bucket="locking",
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "cn-north-1"},
    )
    monkeypatch.setenv("DOCUMENTS_BUCKET", "locking")
    wire(formats.OF_STATEMENT, "csv", lambda *given: given[4].write(b"a statement"))
    parameters.set_value("documents.voucher.lock", "governance")
    voucher = app.made(receipt_file(paid))
    head = aws.s3().head_object(Bucket="locking", Key=stored(voucher["id"]).key)
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert head["ObjectLockRetainUntilDate"].astimezone(clock.SHANGHAI) == START.replace(year=2056)
    # what can be made again is not
    statement = app.made(period(app, "statement", "csv", TODAY, TODAY), "document-2")
    assert "ObjectLockMode" not in aws.s3().head_object(Bucket="locking", Key=stored(statement["id"]).key)


def test_the_list_has_pages_and_another_customers_cursor_is_none(bank: Bank, app: Asker, paid: str) -> None:
    ids = []
    for number in range(3):
        ids.append(app.made(receipt_file(paid), f"document-{number}")["id"])
        bank.clock.advance(dt.timedelta(seconds=1))
    page = app.listed("?limit=2")
    rest = app.listed(f"?limit=2&cursor={page['next_cursor']}")
    assert [row["id"] for row in (*page["documents"], *rest["documents"])] == ids[::-1]
    other = Asker(bank, bank.sign_up("孙立"))
    reply = bank.request("GET", f"/v1/documents?cursor={page['next_cursor']}", token=other.token)
    assert reply.code == "cursor_malformed"
