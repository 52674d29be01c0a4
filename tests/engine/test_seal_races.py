"""A day is sealed once, by however many at once: one seal, one tree, every entry a leaf of it (XJ-3.5)."""

from __future__ import annotations

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.closing import store as closing_store
from chalicelib.closing.domain import TrialBalance
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, queues
from chalicelib.platform.queues import Message
from chalicelib.seals import keys, merkle, store, tiles
from chalicelib.seals.commands import seal_day
from chalicelib.seals.commands.list_entry import list_entries
from chalicelib.seals.commands.seal_day import Outcome, seal_page
from chalicelib.seals.domain import record_of
from chalicelib.seals.tiles import Tile

pytestmark = [
    pytest.mark.usefixtures("ledger_engine"),
    pytest.mark.both_engines,
    pytest.mark.requirement("XJ-3.5"),
]
THREADS, ENTRIES, PAGE = 6, 40, 7
_years = itertools.count(1100)


def entries_of(day: str) -> list[dict[str, Any]]:
    """Entries as they are stored, of cash, which get no receipts; they are closed with what they come to."""
    images = [
        {
            "entry_id": f"{number % 10}{uuid.uuid4().hex}",
            "kind": "cash_deposit",
            "state": "posted",
            "business_date": day,
            "correlation_id": "c",
            "postings": ledger.postings_of(
                ledger.Entry("x", (ledger.Leg("H-CASH-0001", -number), ledger.Leg("9000010000000000017", number)))
            ),
        }
        for number in range(1, ENTRIES + 1)
    ]
    for image in images:
        assert ledger.record_instruction(image) is None
    list_entries(images, clock.now())
    turnover_fen = sum(range(1, ENTRIES + 1))
    assert closing_store.put_once(
        TrialBalance(day, day, lines=2 * ENTRIES, turnover_fen=turnover_fen), clock.to_text(clock.now())
    )
    return sorted(images, key=lambda image: image["entry_id"])


@pytest.fixture
def day() -> str:
    """A date before every other that is sealed here, so that it is the first of a chain."""
    return f"{next(_years)}0101"


def sealed_by_many(day: str) -> list[Outcome]:
    """Threads that all work off what any of them is told, and are told everything twice."""
    told: list[Message] = []
    outcomes: list[Outcome] = []

    def tell(queue: str, messages: list[Message]) -> None:
        assert queue == "seals"
        told.extend(messages * 2)

    def work(message: Message) -> Outcome:
        return seal_page(message.aggregate_id, int(message.data["step"]), clock.now())

    with (
        patch.object(queues, "send", tell),
        patch.object(seal_day, "PAGE", PAGE),
        patch.object(store, "newest", lambda: None),
        ThreadPoolExecutor(THREADS) as pool,
    ):
        told.extend([seal_day._page_message(store.begin_run(day))] * THREADS)
        for _ in range(ENTRIES):
            if not told:
                break
            turn, told[:] = list(told), []
            outcomes += pool.map(work, turn)
    return outcomes


def test_many_at_once_make_one_seal_over_every_entry(day: str) -> None:
    images = entries_of(day)
    outcomes = sealed_by_many(day)
    # each page was put into the tree by one of them, and so was the seal
    assert outcomes.count(Outcome.PAGED) == ENTRIES // PAGE
    assert outcomes.count(Outcome.SEALED) == 1
    seal = store.seal_of(day)
    assert seal is not None
    records = [record_of(image, None) for image in images]
    assert (seal.entries, seal.root) == (ENTRIES, merkle.root_of([record.hash for record in records]))
    head = keys.verified(seal.signed, int(clock.now().timestamp()))
    assert (head.business_date, head.root) == (day, seal.root.hex())

    def read(level: int, root: bytes) -> Tile:
        return store.tile_at(day, level, root)

    for number, record in enumerate(records):
        found = tiles.inclusion(seal.level, seal.root, record.first, read)
        assert found is not None
        assert (found.record, found.index) == (record, number)


def test_an_entry_that_comes_into_the_list_late_is_sealed_with_the_others(day: str) -> None:
    images = entries_of(day)
    # given a row of the list that is not there until the tree was made without it
    first = images[0]["entry_id"]
    listed = store.listed
    with patch.object(store, "listed", lambda *a: [one for one in listed(*a) if one != first]):
        assert Outcome.STARTED_ANEW in sealed_by_many(day)
    assert store.seal_of(day) is None
    assert sealed_by_many(day).count(Outcome.SEALED) == 1
    seal = store.seal_of(day)
    assert seal is not None
    assert seal.entries == ENTRIES
