"""Statements and bills asked for as documents, in every format, and fetched by their links."""

from __future__ import annotations

import hashlib

import pytest

from chalicelib.documents.formats import OF_BILL, OF_STATEMENT
from chalicelib.platform import clock, metrics
from chalicelib.statements.commands.write_statement import FORMATS
from tests.chain.bank import Bank
from tests.chain.probe import delete_line, give, retry_at_once
from tests.chain.test_bills import DECEMBER, bill_due
from tests.chain.test_documents import Asker, fetched
from tests.chain.test_statements import NOVEMBER, person_with_lines, table, trust

# What a file of each format begins with.
BEGINNINGS = {
    "csv": "\ufeff序号".encode(),
    "xlsx": b"PK",
    "ofx": b'<?xml version="1.0"',
    "camt053": b"<?xml version='1.0'",
    "pdf": b"%PDF-",
}


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


def asker(bank: Bank) -> Asker:
    """A customer with three lines in November and their bill, in December."""
    person = person_with_lines(bank)
    bank.clock.set(DECEMBER)
    trust(clock.now())
    assert give("issue_bills", [bill_due(person.customer_id)]) == []
    return Asker(bank, person)


def test_documents_offer_what_there_is() -> None:
    assert set(OF_STATEMENT) == set(OF_BILL) == set(FORMATS) == set(BEGINNINGS)


@pytest.mark.requirement("YQ-4.2.2-bill")
@pytest.mark.parametrize("kind", ["statement", "bill"])
@pytest.mark.parametrize("form", FORMATS)
def test_each_format_is_made_and_fetched(bank: Bank, kind: str, form: str) -> None:
    app = asker(bank)
    when = {"month": "2026-11"} if kind == "bill" else dict(zip(("date_from", "date_to"), NOVEMBER, strict=True))
    shown = app.made({"kind": kind, "format": form, "account_id": app.person.account, "language": "zh", **when})
    assert (shown["state"], shown["code"]) == ("ready", None)
    answer = fetched(shown)
    assert answer.content.startswith(BEGINNINGS[form])
    assert hashlib.sha256(answer.content).hexdigest() == shown["sha256"]
    assert answer.headers["Content-Type"] == OF_STATEMENT[form].media_type
    if form == "csv":
        opening, *_, closing = table(answer.content)
        assert (opening["余额"], closing["余额"]) == ("0.00", "12.50")
        assert opening["用途"].startswith("月度账单" if kind == "bill" else "账户对账单")


@pytest.mark.parametrize("kind", ["statement", "bill"])
def test_what_does_not_add_up_is_no_document_and_rings(bank: Bank, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    app = asker(bank)
    counted: list[str] = []
    monkeypatch.setattr(metrics, "count", counted.append)
    delete_line(bank, app.person.account, 2)
    when = {"month": "2026-11"} if kind == "bill" else dict(zip(("date_from", "date_to"), NOVEMBER, strict=True))
    asked = app.ask({"kind": kind, "format": "csv", "account_id": app.person.account, **when})
    bank._streams()
    retry_at_once(bank, "DocumentsQueue")
    shown = app.read(asked.body["id"]).body
    assert (shown["state"], shown["code"], shown["link"]) == ("failed", "document_not_made", None)
    assert metrics.BILLS_UNBALANCED in counted
