"""A worker takes every event that its queue may bring: it finds nothing to do, or waits, and never calls it poison."""

from __future__ import annotations

import io
import json

import pytest

from docs import events
from tests.chain.bank import Bank, handlers_by_source
from tests.chain.probe import give, queued

CARRIED = [(queue, name) for queue, types in events.channels().items() for name in types]
# What code meets in a message that it does not understand.
POISON = ("KeyError", "ValueError", "TypeError", "AttributeError", "AssertionError", "IndexError")


@pytest.mark.parametrize(("queue", "name"), CARRIED)
def test_each_event_is_understood_by_who_takes_it(
    shared_bank: Bank, logged: io.StringIO, queue: str, name: str
) -> None:
    ((handler, _),) = handlers_by_source()[events.logical_id(queue)]
    (sample,) = events.schemas()[name]["examples"]
    worker = handler.rpartition(".")[2]
    failed = give(worker, [queued(json.dumps(sample), "message-1")])
    # It may be told to come again, as what it is about is not there yet.
    assert failed in ([], ["message-1"])
    told = logged.getvalue()
    assert not any(f'"exception_name":"{error}"' in told for error in POISON), told


def test_what_is_no_event_of_the_queue_would_be_found(shared_bank: Bank, logged: io.StringIO) -> None:
    (sample,) = events.schemas()["movement.posted"]["examples"]
    del sample["data"]["seq"]
    assert give("send_alerts", [queued(json.dumps(sample), "message-1")]) == ["message-1"]
    assert '"exception_name":"KeyError"' in logged.getvalue()
