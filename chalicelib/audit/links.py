"""The chain over what staff did: its links, and what the rows and links of a day say of each other. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image

FIRST_HASH = bytes(32)
_SEQ_DIGITS = 12
# What a link is of: a row of its own date, or the newest link that another date had.
ROW, HEAD = "row#", "head#"
PLACE = "link#"
# A stream keeps what happened for 24 hours and the sweep looks 26 hours back: a row that says it is older than that
# when it is linked was written later than it says. Clocks of two functions differ by far less than five minutes.
LATEST_LINK = dt.timedelta(hours=27)
MOST_AHEAD = dt.timedelta(minutes=5)
# Each date's chain takes in the heads of so many dates before it, as they are, and anew where they have grown since.
HEADS_D = 7
MOST_FINDINGS = 50

How = Literal["altered", "removed", "inserted", "reordered", "unlinked", "missing link", "wrong chain"]


def canonical(facts: Mapping[str, Any]) -> bytes:
    """JSON, UTF-8, sorted keys, no spaces."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=as_text).encode()


def as_text(value: Any) -> Any:
    """What no row of the bank holds, and one that was slipped in may: bytes and sets."""
    return (
        value.hex()
        if isinstance(value, bytes)
        else sorted(map(as_text, value))
        if isinstance(value, set)
        else str(value)
    )


def digest_of(row: Image) -> bytes:
    """SHA-256 of a row's canonical form, its keys and its term included."""
    return hashlib.sha256(canonical(row)).digest()


@dataclass(frozen=True, slots=True)
class Link:
    """Link `seq` of a date's chain, of a row or of another date's head (`of`), whose digest or chain value it holds.

    `chain` = SHA-256 over the link's chain before and the canonical form of this one's other facts. `expires_at` is
    the row's term in epoch seconds: from then on it may be gone.
    """

    business_date: str
    seq: int
    of: str
    digest: bytes
    linked_at: str
    expires_at: int | None = None
    chain: bytes = field(default=b"")

    @property
    def place(self) -> str:
        """The sort key."""
        return place_of(self.seq)

    def chained_to(self, previous: bytes) -> Link:
        """This link with its chain value."""
        facts = {name: value for name, value in asdict(self).items() if name != "chain"}
        facts["digest"] = self.digest.hex()
        chain = hashlib.sha256(previous + canonical(facts)).digest()
        return Link(self.business_date, self.seq, self.of, self.digest, self.linked_at, self.expires_at, chain)


@dataclass(frozen=True, slots=True)
class Head:
    """That the chain of a date had `chain` at link `seq`, as link `held_at` of the date `held_by` says."""

    business_date: str
    seq: int
    chain: bytes
    held_by: str
    held_at: int


def place_of(seq: int) -> str:
    """`link#000000000042`."""
    return f"{PLACE}{seq:0{_SEQ_DIGITS}d}"


def of_row(action_key: str) -> str:
    """What a link says it is of."""
    return ROW + action_key


def of_head(business_date: str, seq: int) -> str:
    """The same of another date's head; `seq` 0 is where those of that date begin."""
    return f"{HEAD}{business_date}#{seq:0{_SEQ_DIGITS}d}"


def head_in(link: Link) -> Head | None:
    """The head that a link holds, if it is of one."""
    if not link.of.startswith(HEAD):
        return None
    business_date, _, seq = link.of.removeprefix(HEAD).partition("#")
    return Head(business_date, int(seq), link.digest, link.business_date, link.seq) if seq.isdecimal() else None


