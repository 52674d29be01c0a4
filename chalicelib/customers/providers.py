"""The seams to real-name verification: do name and number belong together, what does a picture of a document say, is
a face that of a document. Each by an outside service over HTTP, or by the local provider with its small register.

docs/identity-provider.md is the contract of the HTTP service.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Protocol

import urllib3
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from chalicelib.customers import specimens
from chalicelib.customers.domain import DOCUMENT_KINDS, IdentityDocument, is_valid_document
from chalicelib.platform import aws, clock, settings
from chalicelib.platform.dynamo import Item
from chalicelib.platform.errors import Retryable

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 2, 5
# Two of them after each other stay under the 29 seconds of a request.
PICTURE_TIMEOUT_S = 8
NAME_AND_NUMBER, DOCUMENT_PICTURE, SAME_PERSON = "name_and_number", "document_picture", "same_person"
MATCH, MISMATCH, READ, UNREADABLE = "match", "mismatch", "read", "unreadable"
# The longest name that the bank knows; no number is longer.
MAX_TEXT = 30


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


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What stands on a document, as somebody read it."""

    name: str = field(repr=False)
    document: IdentityDocument


class NameChecker(Protocol):
    """Says whether name and document belong together.

    This and the two others raise Retryable when they surely were not asked, but may be later; ProviderRefused;
    ProviderSilent.
    """

    def check(self, question: Question, now: dt.datetime) -> bool: ...


class DocumentReader(Protocol):
    """Reads the picture (JPEG) of an identity document; None for one that cannot be read."""

    def read_document(self, request_id: str, jpeg: bytes, now: dt.datetime) -> DocumentText | None: ...


class FaceComparer(Protocol):
    """Says whether the face (JPEG) is that of the document (JPEG), whose name and number `question` has."""

    def is_same_person(self, question: Question, document: bytes, face: bytes, now: dt.datetime) -> bool: ...


class IdentityProvider(NameChecker, DocumentReader, FaceComparer, Protocol):
    """Who answers all three."""

    name: str


class LocalPersonItem(Item):
    class Meta:
        logical_name = "local_people"

    document_number = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute(null=True)
    behaviour = UnicodeAttribute(null=True)


FAILS, REFUSES, SILENT, SLOW, WRONG, MALFORMED = "fails", "refuses", "silent", "slow", "wrong", "malformed"


class LocalProvider:
    """Checks a number by GB 11643 and knows a small register of made-up people (LocalPeopleTable); reads specimens.

    `register` adds a person; `behave` makes it fail for now, refuse, be silent, slow, wrong or malformed about a
    number. What it answers is judged by the code that judges the outside service.
    """

    name = "local"

    def check(self, question: Question, now: dt.datetime) -> bool:
        number = question.document.number
        person = _person(number)
        born, today = number[6:14], now.astimezone(clock.SHANGHAI).date()
        is_known = person is not None and person.name == question.name
        is_match = is_known and is_valid_document(question.document, born, today)
        return _is_match(_behaving(person, _result(question.request_id, is_match=is_match)), question.request_id)

    def read_document(self, request_id: str, jpeg: bytes, now: dt.datetime) -> DocumentText | None:  # noqa: ARG002  # as the service
        found = specimens.read(jpeg)
        if found is None:
            return _text(_encoded({"request_id": request_id, "result": UNREADABLE}), request_id)
        answer = {"request_id": request_id, "result": READ, "name": found.name}
        answer |= {"document_kind": found.kind, "document_number": found.number}
        return _text(_behaving(_person(found.number), answer), request_id)

    def is_same_person(self, question: Question, document: bytes, face: bytes, now: dt.datetime) -> bool:  # noqa: ARG002  # the same
        answer = _result(question.request_id, is_match=specimens.is_same_face(document, face))
        return _is_match(_behaving(_person(question.document.number), answer), question.request_id)

    @staticmethod
    def register(name: str, document: IdentityDocument) -> None:
        """Make a person known; one who is known is told anew, and behaves well."""
        LocalPersonItem(document.number, name=name).save()

    @staticmethod
    def behave(document: IdentityDocument, behaviour: str | None) -> None:
        """From now on behave so about a known person, or well (None)."""
        person = LocalPersonItem.get(document.number, consistent_read=True)
        person.behaviour = behaviour
        person.save()


def _person(number: str) -> LocalPersonItem | None:
    try:
        return LocalPersonItem.get(number, consistent_read=True)
    except DoesNotExist:
        return None


def _result(request_id: str, *, is_match: bool) -> dict[str, str]:
    return {"request_id": request_id, "result": MATCH if is_match else MISMATCH}


_OPPOSITE = {MATCH: MISMATCH, MISMATCH: MATCH}


