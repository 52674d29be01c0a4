"""The secret that codes are derived from, and the one before it while codes of that are under way."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, settings

MAX_STALENESS = dt.timedelta(seconds=30)
# As long as the longest code is valid, and what another instance may not have seen yet.
PREVIOUS_FOR = dt.timedelta(seconds=parameters.SMS_CODE_VALID_S.high) + 2 * MAX_STALENESS
_LENGTH = 64


@dataclass(frozen=True, slots=True)
class _Secrets:
    """`previous` is None once every code made with it has expired: each secret that is accepted can be guessed."""

    current: bytes
    previous: bytes | None
    read_at: dt.datetime


_cached: _Secrets | None = None


def current() -> bytes:
    """The secret for codes that are made now."""
    return _secrets().current


def accepted() -> list[bytes]:
    """The secrets whose codes are good now."""
    found = _secrets()
    return [found.current] if found.previous is None else [found.current, found.previous]


def forget() -> None:
    """Drop what is cached, so that the next use is fresh."""
    global _cached
    _cached = None


def rotate(now: dt.datetime) -> None:
    """Make a new secret; codes under way stay good. For an operator.

    The one that it replaces is kept for good, first of all: the seals of entries that it made are verified with it
    years later (NB-5.1.3). Raises ValueError while codes of the secret before this one may be under way.
    """
    arn = settings.get("CODE_SECRET_ARN")
    client = aws.secretsmanager()
    found = client.get_secret_value(SecretId=arn)
    if now - found["CreatedDate"] < PREVIOUS_FOR:
        raise ValueError("the secret was changed minutes ago: codes of the one before may be under way")
    _retire(found["SecretString"])
    made = client.get_random_password(PasswordLength=_LENGTH, ExcludePunctuation=True)["RandomPassword"]
    client.put_secret_value(SecretId=arn, SecretString=made)
    forget()


def known() -> list[bytes]:
    """Every secret there ever was, the present one first: for who verifies evidence, never for codes."""
    present = aws.secretsmanager().get_secret_value(SecretId=settings.get("CODE_SECRET_ARN"))["SecretString"]
    return [text.encode() for text in dict.fromkeys([present, *reversed(_retired())])]


def _retire(text: str) -> None:
    """Add a secret to those kept, once however often a broken-off change is begun again."""
    client, kept = aws.secretsmanager(), _retired()
    if text in kept:
        return
    whole = json.dumps([*kept, text])
    if kept:
        client.put_secret_value(SecretId=_archive(), SecretString=whole)
    else:
        client.create_secret(Name=_archive(), SecretString=whole, Description="Retired secrets of codes, for evidence")


def _retired() -> list[str]:
    client = aws.secretsmanager()
    try:
        return list(json.loads(client.get_secret_value(SecretId=_archive())["SecretString"]))
    except client.exceptions.ResourceNotFoundException:
        return []  # none was replaced yet


def _archive() -> str:
    """The secret that keeps them: named after the other, so that one never stands for another stage's."""
    arn = settings.get("CODE_SECRET_ARN")
    return str(aws.secretsmanager().describe_secret(SecretId=arn)["Name"]) + "-retired"


def _secrets() -> _Secrets:
    global _cached
    now = clock.now()
    if _cached is None or not dt.timedelta(0) <= now - _cached.read_at < MAX_STALENESS:
        _cached = _read(now)
    return _cached


def _read(now: dt.datetime) -> _Secrets:
    arn = settings.get("CODE_SECRET_ARN")
    client = aws.secretsmanager()
    found = client.get_secret_value(SecretId=arn)
    previous = None
    if now - found["CreatedDate"] < PREVIOUS_FOR:
        try:
            before = client.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
            previous = before["SecretString"].encode()
        except client.exceptions.ResourceNotFoundException:
            pass  # the first one
    return _Secrets(found["SecretString"].encode(), previous, now)
