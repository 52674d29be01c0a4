"""Posting against an engine that conflicts, throttles, falls silent or refuses: never twice, never a guess."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from chalicelib.customers.errors import TransfersSwitchedOff
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.ledger.errors import InsufficientFunds, PayeeUnavailable
from chalicelib.ledger.posting import POST_TIME_BUDGET_S, Draft, Posted, post
from chalicelib.platform import aws, clock
from chalicelib.platform.clock import FixedClock
from chalicelib.platform.dynamo import Image, to_raw
from chalicelib.platform.errors import NotFound, OutcomeUnknown, Refusal, TryAgain
from chalicelib.transfers.errors import TransferExpired, TransferNotAwaiting
from chalicelib.transfers.posting import draft_of
from tests.unit.samples import CALLER, ENTRY, PAYEE, PROOF, account_image, customer_image, instruction_image

ROUND_TRIP = dt.timedelta(milliseconds=5)
# The order of a transfer's writes, which is the order of the reasons.
JOURNAL, CUSTOMER_RECORD, PAYER_ACCOUNT, PAYEE_ACCOUNT = range(4)
CONDITION = "ConditionalCheckFailed"

Step = Exception | None


def refused(code: str, **more: Any) -> ClientError:
    """What botocore raises when DynamoDB answers with an error."""
    response: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(response, "TransactWriteItems")


def cancelled(reasons: Mapping[int, tuple[str, Image | None]]) -> ClientError:
    """A cancelled transaction; reasons by the write they are for."""
    rows: list[dict[str, Any]] = [{"Code": "None"} for _ in range(4)]
    for index, (code, image) in reasons.items():
        rows[index] = {"Code": code, **({"Item": to_raw(image)} if image else {})}
    return refused("TransactionCanceledException", CancellationReasons=rows)


def conflict() -> ClientError:
    return cancelled({PAYEE_ACCOUNT: ("TransactionConflict", None)})


def silence() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="https://dynamodb")


def throttle() -> ClientError:
    return refused("ThrottlingException")


class ScriptedEngine:
    """Answers transactions by a script, whose last line it repeats; each round trip takes some time."""

    def __init__(self, fixed: FixedClock, *script: Step) -> None:
        self.clock = fixed
        self.script = list(script)
        self.requests: list[dict[str, Any]] = []

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        slow = isinstance(step, ReadTimeoutError | ConnectTimeoutError)
        self.clock.advance(dt.timedelta(seconds=1) if slow else ROUND_TRIP)
        if step is not None:
            raise step
        return {}

    @property
    def tokens(self) -> list[str]:
        return [request["ClientRequestToken"] for request in self.requests]


class Posting:
    """One call of `post`: the engine it met and the times it planned for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fixed: FixedClock, *script: Step) -> None:
        self.engine = ScriptedEngine(fixed, *script)
        self.planned: list[dt.datetime] = []
        monkeypatch.setattr(aws, "dynamodb", lambda: self.engine)

    def plan(self, now: dt.datetime) -> Draft:
        self.planned.append(now)
        return draft_of(instruction_image(), CALLER, now, PROOF)

    def run(self) -> Posted:
        return post(self.plan)


pytestmark = pytest.mark.usefixtures("environment")


