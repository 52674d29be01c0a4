"""Writes against an engine that is busy or silent: told as done only when it was, and never as not done by a guess."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from chalicelib.platform import aws, transactions, updates
from chalicelib.platform.clock import FixedClock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule, n, s
from chalicelib.platform.errors import AmountOutOfRange, NotFound, OutcomeUnknown, TryAgain

# What one silent attempt takes at the longest: two of botocore's, each connecting and reading (platform.aws).
SILENCE_S = 6
# API Gateway gives up then.
GATEWAY_S = 29

Step = Exception | dict[str, Any]


def refused(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(response, "Write")


def cancelled(*codes: str) -> ClientError:
    return refused("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


def silence() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="https://dynamodb")


THROTTLE = refused("ThrottlingException")
HELD = refused("TransactionConflictException")
CONFLICT = cancelled("None", "TransactionConflict")
DONE: dict[str, Any] = {"Attributes": {"id": s("it")}}


class Engine:
    """Answers every write by a script, whose last line it repeats; silence takes its time."""

    def __init__(self, fixed: FixedClock, *script: Step) -> None:
        self.clock = fixed
        self.script = list(script)
        self.requests: list[dict[str, Any]] = []

    def _answer(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        slow = isinstance(step, ReadTimeoutError | ConnectTimeoutError)
        self.clock.advance(dt.timedelta(seconds=SILENCE_S if slow else 0.005))
        if isinstance(step, Exception):
            raise step
        return step

    transact_write_items = update_item = put_item = _answer


@pytest.fixture
def engine(fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    def scripted(*script: Step) -> Engine:
        made = Engine(fixed_clock, *script)
        monkeypatch.setattr(aws, "dynamodb", lambda: made)
        return made

    return scripted


RULE = Rule("#a = :a", {":a": n(1)}, lambda image: bool(image.get("a") == 1), lambda _: AmountOutOfRange())


def update() -> ItemUpdate:
    return ItemUpdate("t", {"id": s("it")}, missing=NotFound).require(RULE).set("#b = :b", b=n(2))


def put() -> ItemPut:
    return ItemPut("t", "id", {"id": s("it")})


def commit() -> bool:
    return transactions.commit([put(), update()])


def together() -> None:
    updates.run_together([put(), update()])


def insist() -> Any:
    return updates.insist(update())


def put_one() -> Any:
    return updates.put(put())


ALL = [commit, together, insist, put_one]


@pytest.mark.parametrize("act", ALL)
@pytest.mark.parametrize("busy", [THROTTLE, HELD], ids=["throttle", "held"])
def test_what_is_busy_for_a_moment_is_waited_for(
    engine: Callable[..., Engine], act: Callable[[], Any], busy: Exception
) -> None:
    met = engine(busy, busy, DONE)
    act()
    assert len(met.requests) == 3


@pytest.mark.parametrize("act", ALL)
def test_what_is_busy_to_the_end_was_not_done(
    engine: Callable[..., Engine], fixed_clock: FixedClock, act: Callable[[], Any]
) -> None:
    engine(THROTTLE)
    began = fixed_clock.now()
    with pytest.raises(TryAgain):
        act()
    assert (fixed_clock.now() - began).total_seconds() < updates.TIME_BUDGET_S + 1


@pytest.mark.parametrize("act", [commit, together])
def test_after_silence_the_very_same_transaction_goes_again(
    engine: Callable[..., Engine], act: Callable[[], Any]
) -> None:
    met = engine(silence(), refused("TransactionInProgressException"), {})
    act()
    assert met.requests[0] == met.requests[1] == met.requests[2]


@pytest.mark.parametrize("act", ALL)
@pytest.mark.parametrize("after", [silence(), THROTTLE], ids=["silence", "throttle"])
def test_after_silence_nobody_claims_that_nothing_was_done(
    engine: Callable[..., Engine], fixed_clock: FixedClock, act: Callable[[], Any], after: Exception
) -> None:
    # given a write that was perhaps done, and an engine that says no more of it
    engine(silence(), after)
    began = fixed_clock.now()
    with pytest.raises(OutcomeUnknown):
        act()
    # and the customer hears so before the gateway gives up
    assert (fixed_clock.now() - began).total_seconds() < GATEWAY_S / 2


@pytest.mark.parametrize("act", [commit, together])
def test_a_conflict_after_silence_leaves_the_doubt(engine: Callable[..., Engine], act: Callable[[], Any]) -> None:
    engine(silence(), CONFLICT)
    with pytest.raises(OutcomeUnknown):
        act()


def test_an_update_that_counts_is_not_sent_again_after_silence(engine: Callable[..., Engine]) -> None:
    met = engine(silence(), DONE)
    with pytest.raises(OutcomeUnknown):
        insist()
    assert len(met.requests) == 1


def test_a_put_that_was_cut_off_goes_again_and_may_find_its_own(engine: Callable[..., Engine]) -> None:
    engine(refused("InternalServerError"), refused("ConditionalCheckFailedException", Item={"id": s("it")}))
    assert put_one() == {"id": "it"}


def test_a_condition_that_did_not_hold_is_told_by_each_in_its_way(engine: Callable[..., Engine]) -> None:
    broken = {"id": s("it"), "a": n(2)}
    row = {"Code": "ConditionalCheckFailed", "Item": broken}
    reasons = refused("TransactionCanceledException", CancellationReasons=[{"Code": "None"}, row])
    engine(CONFLICT, reasons)
    assert commit() is False
    engine(CONFLICT, reasons)
    with pytest.raises(AmountOutOfRange):
        together()
    engine(cancelled("ConditionalCheckFailed", "None"))
    with pytest.raises(updates.Overtaken):
        together()
    engine(refused("ConditionalCheckFailedException", Item=broken))
    with pytest.raises(AmountOutOfRange):
        insist()
    engine(refused("ConditionalCheckFailedException"))
    with pytest.raises(NotFound):
        insist()


@pytest.mark.parametrize("act", [commit, together])
@pytest.mark.parametrize("fault", [cancelled("ValidationError", "None"), refused("AccessDeniedException")])
def test_our_own_faults_are_not_tried_again(
    engine: Callable[..., Engine], act: Callable[[], Any], fault: Exception
) -> None:
    met = engine(fault)
    with pytest.raises(ClientError):
        act()
    assert len(met.requests) == 1
