"""Give a document's print of a paper its number: the first print is 1, each reprint one more (NB-5.1.6-3)."""

from __future__ import annotations

import datetime as dt

from chalicelib.documents import print_store
from chalicelib.documents.domain import Document, Paper
from chalicelib.platform import clock, transactions
from chalicelib.platform.errors import TryAgain

# Prints of one paper at the same moment; each that is overtaken looks again.
MAX_ATTEMPTS = 20


def count_print(document: Document, paper: Paper, now: dt.datetime) -> int:
    """Which print of the paper this document is: 1 is 首次打印, from 2 on 补打.

    Taken once a document and the time until which its file is there, however often that is made; who has it and since
    when is on record. Of two documents at once each gets a number of its own. Raises TryAgain, OutcomeUnknown.
    """
    for _ in range(MAX_ATTEMPTS):
        own = print_store.number_of(document.document_id, paper)
        if own is not None:
            return own
        number = print_store.newest(paper) + 1
        at = clock.to_text(now)
        if transactions.commit(print_store.puts_of(paper, number, document.document_id, document.customer_id, at)):
            return number
    raise TryAgain()
