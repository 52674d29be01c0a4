"""Transfers a second through one engine process, ours against bare boto3, in the four shapes that Blnk publishes.

Bare boto3 sends what our code would have sent: the very parameters, recorded beforehand with canned answers.
Both sides run on the same threads, in turns. Only the ratio means anything: the engine is a local one.
"""

from __future__ import annotations

import base64
import copy
import itertools
import json
import random
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.awsrequest import AWSResponse

from bench.bank import RICH_FEN, Awaiting, Customer, available, awaiting, new_customer, own_request, request_between
from bench.meter import answered, hooked, metered
from bench.rows import Row
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock
from chalicelib.platform.dynamo import to_raw
from chalicelib.platform.errors import OutcomeUnknown, TryAgain
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once

SPREAD_BUDGET = 0.8
THREADS = 8
ROUNDS = 3
TURNS = 4
TRANSFERS = 64
PEOPLE = 16
AMOUNT_FEN = 1_00
# As many messages as the worker of deferred legs is given at once.
WORKER_BATCH = 50

CONTENDING_PAYERS = 32
TRANSFERS_EACH = 8
CONFLICT_SHARE = 0.1
_SEED = 20261121

Call = Callable[[], object]
Pair = tuple[Customer, Customer]


def throughput_rows() -> list[Row]:
    """The four shapes for confirmations, a deferred hot payee beside them, and transfers at once."""
    payers = [new_customer("赵小明", RICH_FEN // 1000) for _ in range(PEOPLE)]
    payees = [new_customer("钱红") for _ in range(PEOPLE)]
    spread = list(zip(payers, payees, strict=True))
    shapes: dict[str, list[Pair]] = {
        "spread": spread,
        "hot_payer": [(payers[0], payee) for payee in payees],
        "hot_payee": [(payer, payees[0]) for payer in payers],
        "hot_pair": [(payers[0], payees[0])],
    }
    rows = []
    for shape, pairs in shapes.items():
        budget = SPREAD_BUDGET if shape == "spread" else None
        ratio, unapplied = _confirmations(pairs)
        rows.append(Row(f"throughput.{shape}.ratio", ratio, "ratio", budget, at_least=True))
        rows.append(Row(f"throughput.{shape}.unapplied", unapplied, "transfers", 0))
    rows += _deferred_rows(payers)
    ratio, unapplied = _at_once(payers)
    rows.append(Row("throughput.one_shot_spread.ratio", ratio, "ratio"))
    rows.append(Row("throughput.one_shot_spread.unapplied", unapplied, "transfers", 0))
    return rows


def _deferred_rows(payers: Sequence[Customer]) -> list[Row]:
    """The hot payee once more, whose account no payment meets: the worker of deferred legs brings them after."""
    merchant = new_customer("兴隆超市", credit=ledger.CREDIT_DEFERRED)
    trips = 0

    def bring(entry_ids: Sequence[str]) -> None:
        nonlocal trips
        with metered() as cost:
            for start in range(0, len(entry_ids), WORKER_BATCH):
                failed = post_deferred_legs(entry_ids[start : start + WORKER_BATCH])
                if failed:
                    raise AssertionError(f"deferred legs of {len(failed)} entries are not posted")
        trips += cost.round_trips

    ratio, unapplied = _confirmations([(payer, merchant) for payer in payers], bring)
    return [
        Row("throughput.hot_payee_deferred.ratio", ratio, "ratio"),
        Row("throughput.hot_payee_deferred.unapplied", unapplied, "transfers", 0),
        Row("deferred_worker.round_trips_per_entry", round(trips / (ROUNDS * 2 * TRANSFERS), 3), "round trips"),
    ]


def _confirmations(
    pairs: Sequence[Pair], settle: Callable[[Sequence[str]], None] = lambda _: None
) -> tuple[float, int]:
    """(median ratio, transfers that were accepted but did not change balances) of one shape.

    `settle` is given all entries before balances are read again: outside the clock, as a worker is.
    """
    # One payer has more codes here than a person may ask for in a day.
    parameters.set_value(parameters.CODES_DAY.name, parameters.CODES_DAY.high)
    entry_ids: list[str] = []
    before = _balances(pairs)
    ratios: list[float] = []
    for _ in range(ROUNDS):
        chosen = list(itertools.islice(itertools.cycle(pairs), 2 * TRANSFERS))
        transfers = [awaiting(payer, request_between(payer, payee, AMOUNT_FEN)) for payer, payee in chosen]
        ours: list[Call] = [transfer.confirm for transfer in transfers[:TRANSFERS]]
        ratios.extend(_rate_ratios(ours, recorded(transfers[TRANSFERS:])))
        entry_ids += [transfer.entry_id for transfer in transfers]
    settle(entry_ids)
    return round(statistics.median(ratios), 3), _unapplied(pairs, before, ROUNDS * 2 * TRANSFERS)


def _at_once(owners: Sequence[Customer]) -> tuple[float, int]:
    """The same for transfers between own accounts, spread over customers."""
    client = aws.dynamodb()
    before = sum(available(owner.accounts[1]) for owner in owners)
    ratios: list[float] = []
    for _ in range(ROUNDS):
        chosen = list(itertools.islice(itertools.cycle(owners), 2 * TRANSFERS))
        calls = [_one_shot(owner) for owner in chosen]
        sent = [_sent_by(call)[0] for call in calls[TRANSFERS:]]
        bare: list[Call] = [_bound(client.transact_write_items, parameters) for _, parameters in sent]
        ratios.extend(_rate_ratios(calls[:TRANSFERS], bare))
    moved = (sum(available(owner.accounts[1]) for owner in owners) - before) // AMOUNT_FEN
    return round(statistics.median(ratios), 3), abs(ROUNDS * 2 * TRANSFERS - moved)


def _one_shot(owner: Customer) -> Call:
    key, request = uuid.uuid4().hex, own_request(owner, AMOUNT_FEN)
    return lambda: transfer_at_once(owner.caller, key, request, key, clock.now())


def _rate_ratios(ours: Sequence[Call], bare: Sequence[Call]) -> list[float]:
    """Our transfers a second over bare boto3's, turn by turn, so that a busy moment of the machine hits one turn."""
    size = len(ours) // TURNS
    ratios = []
    with ThreadPoolExecutor(THREADS) as pool:
        for turn in range(TURNS):
            part = slice(turn * size, (turn + 1) * size)
            # Who goes first alternates.
            if turn % 2:
                spent_bare_s = _elapsed_s(pool, bare[part])
                spent_ours_s = _elapsed_s(pool, ours[part])
            else:
                spent_ours_s = _elapsed_s(pool, ours[part])
                spent_bare_s = _elapsed_s(pool, bare[part])
            ratios.append(spent_bare_s / spent_ours_s)
    return ratios


def _elapsed_s(pool: ThreadPoolExecutor, calls: Sequence[Call]) -> float:
    began = time.perf_counter()
    for done in [pool.submit(call) for call in calls]:
        done.result()
    return time.perf_counter() - began


def recorded(transfers: Sequence[Awaiting]) -> list[Call]:
    """For each transfer, boto3's two calls with what our confirmation would send."""
    client = aws.dynamodb()
    methods: dict[str, Callable[..., object]] = {
        "UpdateItem": client.update_item,
        "TransactWriteItems": client.transact_write_items,
    }

    def both(sent: list[tuple[str, dict[str, Any]]]) -> Call:
        return lambda: [methods[operation](**parameters) for operation, parameters in sent]

    return [both(_sent_by(transfer.confirm, transfer)) for transfer in transfers]


def _bound(method: Callable[..., object], parameters: dict[str, Any]) -> Call:
    return lambda: method(**parameters)


def _sent_by(call: Call, transfer: Awaiting | None = None) -> list[tuple[str, dict[str, Any]]]:
    """What a use case sends when every write succeeds: operations and parameters. The engine sees nothing."""
    sent: list[tuple[str, dict[str, Any]]] = []
    # Parameters are read again every 30 s: now, so that it is not among what is recorded, with an answer of nothing.
    parameters.forget()
    parameters.value(parameters.CODES_DAY, clock.now())
    claimed = _claimed(transfer) if transfer is not None else b"{}"

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        sent.append((model.name, copy.deepcopy(params)))

    def answer(request: Any, **_: Any) -> AWSResponse:
        body = claimed if request.headers["X-Amz-Target"].endswith(b"UpdateItem") else b"{}"
        return answered(request, body)

    with hooked([("provide-client-params.dynamodb", record), ("before-send.dynamodb", answer)]):
        call()
    return sent


def _claimed(transfer: Awaiting) -> bytes:
    """What the engine answers to the claim of a try."""
    raw = to_raw({**transfer.image, "tries": 1})
    return json.dumps({"Attributes": raw}, default=lambda value: base64.b64encode(bytes(value)).decode()).encode()


def _balances(pairs: Sequence[Pair]) -> dict[str, int]:
    return {person.account: available(person.account) for pair in pairs for person in pair}


def _unapplied(pairs: Sequence[Pair], before: dict[str, int], accepted: int) -> int:
    """Accepted transfers that the payees' balances, or the payers', do not show."""
    after = _balances(pairs)
    payees = {payee.account for _, payee in pairs}
    payers = {payer.account for payer, _ in pairs}
    received = sum(after[account] - before[account] for account in payees) // AMOUNT_FEN
    paid = sum(before[account] - after[account] for account in payers) // AMOUNT_FEN
    return max(abs(accepted - received), abs(accepted - paid))


def contention_rows() -> list[Row]:
    """32 payers pay one payee at once, and every tenth transaction conflicts: nobody is refused for it."""
    payee = new_customer("李梅")
    payers = [new_customer("赵小明", 10_000_00) for _ in range(CONTENDING_PAYERS)]
    waiting = [
        [awaiting(payer, request_between(payer, payee, AMOUNT_FEN)) for _ in range(TRANSFERS_EACH)] for payer in payers
    ]
    pairs = [(payer, payee) for payer in payers]
    before = _balances(pairs)
    conflicts = Conflicts(CONFLICT_SHARE)

    def pay(transfers: list[Awaiting]) -> int:
        refused = 0
        for transfer in transfers:
            try:
                transfer.confirm()
            except (TryAgain, OutcomeUnknown):
                refused += 1
        return refused

    with (
        hooked([("before-send.dynamodb.TransactWriteItems", conflicts.maybe)]),
        ThreadPoolExecutor(CONTENDING_PAYERS) as pool,
    ):
        refused = sum(pool.map(pay, waiting))
    accepted = CONTENDING_PAYERS * TRANSFERS_EACH - refused
    return [
        Row("contention.refused", refused, "transfers", 0),
        Row("contention.unapplied", _unapplied(pairs, before, accepted), "transfers", 0),
        Row("contention.transfers", CONTENDING_PAYERS * TRANSFERS_EACH, "transfers"),
        Row("contention.conflicts_injected", conflicts.injected, "conflicts"),
    ]


class Conflicts:
    """Answers a share of transactions as DynamoDB answers one that meets another: no local engine does."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._source = random.Random(_SEED)  # noqa: S311  # repeatable chance, no secret
        self._lock = threading.Lock()
        self.injected = 0

    def maybe(self, request: Any, **_: Any) -> AWSResponse | None:
        """A cancellation whose last item, the payee, conflicted; or nothing, and the engine answers."""
        with self._lock:
            if self._source.random() >= self._share:
                return None
            self.injected += 1
        reasons = [{"Code": "None"} for _ in json.loads(request.body)["TransactItems"]]
        reasons[-1] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        body = {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": reasons,
        }
        return answered(request, json.dumps(body).encode(), status=400)
