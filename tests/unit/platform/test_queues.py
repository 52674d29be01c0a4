"""Messages read back as they were written; a queue that took not all is tried again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform import aws, queues
from chalicelib.platform.errors import Retryable
from chalicelib.platform.queues import Message

text = st.text(max_size=40)
messages = st.builds(Message, text, text, text, text, st.dictionaries(text, text, max_size=3))


@given(messages)
def test_a_message_reads_back(message: Message) -> None:
    assert Message.from_json(message.to_json()) == message


@pytest.mark.parametrize("body", ["", "{", "null", "[]", "7", "{}", '{"event_id": "x"}'])
def test_poison_is_known_at_once(body: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Message.from_json(body)


class ScriptedQueue:
    """Takes batches, and fails those it is told to."""

    def __init__(self, failed: int = 0) -> None:
        self.batches: list[int] = []
        self.failed = failed

    def send_message_batch(self, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803  # boto3's names
        assert QueueUrl == "BillsQueue"
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        self.batches.append(len(Entries))
        return {"Failed": [{}] * self.failed} if self.failed else {}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("count", "batches"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_ten_go_at_once(monkeypatch: pytest.MonkeyPatch, count: int, batches: list[int]) -> None:
    queue = ScriptedQueue()
    monkeypatch.setattr(aws, "sqs", lambda: queue)
    queues.send("bills", [Message(str(i), "bill.due", "a", "c", {}) for i in range(count)])
    assert queue.batches == batches


@pytest.mark.usefixtures("environment")
def test_a_message_not_taken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "sqs", lambda: ScriptedQueue(failed=1))
    with pytest.raises(Retryable):
        queues.send("bills", [Message("1", "bill.due", "a", "c", {})])
