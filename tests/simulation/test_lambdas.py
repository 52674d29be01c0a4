"""The simulated event sources do what AWS's do where a message's fate hangs on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from simulation.lambdas import Worker
from simulation.queues import Queue
from simulation.world import World

HOUR = dt.timedelta(hours=1)


def last_delivery(failed: list[dict[str, str]]) -> tuple[World, Queue, Worker]:
    """A worker that has begun the last delivery of a message, in the middle of which the clock jumps an hour."""
    world = World(1, 1)
    queue = world.queues.by_name["CodesQueue"]

    def enter(_: Any, __: Any) -> dict[str, Any]:
        world.scheduler.pause()
        return {"batchItemFailures": failed}

    worker = Worker("send_codes", enter)
    world.queues.put(queue, "{}")
    queue.held[0].receives = queue.most_receives - 1
    world.scheduler.clock.advance(HOUR)
    world.lambdas._deliver(queue, worker)
    world.scheduler.turn(world.scheduler.activities[0])
    world.scheduler.clock.advance(HOUR)
    return world, queue, worker


@pytest.mark.parametrize("fails", [False, True])
def test_a_message_is_not_given_up_while_its_last_delivery_goes_on(fails: bool) -> None:
    # the time-out of a function is a sixth of the visibility, so AWS never sees the one outlast the other
    world, queue, worker = last_delivery([{"itemIdentifier": "m1"}] if fails else [])
    assert queue.visible(world.scheduler.clock.now()) == []
    while world.scheduler.activities:
        world.scheduler.turn(world.scheduler.activities[0])

    assert len(queue.held) == fails
    if fails:
        world.scheduler.clock.advance(queue.visibility)
        world.lambdas._deliver(queue, worker)
        assert (queue.held, len(queue.dead)) == ([], 1)
