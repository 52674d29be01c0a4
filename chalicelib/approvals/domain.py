"""Requests for approval: what is asked, its states and digest, and the conditions of each decision. Pure; no I/O."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from chalicelib.approvals.errors import (
    ApprovalDigestMismatch,
    ApprovalExpired,
    ApprovalNotExpired,
    ApprovalNotOpen,
    MakerIsChecker,
    MakerOnly,
)
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, s
from chalicelib.platform.errors import Refusal

REQUESTED, APPROVED, REJECTED = "requested", "approved", "rejected"
WITHDRAWN, EXPIRED, FAILED = "withdrawn", "expired", "failed"
STATES = (REQUESTED, APPROVED, REJECTED, WITHDRAWN, EXPIRED, FAILED)
CANONICAL_VERSION = "rural-bank-approval-1"
# Who ends a request that nobody decided on.
CLOCK = "clock"

Facts = Mapping[str, str]
Write = ItemPut | ItemUpdate


@dataclass(frozen=True, slots=True)
class Decision:
    """Who asked, who approves, why, and when: what the write of an approval records."""

    approval_id: str
    maker: str
    checker: str
    reason: str
    correlation_id: str
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a request would do to things as they were read: the facts before and after, and the writes.

    The writes are made of what was read for `before`, and carry it as conditions: they do not pass on anything else.
    `latest` is the last moment to decide, where the payload has one of its own.
    """

    branch_id: str
    before: Facts
    after: Facts
    writes: Callable[[Decision], Sequence[Write]]
    latest: dt.datetime | None = None


P = TypeVar("P", bound=BaseModel)
# Role, level and organisation of a member of staff.
Seat = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Kind(Generic[P]):
    """One thing that needs two people. `words` name the facts of a proposal in Chinese and English; `makes` and
    `checks` are the functions of staff's permission matrix that it takes to ask for it and to decide on it.

    `propose` reads, plans, and raises the `refusals` of what cannot be asked for. `seats` are those that both must
    manage, beyond the scope of an organisation, where a request is about members of staff. What is `at_counter` is
    asked for over HTTP by the counter's routes alone, which look at the customer's document first.
    """

    code: str
    zh: str
    en: str
    payload: type[P]
    words: Mapping[str, tuple[str, str]]
    makes: str
    checks: str
    propose: Callable[[P, dt.datetime], Proposal]
    refusals: tuple[type[Refusal], ...]
    seats: Callable[[P], Sequence[Seat]] = lambda _: ()
    at_counter: bool = False


@dataclass(frozen=True, slots=True)
class FactChange:
    """One row of the comparison that a checker sees; None where the fact is not there."""

    fact: str
    zh: str
    en: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Approval:
    """A request as stored; times as text (UTC). `digest` is what the checker sends back."""

    approval_id: str
    kind: str
    branch_id: str
    payload: str
    before: dict[str, str]
    after: dict[str, str]
    reason: str
    maker: str
    created_at: str
    expires_at: str
    digest: str
    correlation_id: str
    state: str = REQUESTED
    decided_by: str | None = None
    decided_at: str | None = None
    decision_reason: str | None = None
    failure: str | None = None

    @classmethod
    def from_image(cls, image: Image) -> Approval:
        """The request that a stored item holds."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})

    def state_at(self, now_text: str) -> str:
        """The state as a reader sees it: one that waited too long reads `expired` before a worker notes it."""
        return EXPIRED if self.state == REQUESTED and self.expires_at <= now_text else self.state

    def is_true(self) -> bool:
        """Whether what is stored still is what the digest was made of."""
        return digest_of(self) == self.digest

    def asks_for(self, kind: str, payload: str, reason: str) -> bool:
        """Whether it is the request for just this."""
        return (self.kind, self.payload, self.reason) == (kind, payload, reason)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of a request's history: `event` is order#state (its making is 0, its end 1), `state` the one it
    went to, `by` whom."""

    approval_id: str
    event: str
    state: str
    by: str
    at: str
    correlation_id: str
    reason: str | None = None
    failure: str | None = None


_SIGNED = (
    "approval_id",
    "kind",
    "branch_id",
    "payload",
    "before",
    "after",
    "reason",
    "maker",
    "created_at",
    "expires_at",
)


def canonical_of(approval: Approval) -> bytes:
    """The canonical form: JSON with sorted keys, no spaces, UTF-8."""
    facts: dict[str, Any] = {name: getattr(approval, name) for name in _SIGNED}
    return canonical_json(facts | {"version": CANONICAL_VERSION}).encode()


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(approval: Approval) -> str:
    """SHA-256 of the canonical form, in hex: a changed byte of what the checker saw gives another."""
    return hashlib.sha256(canonical_of(approval)).hexdigest()


def compared(kind: Kind[Any], before: Facts, after: Facts) -> list[FactChange]:
    """The comparison of before and after, in the order of the kind's words; facts of neither are left out."""
    return [
        FactChange(fact, zh, en, before.get(fact), after.get(fact))
        for fact, (zh, en) in kind.words.items()
        if fact in before or fact in after
    ]


def changed_facts(one: Facts, other: Facts) -> list[str]:
    """Names of the facts that differ."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


# Rules of the write that decides. Each refusal is the approval's own (ApprovalRefusal).


def open_rule() -> Rule:
    """Only what nobody has decided on."""
    return Rule(
        "#state = :requested",
        {":requested": s(REQUESTED)},
        lambda image: bool(image.get("state") == REQUESTED),
        lambda image: ApprovalNotOpen(state=str(image.get("state"))),
    )


def in_time_rule(now_text: str) -> Rule:
    """Decided on before it expires, to the millisecond."""
    return Rule(
        "#expires_at > :now",
        {":now": s(now_text)},
        lambda image: "expires_at" in image and bool(image["expires_at"] > now_text),
        lambda _: ApprovalExpired(),
    )


def over_rule(now_text: str) -> Rule:
    """Nobody decided on it in time."""
    return Rule(
        "#expires_at <= :now",
        {":now": s(now_text)},
        lambda image: "expires_at" in image and bool(image["expires_at"] <= now_text),
        lambda _: ApprovalNotExpired(),
    )


def other_person_rule(checker: str) -> Rule:
    """Maker and checker are two people (NB-5.1.5)."""
    return Rule(
        "attribute_exists(#maker) AND #maker <> :checker",
        {":checker": s(checker)},
        lambda image: "maker" in image and bool(image["maker"] != checker),
        lambda _: MakerIsChecker(),
    )


def maker_rule(maker: str) -> Rule:
    """Who withdraws is who asked."""
    return Rule(
        "#maker = :maker",
        {":maker": s(maker)},
        lambda image: bool(image.get("maker") == maker),
        lambda _: MakerOnly(),
    )


def seen_rule(digest: str) -> Rule:
    """What the checker saw is what is stored."""
    return Rule(
        "#digest = :digest",
        {":digest": s(digest)},
        lambda image: bool(image.get("digest") == digest),
        lambda _: ApprovalDigestMismatch(),
    )