def holders_of(business_date: str, today: str) -> list[str]:
    """The dates whose chains take in heads of this one, as far as they have come."""
    start = clock.start_of_day(business_date)
    dates = [clock.business_date(start + dt.timedelta(days=days)) for days in range(1, HEADS_D + 1)]
    return [date for date in dates if date <= today]


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not hold: of which row or link, and what shows it."""

    how: How
    where: str
    why: str


@dataclass(slots=True)
class Verdict:
    """What a day's log says: rows that hold, rows gone at their term, rows too new to be linked, and what is wrong.

    `findings` names MOST_FINDINGS at most, `wrong` counts all. `seq` and `chain` are the head.
    """

    business_date: str
    held: int = 0
    expired: int = 0
    pending: int = 0
    wrong: int = 0
    seq: int = 0
    chain: bytes = FIRST_HASH
    findings: list[Finding] = field(default_factory=list)
    # What this day says of other days' chains.
    heads: list[Head] = field(default_factory=list)

    def add(self, how: How, where: str, why: str) -> None:
        """One more thing that is wrong."""
        self.wrong += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(how, where, why))


def examine(
    business_date: str,
    rows: Iterable[Image],
    links: Iterable[tuple[str, Link]],
    heads: Iterable[Head],
    *,
    now: dt.datetime,
    settled_at: dt.datetime,
) -> Verdict:
    """Judge a date's rows by its links, (place, link) in order of place, and the links by the heads that others hold.

    `now` is when rows and links were read. A row of before `settled_at` has its link. One that is there without was
    written past the bank, or never reached the chain: the two look alike. A finding does not hide the next, as each
    link is judged by the one before as it is stored.
    """
    verdict = Verdict(business_date)
    digests = {row["action_key"]: digest_of(row) for row in rows}
    claims: dict[int, list[Head]] = {}
    for head in heads:
        claims.setdefault(head.seq, []).append(head)
    seen: set[str] = set()
    for place, link in links:
        _judge_place(verdict, place, link)
        if link.of in seen:
            verdict.add("inserted", place, f"a second link of {link.of}")
        seen.add(link.of)
        other = head_in(link)
        if other is not None:
            verdict.heads.append(other)
        else:
            _judge_row(verdict, link, digests, now)
        for claim in claims.pop(verdict.seq, []):
            if claim.chain != link.chain:
                verdict.add("wrong chain", place, f"{claim.held_by} holds another head")
    for claim in (claim for several in claims.values() for claim in several):
        verdict.add("missing link", place_of(claim.seq), f"{claim.held_by} holds it as the head")
    for action_key in sorted(digests):
        if of_row(action_key) in seen:
            continue
        said = _time_in(action_key)
        if said is not None and settled_at <= said <= now + MOST_AHEAD:
            verdict.pending += 1
        else:
            verdict.add("unlinked", action_key, "no link is of it")
    return verdict


def _judge_place(verdict: Verdict, place: str, link: Link) -> None:
    """Whether a link stands where its number says, right after the one before, and is made of it."""
    expected = verdict.seq + 1
    if (place, verdict.business_date) != (link.place, link.business_date):
        verdict.add("reordered", place, f"it is link {link.seq} of {link.business_date}")
    elif link.seq > expected:
        verdict.add("missing link", place_of(expected), f"link {link.seq} follows link {verdict.seq}")
    elif link.chained_to(verdict.chain).chain != link.chain:
        verdict.add("wrong chain", place, "its facts and the link before give another chain value")
    number = place.removeprefix(PLACE)
    verdict.seq = int(number) if number.isdecimal() else expected
    verdict.chain = link.chain


def _judge_row(verdict: Verdict, link: Link, digests: Mapping[str, bytes], now: dt.datetime) -> None:
    action_key = link.of.removeprefix(ROW)
    digest = digests.get(action_key)
    said, linked = _time_in(action_key), _moment(link.linked_at)
    if digest is None and link.expires_at is not None and link.expires_at <= now.timestamp():
        verdict.expired += 1
    elif digest is None:
        verdict.add("removed", action_key, f"link {link.seq} is of it")
    elif digest != link.digest:
        verdict.add("altered", action_key, f"link {link.seq} has another digest")
    elif said is None or linked is None or not said - MOST_AHEAD <= linked <= said + LATEST_LINK:
        verdict.add("inserted", action_key, f"it was linked at {link.linked_at}")
    else:
        verdict.held += 1


def _time_in(action_key: str) -> dt.datetime | None:
    """The time that a row's key begins with, if it does."""
    return _moment(action_key.partition("#")[0])


def _moment(text: str) -> dt.datetime | None:
    try:
        return clock.from_text(text)
    except ValueError:
        return None
