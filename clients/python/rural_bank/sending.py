"""Sends a request again where that is safe: the same bytes, so the same idempotency key."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt

MAX_SENDINGS = 4
# What asks for a longer wait is for a person to decide.
MAX_WAIT_S = 10.0
FIRST_WAIT_S = 0.5

# Nothing was done, and it may pass.
PASSING = frozenset({"too_many_requests", "try_again", "unavailable"})
# It may have been done: to be sent again where that does nothing twice.
OPEN = "outcome_unknown"
HARMLESS = frozenset({"GET", "HEAD"})
KEY = "Idempotency-Key"


class NoAnswer(Exception):
    """What came is none of the bank's answers: a proxy's page, perhaps. What became of the request is not known."""

    def __init__(self, status: int) -> None:
        super().__init__(f"an answer with status {status} that is not the bank's")
        self.status = status


class Resending(httpx.BaseTransport):
    """Adds `headers` to every request, and repeats what may pass. Raises NoAnswer, and httpx.TransportError."""

    def __init__(
        self,
        transport: httpx.BaseTransport,
        headers: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport, self._headers, self._sleep = transport, dict(headers), sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, at most MAX_SENDINGS times; the last answer, whatever it is."""
        request.headers.update(self._headers)
        repeatable = request.method in HARMLESS or KEY in request.headers
        again = retry_if_result(lambda answer: _may_pass(answer, repeatable=repeatable))
        retrying = Retrying(
            sleep=self._sleep,
            stop=stop_after_attempt(MAX_SENDINGS),
            wait=_wait_s,
            retry=again | retry_if_exception_type(httpx.TransportError) if repeatable else again,
            retry_error_callback=_last,
        )
        return retrying(self._send, request)

    def _send(self, request: httpx.Request) -> httpx.Response:
        answer = self._transport.handle_request(request)
        answer.read()
        if answer.status_code >= httpx.codes.BAD_REQUEST and _code(answer) is None:
            raise NoAnswer(answer.status_code)
        return answer

    def close(self) -> None:
        """Close what is open to the bank."""
        self._transport.close()


def _code(answer: httpx.Response) -> str | None:
    """The code of a refusal; None where it is not the bank's."""
    try:
        found = json.loads(answer.content)
    except ValueError:
        return None
    return str(found["code"]) if isinstance(found, dict) and "code" in found else None


def _may_pass(answer: httpx.Response, *, repeatable: bool) -> bool:
    if answer.status_code < httpx.codes.BAD_REQUEST or _asked_wait_s(answer) > MAX_WAIT_S:
        return False
    code = _code(answer)
    return code in PASSING or (code == OPEN and repeatable)


def _asked_wait_s(answer: httpx.Response) -> float:
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isdigit() else 0.0


def _wait_s(state: RetryCallState) -> float:
    """As long as the bank asks for, and twice as long each time."""
    doubled = FIRST_WAIT_S * 2.0 ** (state.attempt_number - 1)
    outcome = state.outcome
    return doubled if outcome is None or outcome.failed else max(doubled, _asked_wait_s(outcome.result()))


def _last(state: RetryCallState) -> httpx.Response:
    """What the last sending came to: its answer, or its own exception."""
    assert state.outcome is not None  # noqa: S101  # it was sent at least once
    answer: httpx.Response = state.outcome.result()
    return answer
