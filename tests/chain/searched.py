"""Look for secrets in all that a bank keeps, sends and says, however they are written."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from moto.dynamodb.models import dynamodb_backends

from tests.chain.bank import ACCOUNT, REGION, Bank, Reply
from tests.chain.probe import wiretap

MESSAGES = "table LocalMessagesTable"
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}
SENDS = {"SendMessage", "SendMessageBatch"}
_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")


@dataclass
class Secret:
    """One value of class C3; `lawful` are the places where it belongs."""

    name: str
    value: str | bytes
    lawful: tuple[str, ...] = ()

    def pattern(self) -> re.Pattern[str]:
        """The value as a word of its own: six digits may by chance be part of a long number."""
        text = self.value.decode("latin-1") if isinstance(self.value, bytes) else self.value
        if isinstance(self.value, bytes):
            return re.compile(re.escape(text), re.DOTALL)
        return re.compile(f"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])", re.IGNORECASE)


@dataclass
class Heard:
    """What went over every wire while somebody listened: writes to tables, messages, events, answers, logs."""

    written: list[Any] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    logged: io.StringIO = field(default_factory=io.StringIO)

    def places(self, bank: Bank) -> dict[str, str]:
        """Everything that can be searched now: what was heard, and every item of every table."""
        heard = {"writes": self.written, "messages": self.sent, "events": self.events, "answers": self.answers}
        found: dict[str, Any] = {**heard, "log": self.logged.getvalue()}
        tables = dynamodb_backends[ACCOUNT][REGION].tables
        for name, physical in bank.references.items():
            if name.endswith("Table"):
                found[f"table {name}"] = [item.to_json() for item in tables[physical].all_items()]
        return {place: "\n".join(readings(content)) for place, content in found.items()}


@contextmanager
def listening(bank: Bank, logged: io.StringIO) -> Iterator[Heard]:
    """Note all that the bank writes, sends, answers and logs; what the local provider keeps is no write of the bank."""
    heard = Heard(logged=logged)
    call, request = vars(BaseClient)["_make_api_call"], Bank.request  # every client passes here
    provider = bank.references["LocalMessagesTable"]

    def calling(client: BaseClient, operation: str, parameters: Any) -> Any:
        if operation in WRITES and parameters.get("TableName") != provider:
            heard.written.append(parameters)
        if operation in SENDS:
            heard.sent.append(parameters)
        return call(client, operation, parameters)

    def requesting(self: Bank, *args: Any, **kwargs: Any) -> Reply:
        reply = request(self, *args, **kwargs)
        heard.answers.append([reply.headers, reply.body])
        return reply

    with (
        wiretap() as tap,
        patch.object(BaseClient, "_make_api_call", calling),
        patch.object(Bank, "request", requesting),
    ):
        yield heard
    heard.events.extend(tap.events)


def readings(content: Any) -> Iterator[str]:
    """Each text and byte string in `content`, and what it says when it is base64 or hex."""
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from readings(name)
            yield from readings(value)
    elif isinstance(content, list | tuple | set):
        for value in content:
            yield from readings(value)
    elif isinstance(content, bytes | bytearray):
        yield from readings(bytes(content).decode("latin-1"))
    else:
        text = str(content)
        yield text
        yield from _decoded(text)


def _decoded(text: str) -> Iterator[str]:
    """PEM breaks its lines, in JSON with an escape; a run may begin anywhere in a group of four."""
    for run in _RUN.findall(re.sub(r"\\n|\s", "", text)):
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        for start in range(4):
            part = plain[start:]
            with_end = part[: len(part) - 1] if len(part) % 4 == 1 else part
            try:
                yield base64.b64decode(with_end + "=" * (-len(with_end) % 4)).decode("latin-1")
            except binascii.Error:
                continue
    for run in _HEX.findall(text):
        yield bytes.fromhex(run).decode("latin-1")


def found(secrets: list[Secret], places: Mapping[str, str]) -> list[str]:
    """`<secret> in <place>` for each secret that is where it does not belong."""
    return [
        f"{secret.name} in {place}"
        for secret in secrets
        for place, text in places.items()
        if place not in secret.lawful and secret.pattern().search(text)
    ]