def _behaving(person: LocalPersonItem | None, answer: dict[str, str]) -> bytes:
    """The answer as the local provider gives it about that person today."""
    behaviour = person.behaviour if person is not None else None
    if behaviour == FAILS:
        raise Retryable("the local provider was told to fail")
    if behaviour == REFUSES:
        raise ProviderRefused("the local provider was told to refuse")
    if behaviour == SLOW:
        clock.sleep(PICTURE_TIMEOUT_S)
    if behaviour in (SILENT, SLOW):
        raise ProviderSilent("the local provider did not answer in time")
    if behaviour == MALFORMED:
        return b"<html>" + _encoded(answer)
    if behaviour == WRONG:
        told = {"result": _OPPOSITE.get(answer["result"], READ), "name": "别人"}
        return _encoded({**answer, **{name: value for name, value in told.items() if name in answer}})
    return _encoded(answer)


class HttpProvider:
    """A service outside: one signed JSON POST a question, no repeats, no redirects."""

    name = "http"

    def __init__(self, url: str, key: bytes) -> None:
        if not url.startswith(("https://", "http://127.0.0.1:")):
            raise settings.SettingMissing("IDENTITY_PROVIDER_URL must be https")
        self._url, self._key = url, key
        self._pool = urllib3.PoolManager(retries=False)

    def check(self, question: Question, now: dt.datetime) -> bool:
        asked = {"check": NAME_AND_NUMBER, **_asked_about(question)}
        return _is_match(self._ask(asked, READ_TIMEOUT_S, now), question.request_id)

    def read_document(self, request_id: str, jpeg: bytes, now: dt.datetime) -> DocumentText | None:
        asked = {"check": DOCUMENT_PICTURE, "request_id": request_id, "picture": _base64(jpeg)}
        return _text(self._ask(asked, PICTURE_TIMEOUT_S, now), request_id)

    def is_same_person(self, question: Question, document: bytes, face: bytes, now: dt.datetime) -> bool:
        pictures = {"document_picture": _base64(document), "face_picture": _base64(face)}
        asked = {"check": SAME_PERSON, **_asked_about(question), **pictures}
        return _is_match(self._ask(asked, PICTURE_TIMEOUT_S, now), question.request_id)

    def _ask(self, asked: dict[str, str], read_timeout_s: int, now: dt.datetime) -> bytes:
        body, asked_at = _encoded(asked), clock.to_text(now)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Asked-At": asked_at,
            "X-Signature": signature(self._key, asked_at, body),
        }
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=read_timeout_s)
        # Errors are not chained on: they hold the request, whose body is personal data.
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=headers, redirect=False, timeout=timeout)
        except (ConnectTimeoutError, NewConnectionError):
            raise Retryable("the identity provider was not reached") from None
        except HTTPError:
            raise ProviderSilent("the identity provider did not answer") from None
        if answer.status == 429 or answer.status >= 500:
            raise Retryable(f"the identity provider refused for now: {answer.status}")
        if answer.status != 200:
            raise ProviderRefused(f"the identity provider refused: {answer.status}")
        return answer.data


def signature(key: bytes, asked_at: str, body: bytes) -> str:
    """HMAC-SHA256 over the time, a line feed and the body, in hex."""
    return hmac.new(key, asked_at.encode() + b"\n" + body, "sha256").hexdigest()


def _asked_about(question: Question) -> dict[str, str]:
    return {
        "request_id": question.request_id,
        "document_kind": question.document.kind,
        "document_number": question.document.number,
        "name": question.name,
    }


def _base64(jpeg: bytes) -> str:
    return base64.b64encode(jpeg).decode()


def _encoded(message: dict[str, str]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


def _answer(data: bytes, request_id: str, *results: str) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.get("request_id") != request_id or answer.get("result") not in results:
        raise ProviderSilent("the identity provider answered something else")
    return answer


def _is_match(data: bytes, request_id: str) -> bool:
    return bool(_answer(data, request_id, MATCH, MISMATCH)["result"] == MATCH)


def _text(data: bytes, request_id: str) -> DocumentText | None:
    answer = _answer(data, request_id, READ, UNREADABLE)
    if answer["result"] == UNREADABLE:
        return None
    texts = [answer.get(name) for name in ("name", "document_kind", "document_number")]
    if not all(isinstance(text, str) and 0 < len(text) <= MAX_TEXT and text.isprintable() for text in texts):
        raise ProviderSilent("the identity provider answered something else")
    name, kind, number = map(str, texts)
    if kind not in DOCUMENT_KINDS:
        raise ProviderSilent("the identity provider answered something else")
    return DocumentText(name, IdentityDocument.of(kind, number))


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
