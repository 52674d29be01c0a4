"""Messages nobody can read: they fail alone, are logged, and end among the dead letters."""

from __future__ import annotations

import io
import json

import pytest

from tests.chain.bank import Bank
from tests.chain.probe import give, put_on, queued, retry_at_once, state_of, wiretap

POISON = {
    "not json": "{",
    "not an object": "[]",
    "a string": '"x"',
    "empty": "{}",
    "no data": json.dumps({"event_id": "e", "event_type": "t", "schema_version": 1, "aggregate_id": "a"}),
    "unknown entry": "UNKNOWN",
    "schema of the future": "FUTURE",
}


def poison_for(template: str, kind: str) -> str:
    message = json.loads(template)
    if kind == "UNKNOWN":
        return json.dumps({**message, "aggregate_id": "a" * 26})
    if kind == "FUTURE":
        return json.dumps({**message, "schema_version": 99})
    return kind


@pytest.mark.parametrize("worker", ["issue_receipts", "send_alerts"])
@pytest.mark.parametrize("kind", POISON.values(), ids=POISON)
def test_poison_fails_alone(shared_bank: Bank, worker: str, kind: str) -> None:
    # given a good message whose effect is undone, between two bad ones
    bank = shared_bank
    payer, payee = bank.sign_up("赵小明", deposit="10.00"), bank.sign_up("钱红")
    with wiretap() as tap:
        bank.pay(payer, payee, "1.00", "key-poison-1")
        bank.settle()
    good = tap.of(worker)[-1]
    bad = poison_for(good["body"], kind)
    before = state_of(bank)
    # then only the bad ones are given back
    batch = [queued(bad, "bad-1"), good, queued(bad, "bad-2")]
    assert give(worker, batch) == ["bad-1", "bad-2"]
    bank.settle()
    assert state_of(bank) == before


DEAD_LETTERS = {
    "ReceiptsQueue": "ReceiptsDeadLetterQueue",
    "AlertsQueue": "AlertsDeadLetterQueue",
    "CodesQueue": "CodesDeadLetterQueue",
    "BillsQueue": "BillsDeadLetterQueue",
    "BillRunsQueue": "BillRunsDeadLetterQueue",
}


@pytest.mark.parametrize(("queue", "dead_letters"), DEAD_LETTERS.items(), ids=DEAD_LETTERS)
def test_poison_ends_among_the_dead_letters(shared_bank: Bank, queue: str, dead_letters: str) -> None:
    put_on(shared_bank, queue, "{}")
    retry_at_once(shared_bank, queue)
    assert (shared_bank.waiting(queue), shared_bank.waiting(dead_letters)) == (0, 1)


def test_poison_is_logged_without_its_contents(shared_bank: Bank, logged: io.StringIO) -> None:
    assert give("issue_receipts", [queued('{"event_id": "secret-in-poison"}', "bad-1")]) == ["bad-1"]
    (line,) = [json.loads(text) for text in logged.getvalue().splitlines()]
    assert (line["level"], line["correlation_id"]) == ("ERROR", "bad-1")
    assert "secret-in-poison" not in logged.getvalue()
