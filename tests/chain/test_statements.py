"""Statements and bills as files, from money that moved to what another program reads."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any, BinaryIO

import pypdfium2
import pytest
from lxml import etree
from ofxtools.Parser import OFXTree
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, metrics
from chalicelib.platform.errors import NotFound, Retryable
from chalicelib.platform.pdf import certificates
from chalicelib.statements import store
from chalicelib.statements.commands import write_statement as command
from chalicelib.statements.commands.write_statement import FORMATS, PDF, write_bill, write_statement
from chalicelib.statements.domain import BillUnbalanced
from chalicelib.statements.errors import StatementTooLong
from chalicelib.statements.files import csv_file
from tests.chain.bank import Bank, Person
from tests.chain.probe import delete_line, give
from tests.chain.test_bills import DECEMBER, bill_due
from tests.unit.statements.files.test_camt053_file import found, published

NOVEMBER = ("20261101", "20261130")
Write = Callable[[str, str, str, str, BinaryIO, str], None]


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


def person_with_lines(bank: Bank) -> Person:
    """Three lines in November: 10.00 in, 2.50 to somebody, 5.00 in."""
    payer, payee = bank.sign_up("赵小明", deposit="10.00"), bank.sign_up("钱红")
    bank.pay(payer, payee, "2.50", f"key-{payer.account}")
    bank.deposit(payer.account, 5_00)
    bank.settle()
    return payer


def trust(now: dt.datetime) -> Any:
    """Install certificates to sign with; a context that trusts their root."""
    text = certificates.trial_certificates(now)
    certificates.install(text, now)
    from asn1crypto import pem, x509  # noqa: PLC0415  # asked for by the validator alone

    *_, root = (x509.Certificate.load(der) for _, _, der in pem.unarmor(text.encode(), multiple=True))
    return ValidationContext(trust_roots=[root], moment=now)


def made(write: Write, person: Person, form: str, dates: tuple[str, str] = NOVEMBER, language: str = "zh") -> bytes:
    sink = io.BytesIO()
    write(person.account, *dates, form, sink, language)
    return sink.getvalue()


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_statement_in_every_format_is_the_accounts_lines(bank: Bank) -> None:
    person = person_with_lines(bank)
    token = bank.log_in(person)
    shown = bank.request("GET", f"/v1/accounts/{person.account}/movements", token=token).body["movements"]
    receipt = bank.request("GET", f"/v1/transfers/{shown[1]['transfer_id']}/receipt", token=token).body
    bank.clock.set(DECEMBER)
    context = trust(clock.now())
    # CSV: what the account's lines say, oldest first, and the receipt that the payment has
    opening, *lines, closing = table(made(write_statement, person, "csv"))
    assert [line["凭证号"] for line in lines] == [line["transfer_id"] for line in reversed(shown)]
    assert [line["余额"] for line in lines] == ["10.00", "7.50", "12.50"]
    assert (opening["余额"], closing["余额"]) == ("0.00", "12.50")
    assert [line["电子回单号"].replace("-", "") for line in lines] == ["", receipt["number"], ""]
    # OFX, camt.053
    (ofx,) = _ofx(made(write_statement, person, "ofx"))
    assert [str(transaction.trnamt) for transaction in ofx.transactions] == ["10.00", "-2.50", "5.00"]
    message = made(write_statement, person, "camt053")
    published().assertValid(etree.fromstring(message))
    assert found(message, "Ntry/Amt") == ["10.00", "2.50", "5.00"]
    # XLSX is a ZIP; PDF is signed by the bank
    assert made(write_statement, person, "xlsx").startswith(b"PK")
    pdf = made(write_statement, person, PDF)
    status = validate_pdf_signature(PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0], context)
    assert (status.valid, status.trusted, status.intact) == (True, True, True)


def _ofx(data: bytes) -> Any:
    tree = OFXTree()
    tree.parse(io.BytesIO(data))
    return tree.convert().statements


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_bill_is_made_of_what_was_issued(bank: Bank, form: str, language: str) -> None:
    person = person_with_lines(bank)
    bank.clock.set(DECEMBER)
    trust(clock.now())
    # given no bill: then there is no file of one
    sink = io.BytesIO()
    with pytest.raises(NotFound):
        write_bill(person.account, *NOVEMBER, form, sink, language)
    assert sink.getvalue() == b""
    # when it is issued, there is
    assert give("issue_bills", [bill_due(person.customer_id)]) == []
    data = made(write_bill, person, form, language=language)
    if form == PDF:
        with pypdfium2.PdfDocument(data) as document:
            assert len(document) == 2
            assert "12.50" in document[0].get_textpage().get_text_bounded()
    assert data


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_whose_lines_do_not_add_up_does_not_come_out(bank: Bank, counted: list[str], form: str) -> None:
    person = person_with_lines(bank)
    bank.clock.set(DECEMBER)
    trust(clock.now())
    assert give("issue_bills", [bill_due(person.customer_id)]) == []
    delete_line(bank, person.account, 2)
    for write in (write_statement, write_bill):
        sink = io.BytesIO(b"kept ")
        sink.seek(0, io.SEEK_END)
        with pytest.raises(BillUnbalanced):
            write(person.account, *NOVEMBER, form, sink, "zh")
        assert sink.getvalue() == b"kept "
    assert counted == [metrics.BILLS_UNBALANCED] * 2


@pytest.mark.parametrize("name", ["opening_fen", "closing_fen", "in_fen", "out_fen", "in_count", "last_seq", "by_kind"])
def test_a_file_of_a_bill_that_says_something_else_does_not_come_out(bank: Bank, counted: list[str], name: str) -> None:
    person = person_with_lines(bank)
    bank.clock.set(DECEMBER)
    assert give("issue_bills", [bill_due(person.customer_id)]) == []
    bill = store.get(person.account, "2026-11")
    assert bill is not None
    value = getattr(bill, name)
    setattr(bill, name, {"fee": 1} if isinstance(value, dict) else value + 1)
    bill.save()
    with pytest.raises(BillUnbalanced):
        made(write_bill, person, "csv")
    assert counted == [metrics.BILLS_UNBALANCED]


def test_a_bill_without_categories_is_written_all_the_same(bank: Bank) -> None:
    # given a bill of before there were categories
    person = person_with_lines(bank)
    bank.clock.set(DECEMBER)
    assert give("issue_bills", [bill_due(person.customer_id)]) == []
    bill = store.get(person.account, "2026-11")
    assert bill is not None
    bill.update(actions=[store.BillItem.by_category.remove()])
    assert len(table(made(write_bill, person, "csv"))) == 5


def test_a_period_that_is_not_over_goes_up_to_now_and_waits_for_lines(bank: Bank) -> None:
    person = person_with_lines(bank)
    today = clock.business_date(clock.now())
    data = made(write_statement, person, "csv", (today, today))
    assert f"截至 {clock.to_local_text(clock.now())}" in table(data)[0]["用途"]
    # while a line is not written there is none
    bank.deposit(person.account, 1_00)
    with pytest.raises(Retryable):
        made(write_statement, person, "csv", (today, today))
    bank.settle()
    assert table(made(write_statement, person, "csv", (today, today)))[-1]["余额"] == "13.50"


def test_what_is_posted_while_a_statement_is_written_is_not_on_it(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    person = person_with_lines(bank)
    today = clock.business_date(clock.now())
    write = csv_file.write

    def late(*arguments: Any) -> None:
        bank.deposit(person.account, 1_00)
        bank.settle()
        write(*arguments)

    monkeypatch.setattr(command, "_writer", lambda _: late)
    assert table(made(write_statement, person, "csv", (today, today)))[-1]["余额"] == "12.50"


def test_months_before_and_after_and_of_the_opening(bank: Bank) -> None:
    # given lines in November, one at the last moment, one in December
    person = bank.sign_up("赵小明", deposit="10.00")
    bank.settle()
    bank.clock.set(dt.datetime(2026, 11, 30, 23, 59, 59, tzinfo=clock.SHANGHAI))
    bank.deposit(person.account, 1_00)
    bank.settle()
    bank.clock.set(dt.datetime(2026, 12, 1, tzinfo=clock.SHANGHAI))
    bank.deposit(person.account, 2_00)
    bank.settle()
    bank.clock.set(dt.datetime(2027, 1, 5, tzinfo=clock.SHANGHAI))
    seen = {
        month: [row["余额"] for row in table(made(write_statement, person, "csv", dates))]
        for month, dates in (
            ("before", ("20261001", "20261031")),
            ("opening", NOVEMBER),
            ("after", ("20261201", "20261231")),
            ("empty", ("20270101", "20270105")),
        )
    }
    assert seen == {
        "before": ["0.00", "0.00"],
        "opening": ["0.00", "10.00", "11.00", "11.00"],
        "after": ["11.00", "13.00", "13.00"],
        "empty": ["13.00", "13.00"],
    }


def test_more_lines_than_a_format_takes_are_refused_before_any_is_read(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = person_with_lines(bank)
    bank.clock.set(DECEMBER)
    limits = {"statements.pdf.max_lines": 2, "statements.max_lines": 3}
    monkeypatch.setattr(parameters, "value", lambda parameter, _: limits.get(parameter.name, parameter.default))
    assert len(table(made(write_statement, person, "csv"))) == 5
    with pytest.raises(StatementTooLong) as refused:
        made(write_statement, person, PDF)
    assert refused.value.facts == {"most_lines": "2"}


def test_an_account_that_does_not_exist_and_a_month_that_is_none(bank: Bank) -> None:
    person = person_with_lines(bank)
    bank.clock.set(DECEMBER)
    with pytest.raises(NotFound):
        write_statement("9000010000000000009", *NOVEMBER, "csv", io.BytesIO(), "zh")
    assert give("issue_bills", [bill_due(person.customer_id)]) == []
    with pytest.raises(NotFound):
        made(write_bill, person, "csv", ("20261101", "20261129"))
