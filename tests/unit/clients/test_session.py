"""The Python client's session: what goes along with a request, what is sent again, what a refusal becomes."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from chalicelib.platform.headers import IDEMPOTENCY_KEY
from rural_bank import AppOutdated, Bank, NoAnswer, Refused, StepUpRequired, answered, new_key, pages, with_step_up
from rural_bank.sending import Resending
from rural_bank_api.api.customers import put_settings_transfers as switch_transfers
from rural_bank_api.api.payees import get_payees as list_payees
from rural_bank_api.api.sessions import post_sessions as log_in
from rural_bank_api.api.transfers import post_transfers as create_transfer
from rural_bank_api.models import LogIn, NewTransfer, TransferSwitch

WISH = NewTransfer(payer_account="1", payee_account="2", payee_name="钱红", amount="1.00")
ADDRESS = "https://bank.example/base"


def refusal(status: int, code: str, facts: dict[str, str] | None = None, retry_after: str = "") -> httpx.Response:
    """As the bank's edge answers it."""
    body: dict[str, Any] = {"type": "t", "title": "t", "status": status, "detail": "d", "code": code}
    body |= {"correlation_id": "c"} | ({"facts": facts} if facts else {})
    return httpx.Response(status, json=body, headers={"Retry-After": retry_after} if retry_after else {})


class Scripted:
    """A bank that gives these answers, one a sending, and what it was sent."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[httpx.Request] = []
        self.waited: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """The next."""
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def bank(self, app_version: str | None = None) -> Bank:
        """An app of this bank that waits for nothing."""
        bank = Bank(ADDRESS, app_version=app_version, language="en", transport=httpx.MockTransport(self))
        sending = bank.client.get_httpx_client()._transport
        assert isinstance(sending, Resending)
        sending._sleep = self.waited.append
        return bank


def create(bank: Bank) -> Any:
    return create_transfer.sync_detailed(client=bank.client, body=WISH, idempotency_key="a-key-of-its-own")


def test_what_goes_along() -> None:
    script = Scripted(refusal(404, "not_found"))
    bank = script.bank(app_version="3.2.0")
    bank.authorize("token")
    create(bank)
    (request,) = script.sent
    assert str(request.url) == f"{ADDRESS}/v1/transfers"
    names = ("Accept-Language", "App-Version", "Authorization", "Idempotency-Key")
    assert [request.headers[name] for name in names] == ["en", "3.2.0", "Bearer token", "a-key-of-its-own"]
    assert json.loads(request.content)["payee_name"] == "钱红"


@pytest.mark.parametrize(
    "answer",
    [
        refusal(429, "too_many_requests"),
        refusal(503, "try_again", retry_after="1"),
        refusal(503, "unavailable"),
        refusal(503, "outcome_unknown", retry_after="2"),
        refusal(504, "outcome_unknown"),
        httpx.ReadTimeout("silence"),
    ],
    ids=lambda answer: str(answer.json()["code"]) if isinstance(answer, httpx.Response) else "silence",
)
def test_what_may_pass_is_sent_again_with_the_same_key_and_bytes(answer: httpx.Response | Exception) -> None:
    script = Scripted(answer, answer, refusal(404, "not_found"))
    with pytest.raises(Refused, match="not_found"):
        answered(create(script.bank()))
    first, *others = [(request.headers["Idempotency-Key"], request.content) for request in script.sent]
    assert others == [first, first]
    assert len(script.waited) == 2


def test_the_wait_is_the_banks_or_doubles() -> None:
    script = Scripted(*[refusal(503, "try_again", retry_after="1")] * 4)
    with pytest.raises(Refused, match="try_again"):
        answered(create(script.bank()))
    # at most four sendings; the last answer is the answer
    assert script.waited == [1.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "answer",
    [
        refusal(503, "under_maintenance"),
        refusal(429, "code_too_soon"),
        refusal(503, "try_again", retry_after="600"),
        refusal(409, "idempotency_key_reused"),
    ],
    ids=lambda answer: str(answer.json()["code"]),
)
def test_what_does_not_pass_is_not(answer: httpx.Response) -> None:
    script = Scripted(answer)
    with pytest.raises(Refused):
        answered(create(script.bank()))


@pytest.mark.parametrize("answer", [refusal(503, "outcome_unknown"), httpx.ReadTimeout("silence")], ids=str)
def test_what_may_have_been_done_is_not_done_twice(answer: httpx.Response | Exception) -> None:
    script = Scripted(answer)
    with pytest.raises((Refused, httpx.ReadTimeout)):
        answered(log_in.sync_detailed(client=script.bank().client, body=LogIn(login_name="a", password="b")))
    assert len(script.sent) == 1


@pytest.mark.parametrize("page", ["<html>", "[]", "{}"])
def test_a_proxys_page_is_no_answer(page: str) -> None:
    script = Scripted(httpx.Response(502, text=page))
    with pytest.raises(NoAnswer) as caught:
        create(script.bank())
    assert caught.value.status == 502


def test_an_outdated_app_is_told_where_to_update() -> None:
    facts = {"yours": "3.1.0", "minimum": "3.2.0", "address": "https://bank.example/app"}
    with pytest.raises(AppOutdated) as caught:
        answered(create(Scripted(refusal(403, "app_outdated", facts)).bank()))
    assert (caught.value.minimum, caught.value.address) == ("3.2.0", "https://bank.example/app")


def test_a_refusal_says_what_the_problem_says() -> None:
    body = {"type": "t", "title": "t", "status": 400, "detail": "d", "code": "malformed_request", "correlation_id": "c"}
    answer = httpx.Response(400, json={**body, "errors": [{"field": "amount", "code": "missing"}]})
    with pytest.raises(Refused) as caught:
        answered(create(Scripted(answer).bank()))
    refused = caught.value
    assert (refused.status, refused.code, refused.detail, refused.correlation_id, refused.facts, refused.errors) == (
        *(400, "malformed_request", "d", "c"),
        *({}, {"amount": "missing"}),
    )


def test_a_step_up_is_confirmed_and_the_request_asked_again_with_it() -> None:
    facts = {"step_up": "mzxw6ytboi2dkmrrgu4q", "factors": "sms,token"}
    script = Scripted(
        refusal(403, "step_up_required", facts), httpx.Response(200, json={"on": True, "stopped_by_bank": False})
    )
    bank = script.bank()
    asked: list[StepUpRequired] = []
    done = with_step_up(
        lambda step_up: switch_transfers.sync_detailed(
            client=bank.client, body=TransferSwitch(on=True), step_up=step_up
        ),
        asked.append,
    )
    assert done.on is True
    assert [(one.step_up, one.factors) for one in asked] == [("mzxw6ytboi2dkmrrgu4q", ["sms", "token"])]
    assert [request.headers.get("Step-Up") for request in script.sent] == [None, "mzxw6ytboi2dkmrrgu4q"]


def test_pages_follow_the_cursor_to_its_end() -> None:
    script = Scripted(*[httpx.Response(200, json={"payees": [], "next_cursor": next_}) for next_ in ("b", "c", None)])
    bank = script.bank()
    found = list(pages(lambda cursor: list_payees.sync_detailed(client=bank.client, cursor=cursor)))
    assert len(found) == 3
    assert [request.url.params.get("cursor") for request in script.sent] == [None, "b", "c"]


def test_keys_are_as_the_bank_takes_them() -> None:
    first, second = new_key(), new_key()
    assert first != second
    assert re.fullmatch(IDEMPOTENCY_KEY, first)
