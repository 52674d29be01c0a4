"""A thin session: where the bank is, the app's version, the token; and what a request goes through around it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import httpx

from rural_bank.refusals import StepUpRequired, answered
from rural_bank.sending import Resending
from rural_bank_api.client import AuthenticatedClient
from rural_bank_api.models.problem import Problem
from rural_bank_api.types import UNSET, Response, Unset

TIMEOUT_S = 15.0

T = TypeVar("T")


class Page(Protocol):
    """An answer that has only a part of the rows."""

    next_cursor: str | None


P = TypeVar("P", bound=Page)


class Bank:
    """The bank as one app sees it: `client` is what each operation of `rural_bank_api` takes."""

    def __init__(
        self,
        base_url: str,
        *,
        app_version: str | None = None,
        language: str = "zh-CN",
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Accept-Language": language} | ({"App-Version": app_version} if app_version else {})
        sending = Resending(transport or httpx.HTTPTransport(), headers)
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s, transport=sending)
        self.client = AuthenticatedClient(base_url, token="").set_httpx_client(self._http)  # none yet

    def authorize(self, access_token: str) -> None:
        """Use this access token from now on: after log-in, and after each renewal."""
        self._http.headers["Authorization"] = f"Bearer {access_token}"

    def close(self) -> None:
        """Close what is open to the bank; the session there goes on until it is logged out or ends."""
        self._http.close()


def new_key() -> str:
    """An idempotency key. Keep it with the request until the answer is there: after a crash the same goes again."""
    return uuid.uuid4().hex


def with_step_up(
    request: Callable[[str | Unset], Response[T | Problem]], confirm: Callable[[StepUpRequired], object]
) -> T:
    """Ask; where a step-up is required, have it confirmed and ask again with it. Raises Refused, and what `confirm`
    raises.
    """
    try:
        return answered(request(UNSET))
    except StepUpRequired as asked:
        confirm(asked)
        return answered(request(asked.step_up))


def pages(request: Callable[[str | Unset], Response[P | Problem]]) -> Iterator[P]:
    """Each page of a list, the first to the last, fetched as it is asked for. Raises Refused."""
    cursor: str | Unset = UNSET
    while True:
        page = answered(request(cursor))
        yield page
        if page.next_cursor is None:
            return
        cursor = page.next_cursor
