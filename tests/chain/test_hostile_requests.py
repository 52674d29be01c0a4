"""Whatever is sent to whichever operation: a refusal or an answer, never an internal error."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import quote

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chalicelib.contract.operations import all_apis
from chalicelib.platform.http import Operation
from chalicelib.staff import domain
from tests.chain.bank import PASSWORD, Bank
from tests.chain.clerks import appoint, branches
from tests.chain.clerks import log_in as staff_log_in

OPERATIONS = [operation for api in all_apis() for operation in api.operations]
# Each a reading that some parser, key or comparison may stumble over.
HOSTILE: tuple[Any, ...] = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "١٢٣٤٥٦",
    "１２３４５６",
    "²³",
    "é" * 1024,
    "9" * 4000,
    "-1",
    "1e9",
    "NaN",
    "../..",
    "#a.b",
    "....",
    "a" * 20,
    "A" * 86 + "==",
    "9999-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30",
    "99999999",
    "{}",
    "eyJ4IjoxfQ",
    -1,
    0,
    2**63,
    10**40,
    1.5,
    float("inf"),
    True,
    None,
    [],
    {},
    [[[]]] * 3,
)
ROUNDS = 6
# These end the sessions that the others need.
ENDINGS = ("/v1/sessions/current", "/v1/sessions/others", "/v1/staff/sessions/current")
STAFF = (
    (domain.TELLER, domain.MAKER),
    (domain.EBANK_ADMINISTRATOR, domain.MAKER),
    (domain.OPERATOR, domain.MAKER),
    (domain.AUDITOR, domain.READER),
)


def _plausible(field: FieldInfo, random_: random.Random) -> Any:
    """Something of the field's form, so that what is wrong elsewhere is not refused for it."""
    return field.examples[0] if field.examples else _of_kind(field.annotation, random_)


def _of_kind(kind: Any, random_: random.Random) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return _of_kind(random_.choice([one for one in get_args(kind) if one is not type(None)]), random_)
    if get_origin(kind) is Literal:
        return random_.choice(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: _plausible(field, random_) for name, field in kind.model_fields.items()}
    if kind in (bool, int):
        return kind(1)
    return random_.choice(["123456", "a" * 20, "13912345678", "张三"])


def _bodies(operation: Operation, random_: random.Random) -> Iterator[bytes]:
    if operation.body is None:
        return
    fields = operation.body.model_fields
    for _ in range(ROUNDS):
        for name in fields:
            body = {other: _plausible(field, random_) for other, field in fields.items()}
            body[name] = random_.choice(HOSTILE)
            yield json.dumps(body).encode()
        yield json.dumps({name: _plausible(field, random_) for name, field in fields.items()}).encode()
    yield from (b"", b"null", b"[]", b'"\xff"', b"{" * 900, b"[" * 9000, b"\x00", b"1" * 5000, b"x" * 20_000)


def _queries(operation: Operation, random_: random.Random) -> Iterator[str]:
    if operation.query is None:
        return
    names = list(operation.query.model_fields)
    for _ in range(ROUNDS):
        for name in names:
            yield f"{name}={random_.choice([value for value in HOSTILE if isinstance(value, str)])}"
    yield "&".join(f"{name}=1" for name in names)


def test_no_request_is_an_internal_error(bank: Bank) -> None:
    """Every operation, with and without a session, hostile values in path, query, body and headers."""
    random_ = random.Random(20261121)  # noqa: S311  # the same values each time
    person = bank.sign_up("钱敏", deposit="100.00")
    bodies = {"login_name": person.login_name, "password": PASSWORD}
    tokens: list[str | None] = [None]
    for edition in ("professional", "express"):
        reply = bank.request("POST", "/v1/sessions", {**bodies, "edition": edition})
        tokens.append(reply.body["access_token"])
    branches()
    clerks = [appoint(bank, role, post) for role, post in STAFF]
    staff_tokens: list[str | None] = [None, *(staff_log_in(bank, clerk) for clerk in clerks)]
    texts = [person.account, *(value for value in HOSTILE if isinstance(value, str))]
    failed, statuses = [], Counter[int]()
    for operation in OPERATIONS:
        if operation.path in ENDINGS and operation.method == "DELETE":
            continue
        names = [part for part in operation.path.split("/") if part.startswith("{")]
        sent: list[tuple[str, bytes | None]] = [(query, None) for query in _queries(operation, random_)]
        sent += [("", body) for body in _bodies(operation, random_)]
        known = staff_tokens if operation.path.startswith("/v1/staff/") else tokens
        sent += [("", None)] * (len(texts) if names else len(known))
        for number, (query, body) in enumerate(sent):
            values = {quote(name): texts[number % len(texts)] for name in names}
            path = operation.path.replace("{", quote("{")).replace("}", quote("}"))
            token = known[number % len(known)] if body is None else known[random_.choice([0, 1, 1, 1, 2])]
            headers = {
                "idempotency-key": "hostile-" + str(random_.randrange(10**9)),
                "step-up": random_.choice(["a" * 20, "\x00", "é", ""]),
                "purpose": random_.choice([quote("核对"), "\x00", "%", ""]),
                "accept-language": random_.choice(["en;q=²", "zh", "\x00"]),
            }
            reply = bank.request(
                operation.method,
                path + ("?" + query if query else ""),
                raw=body,
                token=token,
                headers=headers,
                path_values=values,
            )
            statuses[reply.status] += 1
            if reply.status >= 500:
                failed.append((operation.method, operation.path, query[:60], (body or b"")[:200], values, reply.code))
    assert not failed, sorted({(f[0], f[1], str(sorted(f[4].values()))[:40], f[2][:30], f[3][:60]) for f in failed})
    # Most got past the session, and some were even answered.
    assert statuses[401] < statuses.total() / 2
    assert statuses[200] + statuses[201] + statuses[202] + statuses[204] > len(OPERATIONS) / 2, statuses