def test_a_posting_is_one_round_trip(monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock) -> None:
    posting = Posting(monkeypatch, fixed_clock, None)
    posted = posting.run()
    assert posted.replayed is None
    assert len(posting.engine.requests) == 1
    # in the documented order: instruction, customer, payer, payee
    tables = [next(iter(item.values()))["TableName"] for item in posting.engine.requests[0]["TransactItems"]]
    assert tables == ["unit-journal", "unit-customers", "unit-accounts", "unit-accounts"]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(conflict(), id="conflict"),
        pytest.param(throttle(), id="throttle"),
        pytest.param(refused("ProvisionedThroughputExceededException"), id="throughput"),
        pytest.param(refused("RequestLimitExceeded"), id="request limit"),
        pytest.param(cancelled({JOURNAL: ("ThrottlingError", None)}), id="one item throttled"),
        pytest.param(cancelled({PAYER_ACCOUNT: (CONDITION, account_image())}), id="an image that shows no breach"),
        pytest.param(
            cancelled({PAYER_ACCOUNT: (CONDITION, account_image(business_date="20261122"))}), id="dated before the last"
        ),
        pytest.param(
            cancelled(
                {
                    PAYER_ACCOUNT: (CONDITION, account_image(available_fen=0)),
                    PAYEE_ACCOUNT: ("TransactionConflict", None),
                }
            ),
            id="conflict beside a breach",
        ),
    ],
)
def test_contention_is_planned_again_with_a_new_now(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock, step: Exception
) -> None:
    # given an engine that is busy once, when posting
    posting = Posting(monkeypatch, fixed_clock, step, None)
    posted = posting.run()
    # then the second plan has its own time and token
    first, second = posting.planned
    assert first < second
    assert len(set(posting.engine.tokens)) == 2
    assert posted.draft.facts.posted_at == clock.to_text(second)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(silence(), id="read time-out"),
        pytest.param(ConnectTimeoutError(endpoint_url="https://dynamodb"), id="connect time-out"),
        pytest.param(refused("InternalServerError"), id="server error"),
        pytest.param(refused("TransactionInProgressException"), id="still in progress"),
    ],
)
def test_after_silence_the_very_same_request_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock, step: Exception
) -> None:
    # given an engine that does not say what became of it, when posting
    posting = Posting(monkeypatch, fixed_clock, step, None)
    posting.run()
    # then the repeat is the same to the byte, token included, so that it cannot post twice
    first, second = posting.engine.requests
    assert first == second
    assert len(posting.planned) == 1


def test_two_requests_about_one_entry_in_one_millisecond_have_their_own_tokens(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock
) -> None:
    # given two sessions that confirm one instruction at the very same moment: two requests that differ
    engine = ScriptedEngine(fixed_clock, None)
    monkeypatch.setattr(aws, "dynamodb", lambda: engine)
    now = fixed_clock.now()
    for caller in (CALLER, dataclasses.replace(CALLER, session_id="another0session")):
        post(lambda _, caller=caller: draft_of(instruction_image(), caller, now, PROOF))  # type: ignore[misc]
    # then the engine, which refuses a token it knows from another request, is given two
    assert len(set(engine.tokens)) == 2


def test_silence_to_the_end_is_an_unknown_outcome(monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock) -> None:
    posting = Posting(monkeypatch, fixed_clock, silence())
    with pytest.raises(OutcomeUnknown):
        posting.run()
    assert len(set(posting.engine.tokens)) == 1


@pytest.mark.parametrize("step", [conflict(), throttle()], ids=["conflict", "throttle"])
def test_contention_to_the_end_is_try_again(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock, step: Exception
) -> None:
    began = fixed_clock.now()
    posting = Posting(monkeypatch, fixed_clock, step)
    with pytest.raises(TryAgain):
        posting.run()
    # inside the budget, but for the last pause and round trip
    assert POST_TIME_BUDGET_S <= (fixed_clock.now() - began).total_seconds() < POST_TIME_BUDGET_S + 1


def test_a_throttle_after_silence_leaves_the_outcome_unknown(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock
) -> None:
    # given a request that was met with silence, and an engine that then takes no more
    posting = Posting(monkeypatch, fixed_clock, silence(), throttle())
    # when the budget is over, then nobody claims that nothing was done
    with pytest.raises(OutcomeUnknown):
        posting.run()
    # and only the first request was ever sent
    assert len(set(posting.engine.tokens)) == 1
    assert len(posting.planned) == 1


def test_an_answer_about_the_silent_request_lets_a_new_one_be_planned(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock
) -> None:
    # given silence, then an engine that says of the same request that it was cancelled
    posting = Posting(monkeypatch, fixed_clock, silence(), conflict(), None)
    # when posting, then a new one is planned
    posting.run()
    first, repeat, new = posting.engine.tokens
    assert first == repeat != new


def test_contention_after_silence_is_an_unknown_outcome(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock
) -> None:
    # given silence, and then an item that others hold: perhaps the silent request itself, which may still land
    posting = Posting(monkeypatch, fixed_clock, silence(), conflict())
    # when the budget is over, then nobody claims that nothing was done
    with pytest.raises(OutcomeUnknown):
        posting.run()


@pytest.mark.parametrize("elsewhere", ["None", "TransactionConflict"])
def test_an_entry_that_is_posted_already_is_replayed(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock, elsewhere: str
) -> None:
    # given that the same request has been posted before
    stored = instruction_image(state="posted")
    step = cancelled({JOURNAL: (CONDITION, stored), PAYEE_ACCOUNT: (elsewhere, None)})
    # when posting, then the stored entry answers, whatever else is going on
    posted = Posting(monkeypatch, fixed_clock, step).run()
    assert posted.replayed is not None
    assert posted.replayed["entry_id"] == ENTRY


