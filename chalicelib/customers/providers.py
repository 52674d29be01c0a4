"""The seam to real-name verification: an outside service over HTTP, or the local provider with its small register.

docs/identity-provider.md is the contract of the HTTP service.
"""

from __future__ import annotations

import datetime as dt
import functools
import hmac
import json
from dataclasses import dataclass, field
from typing import Protocol

import urllib3
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from chalicelib.customers.domain import IdentityDocument, is_valid_document
from chalicelib.platform import aws, clock, settings
from chalicelib.platform.dynamo import Item
from chalicelib.platform.errors import Retryable

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 2, 5
NAME_AND_NUMBER = "name_and_number"


class ProviderRefused(Exception):
    """The provider will never answer this question: asking again is no use."""


class ProviderSilent(Exception):
    """The provider was reached and gave no answer that could be read: nobody knows."""


@dataclass(frozen=True, slots=True)
class Question:
    """Does this document exist, and is it this person's? `request_id` is the same when it is asked again."""

    request_id: str
    name: str = field(repr=False)
    document: IdentityDocument


class IdentityProvider(Protocol):
    """Says whether name and document belong together.

    Raises Retryable when it surely was not asked, but may be later; ProviderRefused; ProviderSilent.
    """

    name: str

    def check(self, question: Question, now: dt.datetime) -> bool: ...


class LocalPersonItem(Item):
    class Meta:
        logical_name = "local_people"

    document_number = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute(null=True)
    behaviour = UnicodeAttribute(null=True)


FAILS, REFUSES, SILENT = "fails", "refuses", "silent"


class LocalProvider:
    """Checks a number by GB 11643 and knows a small register of made-up people (LocalPeopleTable).

    `register` adds a person; `behave` makes it fail for now, refuse or be silent about a number.
    """

    name = "local"

    def check(self, question: Question, now: dt.datetime) -> bool:
        number = question.document.number
        if not is_valid_document(question.document, number[6:14], now.astimezone(clock.SHANGHAI).date()):
            return False
        try:
            person = LocalPersonItem.get(number, consistent_read=True)
        except DoesNotExist:
            return False
        if person.behaviour == FAILS:
            raise Retryable("the local provider was told to fail")
        if person.behaviour == REFUSES:
            raise ProviderRefused("the local provider was told to refuse")
        if person.behaviour == SILENT:
            raise ProviderSilent("the local provider was told to be silent")
        return bool(person.name == question.name)

    @staticmethod
    def register(name: str, document: IdentityDocument) -> None:
        """Make a person known; one who is known is told anew, and behaves well."""
        LocalPersonItem(document.number, name=name).save()

    @staticmethod
    def behave(document: IdentityDocument, behaviour: str | None) -> None:
        """From now on behave so about a known person: `fails`, `refuses`, `silent`, or None for well."""
        person = LocalPersonItem.get(document.number, consistent_read=True)
        person.behaviour = behaviour
        person.save()


class HttpProvider:
    """A service outside: one signed JSON POST a question, no repeats, no redirects."""

    name = "http"

    def __init__(self, url: str, key: bytes) -> None:
        if not url.startswith(("https://", "http://127.0.0.1:")):
            raise settings.SettingMissing("IDENTITY_PROVIDER_URL must be https")
        self._url, self._key = url, key
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        self._pool = urllib3.PoolManager(timeout=timeout, retries=False)

    def check(self, question: Question, now: dt.datetime) -> bool:
        body = json.dumps(
            {
                "request_id": question.request_id,
                "check": NAME_AND_NUMBER,
                "document_kind": question.document.kind,
                "document_number": question.document.number,
                "name": question.name,
            },
            ensure_ascii=False,
        ).encode()
        asked_at = clock.to_text(now)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Asked-At": asked_at,
            "X-Signature": signature(self._key, asked_at, body),
        }
        # Errors are not chained on: they hold the request, whose body is personal data.
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=headers, redirect=False)
        except (ConnectTimeoutError, NewConnectionError):
            raise Retryable("the identity provider was not reached") from None
        except HTTPError:
            raise ProviderSilent("the identity provider did not answer") from None
        if answer.status == 429 or answer.status >= 500:
            raise Retryable(f"the identity provider refused for now: {answer.status}")
        if answer.status != 200:
            raise ProviderRefused(f"the identity provider refused: {answer.status}")
        return _result(answer.data, question.request_id)


def signature(key: bytes, asked_at: str, body: bytes) -> str:
    """HMAC-SHA256 over the time, a line feed and the body, in hex."""
    return hmac.new(key, asked_at.encode() + b"\n" + body, "sha256").hexdigest()


def _result(data: bytes, request_id: str) -> bool:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.get("request_id") != request_id:
        raise ProviderSilent("the identity provider answered something else")
    if answer.get("result") not in ("match", "mismatch"):
        raise ProviderSilent("the identity provider answered something else")
    return bool(answer["result"] == "match")


@functools.cache
def provider() -> IdentityProvider:
    """The provider this deployment uses: IDENTITY_PROVIDER is `local` or `http`."""
    name = settings.get("IDENTITY_PROVIDER")
    if name not in ("local", "http"):
        raise settings.SettingMissing(f"IDENTITY_PROVIDER must be local or http, not {name}")
    if name == "local":
        return LocalProvider()
    arn = settings.get("IDENTITY_PROVIDER_SECRET_ARN")
    key = aws.secretsmanager().get_secret_value(SecretId=arn)["SecretString"].encode()
    return HttpProvider(settings.get("IDENTITY_PROVIDER_URL"), key)
