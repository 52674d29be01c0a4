"""SNS: what its answers, and its silence, mean for a message that must not be sent twice."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from chalicelib.customers import service as customers
from chalicelib.customers.service import Profile
from chalicelib.notifications import sending, store
from chalicelib.notifications.channels import Outgoing, ProviderRefused, ProviderSilent
from chalicelib.notifications.providers import CloudProvider
from chalicelib.notifications.states import Head
from chalicelib.notifications.store import InboxItem
from chalicelib.platform import aws
from chalicelib.platform.errors import Retryable

URL = "https://sns.invalid"
SMS = Outgoing("m1", "sms", "13900000001", "13900000001", "text")


def sns_said(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Publish")


def sns_that(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def publish(**_: Any) -> None:
        raise error

    monkeypatch.setattr(aws, "sns", lambda: SimpleNamespace(publish=publish))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(ConnectTimeoutError(endpoint_url=URL), Retryable, id="not reached"),
        pytest.param(ReadTimeoutError(endpoint_url=URL), ProviderSilent, id="no answer in time"),
        pytest.param(ConnectionClosedError(endpoint_url=URL), ProviderSilent, id="cut off"),
        pytest.param(sns_said("Throttling"), Retryable, id="throttled"),
        pytest.param(sns_said("OptedOut"), ProviderRefused, id="the customer has opted out"),
    ],
)
def test_a_failure_is_told_by_what_is_known(
    monkeypatch: pytest.MonkeyPatch, error: Exception, told: type[Exception]
) -> None:
    sns_that(monkeypatch, error)
    with pytest.raises(told):
        CloudProvider().send(SMS)


def test_sns_is_asked_once_as_it_knows_no_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    aws.forget_clients()
    # botocore's stubs do not know what a Config holds.
    sns, usual = (client.meta.config.__dict__["_user_provided_options"] for client in (aws.sns(), aws.dynamodb()))
    assert (sns["retries"]["total_max_attempts"], usual["retries"]["total_max_attempts"]) == (1, 2)
    aws.forget_clients()


@pytest.mark.parametrize(
    ("error", "settled"),
    [
        pytest.param(ReadTimeoutError(endpoint_url=URL), [], id="after silence the claim stays"),
        pytest.param(ConnectTimeoutError(endpoint_url=URL), [None], id="what was not taken is given back"),
    ],
)
def test_a_message_that_may_be_on_its_way_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception, settled: list[str | None]
) -> None:
    # given a claimed alert and a provider that fails
    noted: list[str | None] = []
    sns_that(monkeypatch, error)
    monkeypatch.setattr(sending, "provider", CloudProvider)
    monkeypatch.setattr(store, "claim", lambda *_: True)
    monkeypatch.setattr(store, "settle", lambda *given: noted.append(given[-1]))
    uncounted: list[str] = []
    monkeypatch.setattr(sending, "_counted", lambda *_: True)
    monkeypatch.setattr(sending, "_uncount", lambda *given: uncounted.append(given[1]))
    row = InboxItem("c1", "n1", kind="movement", text="text", created_at="2026-11-28T02:00:00.000Z")
    monkeypatch.setattr(store, "put_once", lambda item, plan: (Head("c1"), {"channels": ["sms"]}))
    monkeypatch.setattr(customers, "find_profile", lambda _: Profile("c1", "赵小明", "13900000001", "0001", None))
    # when it is told
    try:
        sending.tell(row)
    except Retryable:
        assert settled == [None]
    # then only what was surely not taken can be claimed again
    assert noted == settled
    # and does not count
    assert uncounted == ["movement"] * len(settled)
