"""Post an entry: plan, write in one transaction, judge what the engine says, and try again within a time budget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.ledger import store
from chalicelib.ledger.domain import PostingFacts
from chalicelib.ledger.errors import IdempotencyKeyReused
from chalicelib.platform import clock, ids
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, lowest, to_image
from chalicelib.platform.errors import OutcomeUnknown, TryAgain

# No new attempt begins after this long: contention, throttles, or silence. One attempt that meets silence
# takes up to 6 s (platform.aws), so that there is always a second one, well inside the gateway's 29 s.
POST_TIME_BUDGET_S = 8
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.4
POSTED = "posted"


@dataclass(frozen=True, slots=True)
class Draft:
    """One attempt to write: the journal item's write, its accounts' and others' updates.

    `done`: states that the journal item has when this was done before. `rows` are there only if the entry is. `notes`
    are of older entries that this one follows.
    """

    entry_id: str
    facts: PostingFacts
    request_digest: bytes
    journal: ItemPut | ItemUpdate
    accounts: dict[str, ItemUpdate]
    others: tuple[ItemUpdate, ...] = ()
    done: tuple[str, ...] = (POSTED,)
    rows: tuple[ItemPut, ...] = ()
    notes: tuple[ItemUpdate, ...] = ()

    def writes(self) -> list[ItemPut | ItemUpdate]:
        """All writes, in the order in which reasons are judged: instruction, customer, accounts."""
        return [self.journal, *self.others, *self.accounts.values(), *self.rows, *self.notes]


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it. `replayed` holds the stored journal item when the entry had been posted before."""

    draft: Draft
    replayed: Image | None = None


class _Contended(Exception):
    """Nothing was done and nobody is at fault: plan again with a new `now`."""


def post(plan: Callable[[dt.datetime], Draft]) -> Posted:
    """Post what `plan` drafts for a given `now`, in one conditional transaction.

    Contention and throttles are planned again with a new `now` inside POST_TIME_BUDGET_S, then TryAgain.
    After silence the very same request is sent again until the engine has judged it, never a new one. Where it
    never did, or said no more than that others are in the way, the end is OutcomeUnknown: what was silent may still
    land. Any other Refusal is the planner's own rule that did not hold. Nothing is changed unless Posted is
    returned, or OutcomeUnknown raised.
    """
    # A worker that only reads starts without it.
    from tenacity import Retrying, retry_if_exception_type, wait_random_exponential  # noqa: PLC0415

    pending: Draft | None = None
    # One a draft. Not derived from it: two requests about one entry in the same millisecond (a capture and a
    # release, two sessions that confirm) differ, and the engine refuses a token it knows from another request.
    token = ""
    in_doubt = was_silent = False
    give_up_at = clock.monotonic() + POST_TIME_BUDGET_S

    def is_over(_: object) -> bool:
        return clock.monotonic() >= give_up_at

    try:
        for attempt in Retrying(
            stop=is_over,
            wait=wait_random_exponential(multiplier=_FIRST_PAUSE_S, max=_LONGEST_PAUSE_S),
            retry=retry_if_exception_type((_Contended, store.WriteInDoubt)),
            sleep=clock.sleep,
            reraise=True,
        ):
            with attempt:
                draft = pending if pending is not None else plan(clock.now())
                if pending is None:
                    token = ids.random_id()
                pending = draft  # kept while in doubt: a repeat must be the same request, with the same token
                try:
                    store.transact(draft.writes(), token)
                except store.WriteInDoubt:
                    in_doubt = was_silent = True
                    raise
                except store.WriteContended as error:
                    # A throttle says nothing about the request that was met with silence.
                    pending = pending if in_doubt else None
                    raise _Contended from error
                except store.WriteCancelled as error:
                    pending, in_doubt = None, False
                    return Posted(draft, replayed=_judge(draft, error.reasons))
                return Posted(draft)
    except (_Contended, store.WriteInDoubt):
        raise (OutcomeUnknown if was_silent else TryAgain)() from None
    raise AssertionError("the retry loop ended without a result")


_CONDITION = "ConditionalCheckFailed"
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def _judge(draft: Draft, reasons: Sequence[Mapping[str, Any]]) -> Image:
    """Why the engine cancelled: returns the stored entry of an earlier success, else raises.

    Order: the instruction (it may have been posted already), then conflict or throttle, then the rest by
    rank. Images that show no breach mean that the state has moved on: contended.
    """
    images = [to_image(reason["Item"]) if reason.get("Item") else None for reason in reasons]
    writes = draft.writes()
    broken = [i for i, reason in enumerate(reasons) if reason["Code"] == _CONDITION]
    if 0 in broken:
        stored = images[0]
        if stored and stored["state"] in draft.done and stored["request_digest"] == draft.request_digest:
            return stored
        if isinstance(draft.journal, ItemPut):
            raise IdempotencyKeyReused()
        refusal = lowest(draft.journal.breaches(stored))
        if refusal is not None:
            raise refusal
    codes = {reason["Code"] for reason in reasons} - {"None", _CONDITION}
    if codes - _PASSING:
        raise RuntimeError(f"transaction refused for {sorted(codes)}")
    if codes:
        raise _Contended
    refusal = lowest(
        breach
        for i in broken
        for write in [writes[i]]
        if isinstance(write, ItemUpdate)
        for breach in write.breaches(images[i])
    )
    raise refusal if refusal is not None else _Contended
