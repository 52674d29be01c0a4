"""What a seed of the simulation costs: how many seeds a night can try.

CPU time as a multiple of what a number of writes costs on the simulation's engine alone, in the same minutes.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from http import HTTPStatus

from bench.rows import Row
from simulation.engine import ask
from simulation.runs import STEPS, totals_of

SEEDS, PROCESSES = 40, 2
YARDSTICK_PUTS = 10_000
BUDGET = 1.3


def engine_alone_s() -> float:
    """CPU seconds of YARDSTICK_PUTS writes on the bare engine: nothing of ours is in it."""
    put = {"TableName": "yardstick", "Item": {"k": {"S": "one"}, "n": {"N": "1"}, "text": {"S": "x" * 200}}}
    table = {
        "TableName": "yardstick",
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    _insist("CreateTable", json.dumps(table).encode())
    body = json.dumps(put).encode()
    began = time.process_time()
    for _ in range(YARDSTICK_PUTS):
        _insist("PutItem", body)
    return time.process_time() - began


def _insist(operation: str, body: bytes) -> None:
    status = ask(operation, body)[0]
    if status != HTTPStatus.OK:
        raise AssertionError(f"the engine answered {operation} with {status}")


def seed_rows() -> list[Row]:
    """A seed's CPU time, the yardstick being the mean of before and after. Each in a process of its own."""
    share = SEEDS // PROCESSES
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context, max_tasks_per_child=1) as pool:
        before = [pool.submit(engine_alone_s) for _ in range(PROCESSES)]
        running = [pool.submit(totals_of, 1 + share * i, share, STEPS) for i in range(PROCESSES)]
        after = [pool.submit(engine_alone_s) for _ in range(PROCESSES)]
        yardsticks = [one.result() for one in [*before, *after]]
        spent = sum(one.result().cpu_s for one in running) / SEEDS
    return [Row("simulation.seed.cpu_ratio", round(spent * len(yardsticks) / sum(yardsticks), 2), "ratio", BUDGET)]
