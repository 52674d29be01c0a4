"""Races over documents on a real engine: each print has its own number, and what many make at once is made once."""

from __future__ import annotations

import io
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
import requests

from chalicelib.documents import file_store, formats, print_store, store
from chalicelib.documents.commands.count_print import count_print
from chalicelib.documents.commands.make_document import make_document
from chalicelib.documents.domain import Document, receipt_paper
from chalicelib.documents.formats import Format
from chalicelib.platform import clock, ids
from chalicelib.receipts import store as receipts_store
from chalicelib.receipts.commands import write_receipt
from tests.engine.book_stories import filled
from tests.engine.test_transfer_races import together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]


@pytest.fixture(autouse=True)
def printed() -> Iterator[None]:
    """A print that says its number and something that no other making says."""

    def make(receipt: Any, sink: Any, *, language: str, print_number: int) -> None:
        sink.write(f"{receipt.number} {language} {print_number} {uuid.uuid4()}".encode())

    entry = Format("text/plain", "txt", "receipts.commands.write_receipt:printed", is_print=True)
    with patch.object(write_receipt, "printed", make, create=True), patch.dict(formats.OF_RECEIPT, {"txt": entry}):
        yield


def document(entry_id: str) -> Document:
    at = clock.to_text(clock.now())
    return Document(
        ids.derived_id("document", str(uuid.uuid4())),
        "c" * 20,
        "receipt",
        "txt",
        "zh",
        "receipt.txt",
        "text/plain",
        at,
        at,
        b"d" * 16,
        "test",
        (entry_id,),
    )


def entry() -> str:
    """An entry with a receipt."""
    entry_id = ids.derived_id("entry", str(uuid.uuid4()))
    assert receipts_store.put_once(filled(receipts_store.ReceiptItem, entry_id=entry_id))
    return entry_id


@pytest.mark.requirement("NB-5.1.6-3")
def test_prints_at_once_are_numbered_without_gap_and_none_twice() -> None:
    entry_id, now = entry(), clock.now()
    paper = receipt_paper(entry_id)
    documents = [document(entry_id) for _ in range(8)]
    # two workers a document, all at once
    numbers = together(lambda index: str(count_print(documents[index // 2], paper, now)), 16)
    assert numbers == Counter({str(number): 2 for number in range(1, 9)})
    assert print_store.newest(paper) == 8
    # and each keeps its own for good
    kept = [print_store.number_of(one.document_id, paper) for one in documents]
    assert [count_print(one, paper, now) for one in documents] == kept
    # another receipt begins anew
    assert count_print(documents[0], receipt_paper(entry()), now) == 1


def test_a_document_that_many_workers_make_at_once_is_one_file_with_one_number() -> None:
    for _ in range(3):
        entry_id = entry()
        asked = document(entry_id)
        assert store.put_once(asked) is None

        def make(_: int, document_id: str = asked.document_id) -> str:
            return make_document(document_id, clock.now())

        done = together(make, 8)
        assert done == Counter(ready=8)
        noted, lies = store.get(asked.document_id), file_store.found(asked.key)
        assert noted is not None
        assert lies is not None
        assert (noted.state, noted.size_bytes, noted.sha256) == ("ready", lies.size_bytes, lies.sha256)
        assert print_store.newest(receipt_paper(entry_id)) == 1


def test_asked_again_by_many_at_once_it_is_asked_again_once() -> None:
    asked = document(entry())
    assert store.put_once(asked) is None
    assert store.put_once(replace(asked, language="en")) == asked
    at = clock.to_text(clock.now())
    done = together(lambda index: str(store.ask_again(asked, f"{at}#{index}", 0)), 8)
    assert done == Counter({"True": 1, "False": 7})


def test_a_file_is_put_once_and_stays() -> None:
    key = document("e").key
    puts = [file_store.put_once(key, io.BytesIO(text), "text/plain", None) for text in (b"first", b"second")]
    assert puts[0] == puts[1] == file_store.found(key)


def test_a_link_gives_the_file_under_its_name_over_http() -> None:
    key = document("e").key
    file_store.put_once(key, io.BytesIO(b"a receipt"), "text/plain", None)
    answer = requests.get(file_store.link(key, "receipt-1.jws", "application/jose", 60), timeout=5)
    assert (answer.status_code, answer.content) == (200, b"a receipt")
    assert answer.headers["Content-Type"] == "application/jose"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="receipt-1.jws"'
