"""Administrators who ask for what two people do about staff, and who agree."""

from __future__ import annotations

import base64
import itertools
from typing import Any

from chalicelib.platform import ids
from chalicelib.staff import domain
from tests.chain.bank import BRANCH, Bank, Reply
from tests.chain.clerks import Clerk, appoint, log_in
from tests.unit.samples import resident_number

PATH = "/v1/staff/approvals"
_serials = itertools.count(1)
Pair = tuple[Clerk, Clerk]


def pair(bank: Bank, role: str = domain.EBANK_ADMINISTRATOR, branch_id: str = BRANCH) -> Pair:
    """A maker and a checker of a role, logged in."""
    both = (
        appoint(bank, role, domain.MAKER, branch_id=branch_id),
        appoint(bank, role, domain.CHECKER, branch_id=branch_id),
    )
    for one in both:
        log_in(bank, one)
    return both


def asked(bank: Bank, who: Clerk, kind: str, *, key: str = "", **payload: Any) -> Reply:
    body = {"kind": kind, "payload": payload, "reason": "人员调整"}
    return bank.request("POST", PATH, body, token=who.token, headers={"idempotency-key": key or ids.random_id()})


def approved(bank: Bank, who: Clerk, request: Reply) -> Reply:
    assert request.status == 201, request
    body = {"digest": request.body["digest"]}
    return bank.request("POST", f"{PATH}/{request.body['request']['id']}/approval", body, token=who.token)


def done(bank: Bank, by: Pair, kind: str, **payload: Any) -> Reply:
    reply = approved(bank, by[1], asked(bank, by[0], kind, **payload))
    assert (reply.status, reply.body["request"]["state"]) == (200, "approved"), reply
    return reply


def person() -> str:
    return resident_number(next(_serials), "19710203")


def appointment(bank: Bank, who: Clerk, number: str, *, key: str = "", **changes: Any) -> Reply:
    body = {
        "staff_id": number,
        "name": "周敏",
        "branch_id": BRANCH,
        "role": domain.OPERATOR,
        "posts": ["maker"],
        "identity_number": "",
        "reason": "新员工入职",
        **changes,
    }
    body["identity_number"] = body["identity_number"] or person()
    headers = {"idempotency-key": key or ids.random_id()}
    return bank.request("POST", "/v1/staff/members", body, token=who.token, headers=headers)


def taken(bank: Bank, who: Clerk, number: str) -> Reply:
    return bank.request("POST", f"/v1/staff/members/{number}/credentials", token=who.token)


def seed_in(token_uri: str) -> bytes:
    """What an authenticator app reads from the address."""
    secret = token_uri.partition("secret=")[2].partition("&")[0]
    return base64.b32decode(secret + "=" * (-len(secret) % 8))


def with_what_was_given(clerk: Clerk, reply: Reply) -> Clerk:
    assert reply.status == 201, reply
    clerk.password = reply.body["password"] or clerk.password
    if reply.body["token_uri"] is not None:
        clerk.seed, clerk.last_step = seed_in(reply.body["token_uri"]), 0
    return clerk
