"""Lambda's event sources: they find the packaged workers in the application, and deliver, repeat and retry."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from app import app
from chalicelib.platform import aws, clock
from simulation.engine import PASSING, code_of
from simulation.faults import Faults
from simulation.queues import Held, Queue, Queues
from simulation.scheduler import Activity, Crashed, Scheduler
from simulation.streams import MOST_ATTEMPTS, Reader, Streams

MOST_AT_ONCE = 3
MOST_REPEATED = 12
# A worker's time-out is a sixth of its queue's visibility time-out; a stream worker has a minute.
VISIBILITY_PER_TIMEOUT = 6
STREAM_TIMEOUT = dt.timedelta(seconds=60)
AGAIN_AFTER = dt.timedelta(seconds=1)
NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
BILL_RUN = "start_bill_run"
# While a bank at rest waits for poison to be given up, what goes round and round finds nothing new to do.
AT_REST = dt.timedelta(hours=1)
NIGHT = dt.timedelta(hours=2)


class Context:
    """What Lambda passes beside the event."""

    function_name = "simulation"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    invoked_function_arn = "arn:aws-cn:lambda:cn-north-1:000000000000:function:simulation"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass(slots=True)
class Worker:
    """A packaged function and how many of it run now."""

    name: str
    enter: Callable[[Any, Any], Any]
    batch_size: int = 1
    running: int = 0


@dataclass(slots=True)
class Schedule:
    """A worker that the clock starts; it is started again until it has ended well."""

    worker: Worker
    next_at: dt.datetime | None
    every: dt.timedelta | None


class Lambdas:
    """All workers of the application; `chances` are the deliveries that could happen now."""

    def __init__(
        self,
        scheduler: Scheduler,
        faults: Faults,
        rng: random.Random,
        queues: Queues,
        streams: Streams,
        *,
        tell: Callable[[str], None],
        broken: Callable[[str], None],
    ) -> None:
        self._scheduler, self._faults, self._rng, self._broken = scheduler, faults, rng, broken
        self._queues, self._streams, self._tell = queues, streams, tell
        self.excuse: Callable[[tuple[str, str]], None] = lambda _: None
        self.billed = False
        self._started = 0
        self._of_queue: dict[str, Worker] = {}
        self._of_stream: dict[str, Worker] = {}
        self.schedules: list[Schedule] = []
        for source in app.event_sources:
            self._discover(source)
        self.stream_tables = frozenset(reader.table for reader in streams.readers)

    def _discover(self, source: Any) -> None:
        """Workers as the template names them; a new one takes part without being named here."""
        module, _, function = source.handler_string.rpartition(".")
        worker = Worker(source.name, getattr(importlib.import_module(module), function))
        if type(source).__name__ == "SQSEventConfig":
            worker.batch_size = source.batch_size
            self._of_queue[source.queue_arn["Fn::GetAtt"][0]] = worker
        elif type(source).__name__ == "DynamoDBEventConfig":
            worker.batch_size = source.batch_size
            self._of_stream[worker.name] = worker
            self._streams.attach(worker.name, source.stream_arn["Fn::GetAtt"][0])
        else:
            self.schedules.append(Schedule(worker, None, _period(source)))

    def set_schedules(self, start: dt.datetime, midnight: dt.datetime, *, month_ends: bool) -> None:
        """Crons tick once, at their time in the night; the bill run only after the last day of a month."""
        for schedule in self.schedules:
            if schedule.every is not None:
                schedule.next_at = start + schedule.every
            elif schedule.worker.name != BILL_RUN or month_ends:
                schedule.next_at = midnight + NIGHT

    # ---- what could happen now -----------------------------------------------------------------------
    def chances(self) -> list[Callable[[], None]]:
        """Deliveries that are possible, each a function that starts one."""
        now = self._scheduler.clock.now()
        found: list[Callable[[], None]] = []
        for queue in self._queues.by_name.values():
            worker = self._of_queue.get(queue.name)
            if worker is not None and worker.running < MOST_AT_ONCE and queue.visible(now):
                found.append(lambda queue=queue, worker=worker: self._deliver(queue, worker))  # type: ignore[misc]
        found += [
            lambda reader=reader: self._read(reader)  # type: ignore[misc]
            for reader in self._streams.readers
            if not reader.busy and reader.waiting and reader.stalled_until <= now
        ]
        found += [
            lambda schedule=schedule: self._tick(schedule)  # type: ignore[misc]
            for schedule in self.schedules
            if schedule.next_at is not None and schedule.next_at <= now and not schedule.worker.running
        ]
        return found

    def next_due(self) -> dt.datetime | None:
        """When the next hidden or late message, or stalled record, can be delivered."""
        held = [m.visible_at for q in self._queues.by_name.values() if q.name in self._of_queue for m in q.held]
        once = [s.next_at for s in self.schedules if s.next_at is not None and s.every is None]
        late = [reader.stalled_until for reader in self._streams.readers if reader.waiting and not reader.busy]
        return min([*held, *once, *late], default=None)

    def next_tick(self) -> dt.datetime:
        """When the next of the periodic schedules is due."""
        return min(s.next_at for s in self.schedules if s.next_at is not None and s.every is not None)

    def is_running(self, name: str) -> bool:
        """Whether a worker is at work, on any machine."""
        workers = [*self._of_queue.values(), *self._of_stream.values(), *(one.worker for one in self.schedules)]
        return any(worker.running for worker in workers if worker.name == name)

    def fire_again(self, name: str) -> None:
        """A schedule fires twice: its worker starts once more, on another machine if it runs already."""
        schedule = next(one for one in self.schedules if one.worker.name == name)
        if schedule.next_at is not None and schedule.worker.running < MOST_AT_ONCE:
            self._tick(schedule)

    def poison(self) -> None:
        """A message no worker can ever do: not JSON, not a message, or about what does not exist."""
        queue = self._queues.by_name[self._rng.choice(sorted(self._of_queue))]
        nothing = {"event_id": "x", "event_type": "x", "schema_version": 1, "correlation_id": "x", "data": {}}
        body = self._rng.choice(("{", "[]", json.dumps({**nothing, "aggregate_id": "a" * 26})))
        if queue.name == "BillsQueue":
            body = "{"
        self._tell(f"fault: poison in {queue.name}")
        self._queues.put(queue, body, poison=True)

    # ---- starting workers ------------------------------------------------------------------------------
    def _start(
        self,
        worker: Worker,
        timeout: dt.timedelta,
        work: Callable[[], None],
        *,
        immune: bool = False,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._started += 1
        worker.running += 1

        def all_of_it() -> None:
            activity = self._scheduler.current
            assert activity is not None
            try:
                activity.check()
                activity.began = self._scheduler.clock.now()
                work()
            except Crashed:
                if activity.open_claim is not None:
                    self.excuse(activity.open_claim)
                raise
            finally:
                worker.running -= 1
                after()

        activity = Activity(f"{worker.name}.{self._started}", all_of_it, immune=immune)
        activity.in_machine = True
        activity.deadline = self._scheduler.clock.now() + timeout
        self._scheduler.start(activity)

    def _deliver(self, queue: Queue, worker: Worker) -> None:
        """Some of a queue's messages, in any order. The last delivery of a message meets no fault.

        So whatever reaches the dead letters was poison: a message is not lost to bad luck alone. As it has all
        the time it needs, while Lambda's functions end long before their messages become visible again, its
        messages stay hidden until it is over, however far the clock jumps meanwhile.
        """
        now = self._scheduler.clock.now()
        visible = queue.visible(now)
        count = min(len(visible), self._rng.randint(1, worker.batch_size))
        delivered = queue.receive(self._rng.sample(visible, count), now)
        if not delivered:
            return
        immune = any(message.receives >= queue.most_receives for message in delivered)
        if immune:
            for message in delivered:
                message.visible_at = NEVER
        event = {"Records": [_record(message) for message in delivered]}

        def work() -> None:
            try:
                answer = worker.enter(event, Context())
            except (*aws.NO_ANSWER, ClientError) as error:
                # As Lambda does when a function fails: the whole batch becomes visible again.
                if code_of(error) not in PASSING:
                    raise
                self._tell(f"failed: {type(error).__name__}")
                return
            self._scheduler.pause()
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            for message in delivered:
                if message.message_id in failed:
                    continue
                if not immune and self._faults.strikes("delivered_again"):
                    message.visible_at = self._scheduler.clock.now() + AGAIN_AFTER
                else:
                    queue.delete(message)
            self._tell(f"acknowledges {len(delivered) - len(failed)} of {len(delivered)}")

        def after() -> None:
            for message in delivered if immune else ():
                message.visible_at = now + queue.visibility

        self._start(worker, queue.visibility / VISIBILITY_PER_TIMEOUT, work, immune=immune, after=after)

    def _read(self, reader: Reader) -> None:
        """The next records of a shard; from the first that failed they come again."""
        worker = self._of_stream[reader.worker]
        count = min(reader.waiting, self._rng.randint(1, worker.batch_size))
        batch = reader.records[reader.position : reader.position + count]
        reader.busy = True
        reader.attempts += 1
        immune = reader.attempts >= MOST_ATTEMPTS

        def work() -> None:
            answer = worker.enter({"Records": batch}, Context())
            self._scheduler.pause()
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
            done = next((i for i, number in enumerate(numbers) if number in failed), count)
            if immune and not done:
                self._broken(f"{worker.name} gives up a record after {reader.attempts} attempts")
            reader.position += done
            reader.attempts = 0 if done else reader.attempts
            self._tell(f"has read {done} of {count}")
            if self._faults.strikes("batch_again"):
                # As after a restore, when an event source is made anew at an older place.
                reader.position = max(0, reader.position - self._rng.randint(1, MOST_REPEATED))
                self._tell("fault: its records come again")
            if self._faults.strikes("stall"):
                reader.stalled_until = self._scheduler.clock.now() + dt.timedelta(seconds=self._rng.randint(1, 15))

        def after() -> None:
            reader.busy = False

        self._start(worker, STREAM_TIMEOUT, work, immune=immune, after=after)

    def _tick(self, schedule: Schedule) -> None:
        nominal = schedule.next_at
        assert nominal is not None
        event = {
            "id": f"tick-{schedule.worker.name}-{clock.to_text(nominal)}",
            "time": clock.to_text(nominal),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "region": "cn-north-1",
            "version": "0",
            "resources": [],
            "detail": {},
        }

        def work() -> None:
            try:
                schedule.worker.enter(event, Context())
            except Exception as error:  # noqa: BLE001  # Lambda calls again, whatever it was
                self._tell(f"failed: {type(error).__name__}")
                return
            self._scheduler.pause()
            self.billed = self.billed or schedule.worker.name == BILL_RUN
            if self._faults.strikes("batch_again"):
                return
            every = schedule.every and max(schedule.every, AT_REST if self._faults.calm else schedule.every)
            schedule.next_at = _after(nominal, every, self._scheduler.clock.now())
            self._tell("ended well")

        self._start(schedule.worker, STREAM_TIMEOUT, work)


def _after(nominal: dt.datetime, every: dt.timedelta | None, now: dt.datetime) -> dt.datetime | None:
    """The next time of a schedule. As EventBridge does, it makes up for no time that passed: of those that the
    clock has jumped over, the newest is due, once.
    """
    if every is None:
        return None
    return nominal + every * max(1, (now - nominal) // every)


def _period(source: Any) -> dt.timedelta | None:
    """The period of a `rate(n unit)`, None for a cron."""
    expression = source.schedule_expression
    text = expression if isinstance(expression, str) else expression.to_string()
    if not text.startswith("rate("):
        return None
    number, unit = text[5:-1].split()
    return dt.timedelta(**{unit if unit.endswith("s") else f"{unit}s": int(number)})


def _record(message: Held) -> dict[str, Any]:
    """A message as Lambda gives it to a function."""
    return {
        "messageId": message.message_id,
        "receiptHandle": f"{message.message_id}#{message.receives}",
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.receives)},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws-cn:sqs:cn-north-1:000000000000:simulation",
        "awsRegion": "cn-north-1",
    }