@pytest.mark.parametrize(
    ("reasons", "refusal"),
    [
        pytest.param(
            {JOURNAL: (CONDITION, instruction_image(state="posted", request_digest=b"other"))},
            TransferNotAwaiting,
            id="posted for another request",
        ),
        pytest.param({JOURNAL: (CONDITION, instruction_image(state="void"))}, TransferNotAwaiting, id="other state"),
        pytest.param(
            {JOURNAL: (CONDITION, instruction_image(valid_until="2026-11-21T01:00:00.000Z"))},
            TransferExpired,
            id="too late",
        ),
        pytest.param({JOURNAL: (CONDITION, None)}, NotFound, id="no such instruction"),
        pytest.param({PAYER_ACCOUNT: (CONDITION, None)}, NotFound, id="no such payer"),
        pytest.param({PAYEE_ACCOUNT: (CONDITION, None)}, PayeeUnavailable, id="no such payee"),
        pytest.param(
            {PAYER_ACCOUNT: (CONDITION, account_image(available_fen=12_344))}, InsufficientFunds, id="one fen short"
        ),
        pytest.param(
            {
                JOURNAL: (CONDITION, instruction_image(state="void")),
                PAYER_ACCOUNT: ("TransactionConflict", None),
            },
            TransferNotAwaiting,
            id="the instruction comes before a conflict",
        ),
        pytest.param(
            {
                CUSTOMER_RECORD: (CONDITION, customer_image(transfers_on=False)),
                PAYER_ACCOUNT: (CONDITION, account_image(available_fen=0)),
                PAYEE_ACCOUNT: (CONDITION, account_image(PAYEE, state="closed")),
            },
            TransfersSwitchedOff,
            id="of several the first in the documented order",
        ),
        pytest.param(
            {
                PAYER_ACCOUNT: (CONDITION, account_image(available_fen=0)),
                PAYEE_ACCOUNT: (CONDITION, account_image(PAYEE, state="closed")),
            },
            PayeeUnavailable,
            id="payee before funds",
        ),
    ],
)
def test_what_the_engine_refused_is_named(
    monkeypatch: pytest.MonkeyPatch,
    fixed_clock: FixedClock,
    reasons: Mapping[int, tuple[str, Image | None]],
    refusal: type[Refusal],
) -> None:
    posting = Posting(monkeypatch, fixed_clock, cancelled(reasons))
    with pytest.raises(refusal):
        posting.run()
    assert len(posting.engine.requests) == 1


@pytest.mark.parametrize(
    ("step", "error"),
    [
        pytest.param(cancelled({PAYER_ACCOUNT: ("ValidationError", None)}), RuntimeError, id="cancelled by our fault"),
        pytest.param(refused("AccessDeniedException"), ClientError, id="no right"),
        pytest.param(refused("ValidationException"), ClientError, id="malformed"),
    ],
)
def test_our_own_faults_are_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock, step: Exception, error: type[Exception]
) -> None:
    posting = Posting(monkeypatch, fixed_clock, step)
    with pytest.raises(error):
        posting.run()
    assert len(posting.engine.requests) == 1


def test_a_deposit_names_cash_and_account(monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock) -> None:
    # given a voucher, when its cash is deposited twice
    engine = ScriptedEngine(fixed_clock, None)
    monkeypatch.setattr(aws, "dynamodb", lambda: engine)
    deposit: dict[str, Any] = {
        "account_id": PAYEE,
        "branch_id": "0001",
        "amount_fen": 500,
        "reference": "voucher-1",
        "teller_id": "T0001",
        "at": fixed_clock.now(),
    }
    ids = {deposit_cash(**deposit) for _ in range(2)}
    # then it is the same entry and the same write, which the journal takes once
    assert len(ids) == 1
    first, second = engine.requests
    assert first["TransactItems"] == second["TransactItems"]
    put = first["TransactItems"][0]["Put"]["Item"]
    assert [(leg["M"]["a"]["S"], leg["M"]["f"]["N"]) for leg in put["postings"]["L"]] == [
        ("H-CASH-0001", "-500"),
        (PAYEE, "500"),
    ]
