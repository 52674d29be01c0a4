"""Files that a customer asks for: made by a worker once, and fetched by a link that is the owner's alone."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from chalicelib.documents import service, store
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock
from chalicelib.receipts import service as receipts
from chalicelib.receipts.keys import RING
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import force, give, queued, unchanged

DOCUMENTS = "/v1/documents"


@dataclass
class Asker:
    """A customer who is logged in and asks for files."""

    bank: Bank
    person: Person
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.token = self.bank.log_in(self.person)

    def ask(self, body: dict[str, Any], key: str = "document-1") -> Reply:
        return self.bank.request("POST", DOCUMENTS, body, token=self.token, headers={"idempotency-key": key})

    def read(self, document_id: str) -> Reply:
        return self.bank.request("GET", f"{DOCUMENTS}/{document_id}", token=self.token)

    def listed(self, query: str = "") -> dict[str, Any]:
        reply = self.bank.request("GET", f"{DOCUMENTS}{query}", token=self.token)
        assert reply.status == 200, reply
        return dict(reply.body)

    def made(self, body: dict[str, Any], key: str = "document-1") -> dict[str, Any]:
        """Ask, let the worker make it, and read it."""
        asked = self.ask(body, key)
        assert asked.status == 202, asked
        self.bank.settle()
        shown = self.read(asked.body["id"])
        assert shown.status == 200, shown
        return dict(shown.body)


def pay(bank: Bank, payer: Person, amount: str, key: str) -> str:
    """A transfer with its receipt; its id."""
    entry_id = bank.pay(payer, bank.sign_up("钱红"), amount, f"key-{key}-{payer.login_name}")
    bank.settle()
    return entry_id


def fetched(document: dict[str, Any]) -> requests.Response:
    """The file, as a browser gets it by the link alone."""
    answer = requests.get(document["link"], timeout=5)
    assert answer.status_code == 200, answer.text
    return answer


def receipt_file(transfer_id: str, **more: str) -> dict[str, Any]:
    return {"kind": "receipt", "format": "jws", "transfer_id": transfer_id, **more}


def archive(*transfer_ids: str) -> dict[str, Any]:
    return {"kind": "receipts", "format": "zip", "transfer_ids": list(transfer_ids)}


def told_again(document_id: str) -> list[str]:
    """The document's message delivered once more; the messages that the worker wants again."""
    found = store.get(document_id)
    assert found is not None
    body = service.asked_message(document_id, found.asked_at, found.correlation_id).to_json()
    return give("make_documents", [queued(body, "m1")])


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    RING.forget()
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def paid(bank: Bank, payer: Person) -> str:
    """A transfer of 107.53, with its receipt."""
    return pay(bank, payer, "107.53", "paid")


