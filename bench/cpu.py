"""Our own CPU time per transfer, with network and engine taken out on both sides, as a ratio to bare boto3.

Both sides send the very same items through the very same client, and a canned answer comes back at the last
hook before the network. What is left is botocore's work, which both pay, and ours.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from app import app
from bench.bank import RICH_FEN, Awaiting, Customer, awaiting, new_customer, own_request, request_between
from bench.meter import Exchange, canned, hooked, metered
from bench.rows import Row
from chalicelib.identity import tokens
from chalicelib.platform import aws, clock, log
from chalicelib.platform.callers import Caller
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once

BUDGET = 1.5
PAIRS = 50
CALLS = 15
WARM_UP_CALLS = 30
_AMOUNT_FEN = 100_00
_TOKEN_S = 900

Work = Callable[[], object]


def cpu_ratio(ours: Work, bare: Work) -> float:
    """The median, over interleaved pairs, of our CPU time over the bare call's."""
    for _ in range(WARM_UP_CALLS):
        ours()
        bare()
    gc.collect()
    ratios = []
    for pair in range(PAIRS):
        # Who goes first alternates: what the first leaves in the caches helps the second.
        if pair % 2:
            spent_bare = _cpu_s(bare)
            spent_ours = _cpu_s(ours)
        else:
            spent_ours = _cpu_s(ours)
            spent_bare = _cpu_s(bare)
        ratios.append(spent_ours / spent_bare)
    return round(statistics.median(ratios), 3)


def _cpu_s(work: Work) -> float:
    began = time.thread_time()
    for _ in range(CALLS):
        work()
    return time.thread_time() - began


def bare_calls(exchanges: list[Exchange]) -> Work:
    """boto3 with the same parameters and nothing else."""
    client = aws.dynamodb()
    methods = {"UpdateItem": client.update_item, "TransactWriteItems": client.transact_write_items}
    calls: list[tuple[Any, dict[str, Any]]] = [(methods[one.operation], one.parameters) for one in exchanges]

    def run() -> None:
        for method, parameters in calls:
            method(**parameters)

    return run


def cpu_rows() -> list[Row]:
    """Confirmation and transfer at once, without and with the HTTP edge."""
    payer, payee = new_customer("赵小明", RICH_FEN // 1000), new_customer("钱红")
    rows = _confirm_rows(payer, payee)
    request = own_request(payer, _AMOUNT_FEN)

    def one_shot() -> object:
        return transfer_at_once(payer.caller, uuid.uuid4().hex, request, "4f1c7a526f0e4c55", clock.now())

    with metered() as sent:
        one_shot()
    with hooked(canned(sent.exchanges)):
        bare = bare_calls(sent.exchanges)
        rows.append(Row("transfer.one_shot.cpu_ratio", cpu_ratio(one_shot, bare), "ratio", BUDGET))
    return rows


def _confirm_rows(payer: Customer, payee: Customer) -> list[Row]:
    transfer = awaiting(payer, request_between(payer, payee, _AMOUNT_FEN))
    with metered() as sent:
        transfer.confirm()
    enter = _edge(transfer, payer.caller)
    with hooked(canned(sent.exchanges)), logs_dropped():
        bare = bare_calls(sent.exchanges)
        status = enter()["statusCode"]
        if status != 200:
            raise AssertionError(f"the confirmation through the edge answered {status}")
        return [
            Row("transfer.confirm.cpu_ratio", cpu_ratio(transfer.confirm, bare), "ratio", BUDGET),
            Row("transfer.confirm.cpu_ratio_with_edge", cpu_ratio(enter, bare), "ratio"),
        ]


def _edge(transfer: Awaiting, caller: Caller) -> Callable[[], dict[str, Any]]:
    """The same confirmation from API Gateway's event to its answer: routing, token, body, view."""
    now_s = int(clock.now().timestamp())
    token = tokens.issue(caller.customer_id, caller.session_id, caller.edition, now_s, now_s + _TOKEN_S)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    event = {
        "resource": "/v1/transfers/{transfer_id}/confirmation",
        "path": f"/v1/transfers/{transfer.entry_id}/confirmation",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"transfer_id": transfer.entry_id},
        "stageVariables": None,
        "isBase64Encoded": False,
        "body": json.dumps({"factor": "sms", "code": transfer.code}),
        "requestContext": {
            "resourcePath": "/v1/transfers/{transfer_id}/confirmation",
            "httpMethod": "POST",
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": "127.0.0.1"},
        },
    }

    def enter() -> dict[str, Any]:
        answer: dict[str, Any] = app(event, None)
        return answer

    return enter


@contextmanager
def logs_dropped() -> Iterator[None]:
    """Log lines are made but go nowhere: making them is our work, the terminal's speed is not."""
    handler: Any = log.logger.registered_handler
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123  # a device, not a path
        before = handler.setStream(nowhere)
        try:
            yield
        finally:
            handler.setStream(before)
