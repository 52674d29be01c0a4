"""What test_expressions.py plays of documents: asked for, tried, failed, asked for again, printed, noted, listed."""

from __future__ import annotations

from chalicelib.documents import print_store, store
from chalicelib.documents.commands.count_print import count_print
from chalicelib.documents.domain import receipt_paper
from chalicelib.documents.errors import DocumentNotMade, DocumentTooLarge
from chalicelib.platform import clock
from tests.engine.test_document_races import document


def documents() -> None:
    """Two of one customer."""
    made, failed, paper = document("e" * 26), document("e" * 26), receipt_paper("e" * 26)
    at = clock.to_text(clock.now())
    assert [store.count_asked("c" * 20, at, 1, 1) for _ in range(2)] == [True, False]
    assert [store.put_once(one) for one in (made, failed)] == [None, None]
    assert store.note_try(made.document_id, 1, None, at)
    assert count_print(made, paper, clock.now()) == print_store.newest(paper)
    assert store.note_ready(made.document_id, 5, "ab", at)
    assert not store.note_failed(made.document_id, DocumentTooLarge(), at)
    assert store.note_try(failed.document_id, 4, DocumentNotMade(), at)
    found = store.get(failed.document_id)
    assert found is not None
    assert (found.state, found.code) == ("failed", "document_not_made")
    assert store.ask_again(found, "9999", 1)
    (first,), after = store.page(made.customer_id, 1, None)
    rest, _ = store.page(made.customer_id, 100, after)
    assert {one.document_id for one in (first, *rest)} >= {made.document_id, failed.document_id}