@pytest.fixture
def app(bank: Bank, payer: Person, paid: str) -> Asker:
    return Asker(bank, payer)


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_receipt_is_asked_for_made_and_fetched_by_its_link(bank: Bank, app: Asker, paid: str) -> None:
    # given a receipt's file that was asked for
    asked = app.ask(receipt_file(paid))
    assert (asked.status, asked.body["state"], asked.body["sha256"]) == (202, "waiting", None)
    waiting = app.read(asked.body["id"]).body
    assert (waiting["state"], waiting["link"], waiting["link_until"]) == ("waiting", None, None)
    # when the worker has made it
    bank.settle()
    shown = app.read(asked.body["id"]).body
    # then the link gives the receipt as it was signed, under its name
    issued = receipts.issued(paid)
    assert issued is not None
    assert issued.signed is not None
    answer = fetched(shown)
    assert answer.content == issued.signed.encode()
    assert answer.headers["Content-Type"] == "application/jose"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="receipt-{issued.number}.jws"'
    assert (shown["file_name"], shown["size_bytes"]) == (f"receipt-{issued.number}.jws", len(answer.content))
    assert shown["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert (shown["state"], shown["kept_until"], shown["code"]) == ("ready", None, None)
    assert shown["link_until"] == clock.to_text(bank.clock.now() + dt.timedelta(seconds=300))
    # and the list has it, without a link
    page = app.listed()
    assert [(row["id"], row["state"], "link" in row) for row in page["documents"]] == [(shown["id"], "ready", False)]


def test_a_link_lives_as_long_as_the_parameter_says_and_is_made_anew(app: Asker, paid: str) -> None:
    shown = app.made(receipt_file(paid))
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in shown["link"]
    assert "X-Amz-Expires=300&" in shown["link"]
    parameters.set_value("documents.link_s", 60)
    again = app.read(shown["id"]).body
    assert "X-Amz-Expires=60&" in again["link"]


@pytest.mark.requirement("NB-5.1.4")
def test_nobody_else_asks_for_it_or_sees_it(bank: Bank, app: Asker, paid: str) -> None:
    shown = app.made(receipt_file(paid))
    other = Asker(bank, bank.sign_up("孙立", deposit="10.00"))
    period = {"account_id": app.person.account, "date_from": "20261121", "date_to": "20261121"}
    with unchanged(bank):
        # another customer's transfer, by itself, in an archive, and by the account
        for body in (receipt_file(paid), archive(paid), {"kind": "receipts", "format": "zip", **period}):
            assert other.ask(body).code == "not_found"
        # nor the document, which looks like one that there is not
        foreign, unknown = other.read(shown["id"]), other.read("a" * 26)
        assert (foreign.status, foreign.code) == (unknown.status, unknown.code) == (404, "not_found")
    assert other.listed() == {"documents": [], "next_cursor": None}
    # and without a session there is nothing at all
    assert bank.request("GET", f"{DOCUMENTS}/{shown['id']}").code == "not_logged_in"


def test_a_receipt_that_is_not_issued_yet_is_not_ready(bank: Bank, app: Asker) -> None:
    created = bank.create(app.token, app.person, bank.sign_up("钱红"), "5.00", f"key-open-{app.person.login_name}")
    for body in (receipt_file(created.body["id"]), archive(created.body["id"])):
        refused = app.ask(body)
        assert (refused.status, refused.code) == (404, "receipt_not_ready")


def test_the_receipt_of_a_reversal_is_asked_for_by_its_transfer(bank: Bank, app: Asker, paid: str) -> None:
    assert app.ask(receipt_file(paid, of="reversal")).code == "not_found"
    reverse_transfer(paid, reason="内部原因", by="S1", correlation_id="c-reverse")
    bank.settle()
    reversal = receipts.reversal_receipt_of(app.person.customer_id, paid)
    assert reversal.signed is not None
    assert fetched(app.made(receipt_file(paid, of="reversal"))).content == reversal.signed.encode()


def test_a_repeat_answers_the_same_and_another_wish_under_the_key_is_refused(bank: Bank, app: Asker, paid: str) -> None:
    shown = app.made(receipt_file(paid))
    with unchanged(bank):
        again = app.ask(receipt_file(paid))
        assert (again.status, again.headers["Idempotency-Hit"], again.body["id"]) == (200, "true", shown["id"])
        assert again.body["state"] == "ready"
        assert app.ask(receipt_file(paid, language="en")).code == "idempotency_key_reused"


def test_made_twice_there_is_one_object_and_one_row(bank: Bank, app: Asker, paid: str) -> None:
    shown = app.made(receipt_file(paid))
    with unchanged(bank):
        assert told_again(shown["id"]) == []
    # also where a worker died between the file and its note
    found = store.get(shown["id"])
    assert found is not None
    force(bank, "DocumentsTable", {"document_id": shown["id"]}, state="waiting", size_bytes=0, sha256="-")
    assert told_again(shown["id"]) == []
    noted = store.get(shown["id"])
    assert noted is not None
    assert (noted.state, noted.size_bytes, noted.sha256) == ("ready", found.size_bytes, found.sha256)
    listed = aws.s3().list_object_versions(Bucket=bank.references["DocumentsBucket"], Prefix=found.key)
    assert len(listed["Versions"]) == 1


def test_a_day_has_so_many_and_a_repeat_costs_none(bank: Bank, app: Asker, paid: str) -> None:
    parameters.set_value("documents.day", 2)
    shown = app.made(receipt_file(paid))
    app.made(receipt_file(paid), "document-2")
    refused = app.ask(receipt_file(paid), "document-3")
    assert (refused.status, refused.code, refused.body["facts"]) == (429, "documents_exhausted", {"most": "2"})
    assert (app.ask(receipt_file(paid)).status, app.read(shown["id"]).body["state"]) == (200, "ready")
    # another customer has a count of their own, and the next day in Shanghai a new one
    bank.clock.set(clock.start_of_day("20261122"))
    app.token = bank.log_in(app.person)
    assert app.ask(receipt_file(paid), "document-3").status == 202


FIELDS = {
    "transfer_id": "a" * 26,
    "transfer_ids": ["a" * 26],
    "of": "reversal",
    "account_id": "9000010000000000017",
    "date_from": "20261121",
    "date_to": "20261121",
    "month": "2026-10",
}


@pytest.mark.parametrize(
    ("kind", "given", "wrong"),
    [
        ("receipt", [], {"transfer_id": "missing"}),
        ("receipt", ["transfer_id", "account_id"], {"account_id": "unknown_field"}),
        ("receipts", ["transfer_ids", "of"], {"of": "unknown_field"}),
        ("receipts", [], {"account_id": "missing", "date_from": "missing", "date_to": "missing"}),
        ("receipts", ["transfer_ids", "date_from"], {"date_from": "unknown_field"}),
        ("statement", ["account_id", "date_from"], {"date_to": "missing"}),
        ("statement", ["account_id", "date_from", "date_to", "month"], {"month": "unknown_field"}),
        ("statement", ["account_id", "date_from", "date_to", "transfer_ids"], {"transfer_ids": "unknown_field"}),
        ("bill", ["account_id"], {"month": "missing"}),
        ("bill", ["account_id", "month", "date_to"], {"date_to": "unknown_field"}),
        ("bill", ["account_id", "month", "transfer_id"], {"transfer_id": "unknown_field"}),
    ],
)
def test_each_kind_takes_its_own_fields_and_no_others(
    bank: Bank, payer: Person, kind: str, given: list[str], wrong: dict[str, str]
) -> None:
    asker = Asker(bank, payer)
    refused = asker.ask({"kind": kind, "format": "jws", **{name: FIELDS[name] for name in given}})
    assert (refused.status, refused.code) == (400, "malformed_request")
    assert {one["field"]: one["code"] for one in refused.body["errors"]} == wrong


def test_a_format_that_there_is_not_is_refused_with_those_there_are(app: Asker, paid: str) -> None:
    refused = app.ask(receipt_file(paid, format="docx"))
    assert (refused.status, refused.code) == (400, "document_format_unavailable")
    assert "jws" in refused.body["facts"]["formats"].split(", ")
