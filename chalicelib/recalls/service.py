"""Read recalls, end them, and note when the money is back; asking and agreeing are commands."""

from __future__ import annotations

import datetime as dt
import re

from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, Rule, s
from chalicelib.platform.errors import NotFound
from chalicelib.recalls import domain, store
from chalicelib.recalls.domain import AGREED, ASKED, REASONS, REFUSAL_REASONS, REFUSED, RETURNED, WITHDRAWN, Recall

__all__ = [
    "AGREED",
    "ASKED",
    "OF_PAYEE",
    "OF_PAYER",
    "REASONS",
    "REFUSAL_REASONS",
    "REFUSED",
    "RETURNED",
    "WITHDRAWN",
    "Recall",
    "is_returned",
    "note_returned",
    "page",
    "read",
    "recall_of",
    "refuse",
    "withdraw",
]

OF_PAYER, OF_PAYEE = store.OF_PAYER, store.OF_PAYEE
page = store.page
# What cannot be an id is not looked up.
_ID = re.compile(r"[a-z2-7]{26}")


def read(recall_id: str) -> Recall | None:
    """Any recall, or None, also for what cannot be an id; for the bank's own side."""
    image = store.read(recall_id) if _ID.fullmatch(recall_id) else None
    return Recall.from_image(image) if image else None


def recall_of(customer_id: str, recall_id: str) -> Recall:
    """A recall that the customer asked for or is asked for; raises NotFound for any other.

    One whose money is back reads so even where the stream's record of it was lost.
    """
    recall = read(recall_id)
    if recall is None or customer_id not in (recall.payer_customer, recall.payee_customer):
        raise NotFound()
    if recall.state == AGREED and recall.return_id is not None:
        entry = ledger.read_entry(recall.return_id)
        if entry is not None and entry["state"] == ledger.POSTED:
            note_returned(entry)
            return read(recall_id) or recall
    return recall


def is_returned(transfer_id: str, now: dt.datetime) -> bool:
    """Whether a transfer's money is back by its recall, or its payee has agreed to return it and still may."""
    recall = read(store.id_of(transfer_id))
    if recall is None:
        return False
    entry = ledger.read_entry(recall.return_id) if recall.return_id is not None else None
    is_back = entry is not None and entry["state"] == ledger.POSTED
    return is_back or recall.state_at(clock.to_text(now)) in (AGREED, RETURNED)


def refuse(caller: Caller, recall_id: str, reason: str, now: dt.datetime) -> Recall:
    """The payee's no. Raises NotFound (also for another's), RecallNotOpen; TryAgain, OutcomeUnknown."""
    return _end(recall_id, domain.payee_rule(caller.customer_id), domain.REFUSE, now, reason)


def withdraw(caller: Caller, recall_id: str, now: dt.datetime) -> Recall:
    """The payer no longer asks. Raises what `refuse` raises."""
    return _end(recall_id, domain.payer_rule(caller.customer_id), domain.WITHDRAW, now)


def _end(recall_id: str, party: Rule, step: str, now: dt.datetime, reason: str | None = None) -> Recall:
    if not _ID.fullmatch(recall_id):
        raise NotFound()
    at = clock.to_text(now)
    update = store.update_of(recall_id).require(party, domain.step_rule(step), domain.in_time_rule(at))
    update.set("#state = :state, #changed_at = :at", state=s(domain.STEPS[step][ASKED]), at=s(at))
    if reason is not None:
        update.set("#refusal_reason = :reason", reason=s(reason))
    return Recall.from_image(updates.insist(update))


def note_returned(image: Image) -> None:
    """The money of a recall is back: `image` is the posted return transfer. Told twice or late it does no harm.

    A recall that was ended before it was posted stays as it is: then the payee paid of their own accord.
    """
    update = store.update_of(image["returns"]).require(domain.step_rule(domain.RETURN))
    update.set(
        "#state = :returned, #changed_at = :at, #return_id = :return_id",
        returned=s(RETURNED),
        at=s(image["posted_at"]),
        return_id=s(image["entry_id"]),
    )
    updates.run(update)
