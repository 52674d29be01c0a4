"""SQS as it may behave: at least once, in any order, late; visibility, receive counts, dead letters."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from simulation.engine import resources
from simulation.faults import Faults
from simulation.scheduler import Scheduler

QUEUE = "AWS::SQS::Queue"


@dataclass(slots=True)
class Held:
    """A message in a queue. `visible_at` moves with each delivery."""

    message_id: str
    body: str
    visible_at: dt.datetime
    poison: bool = False
    receives: int = 0


class Queue:
    """One queue of the template, with its visibility time-out and receive count."""

    def __init__(self, name: str, visibility: dt.timedelta, most_receives: int) -> None:
        self.name = name
        self.visibility = visibility
        self.most_receives = most_receives
        self.held: list[Held] = []
        self.dead: list[Held] = []

    def visible(self, now: dt.datetime) -> list[Held]:
        return [message for message in self.held if message.visible_at <= now]

    def receive(self, chosen: list[Held], now: dt.datetime) -> list[Held]:
        """Deliver these: hidden for a while; what was received too often goes to the dead letters instead."""
        delivered = []
        for message in chosen:
            if message.receives >= self.most_receives:
                self.held.remove(message)
                self.dead.append(message)
                continue
            message.receives += 1
            message.visible_at = now + self.visibility
            delivered.append(message)
        return delivered

    def delete(self, message: Held) -> None:
        if message in self.held:
            self.held.remove(message)


class Queues:
    """The SQS client of the bank, with the calls that it uses."""

    def __init__(self, scheduler: Scheduler, faults: Faults, rng: random.Random, tell: Callable[[str], None]) -> None:
        self._scheduler, self._faults, self._rng, self._tell = scheduler, faults, rng, tell
        self._sent = 0
        self.by_name = {
            name: Queue(
                name,
                dt.timedelta(seconds=item["Properties"]["VisibilityTimeout"]),
                item["Properties"]["RedrivePolicy"]["maxReceiveCount"],
            )
            for name, item in resources().items()
            if item["Type"] == QUEUE and "RedrivePolicy" in item["Properties"]
        }

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        """Take up to ten messages; may refuse some, take some twice, or take them and not answer."""
        self._scheduler.pause()
        queue = self.by_name[QueueUrl]
        activity = self._scheduler.current
        exposed = activity is not None and not activity.immune
        refused: list[dict[str, Any]] = []
        if exposed and self._faults.strikes("throttle"):
            self._tell(f"  fault: send to {QueueUrl} throttled")
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "SendMessageBatch")
        for entry in Entries:
            if exposed and self._faults.strikes("queue_refuses"):
                refused.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
                continue
            self.put(queue, entry["MessageBody"])
            if self._faults.strikes("message_twice"):
                self.put(queue, entry["MessageBody"])
        self._tell(f"send {len(Entries) - len(refused)} of {len(Entries)} to {QueueUrl}")
        if exposed and self._faults.strikes("silence_after"):
            self._tell("  fault: sent, but no answer")
            raise ReadTimeoutError(endpoint_url="sqs")
        return {"Failed": refused} if refused else {}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803
        """Hide a message for so long from now on, unless it was delivered again since."""
        self._scheduler.pause()
        now = self._scheduler.clock.now()
        for message in self.by_name[QueueUrl].held:
            if f"{message.message_id}#{message.receives}" == ReceiptHandle:
                message.visible_at = now + dt.timedelta(seconds=VisibilityTimeout)
                self._tell(f"{message.message_id} of {QueueUrl} waits {VisibilityTimeout} s")

    def put(self, queue: Queue, body: str, *, poison: bool = False) -> None:
        """Put one message, sometimes late."""
        late_ms = self._rng.randrange(60_000) if self._faults.strikes("message_late") else self._rng.randrange(300)
        self._sent += 1
        at = self._scheduler.clock.now() + dt.timedelta(milliseconds=late_ms)
        queue.held.append(Held(f"m{self._sent}", body, at, poison))
