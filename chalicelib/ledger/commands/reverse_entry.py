"""Correct a posted entry: append its mirror, once. Postings themselves are never changed (NB-5.1.6)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import DEPOSIT, WITHDRAWAL, Companion, alone
from chalicelib.ledger.domain import Entry, Leg, PostingFacts, giving_back_rule
from chalicelib.ledger.errors import EntryNotReversible, InsufficientFunds
from chalicelib.ledger.service import Draft, Posted
from chalicelib.limits import service as limits
from chalicelib.platform import clock, ids
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s
from chalicelib.platform.errors import NotFound, Refusal

REVERSAL = "reversal"


def reversal_id_of(entry_id: str) -> str:
    """The reversal's own id: derived, so that an entry cannot have two."""
    return ids.derived_id(REVERSAL, entry_id)


# Builds the updates of items that other contexts own (the payer's customer record) for the original entry.
Others = Callable[[Image], tuple[ItemUpdate, ...]]


def nobody(_: Image) -> tuple[ItemUpdate, ...]:
    """No other context's item takes part."""
    return ()


@dataclass(frozen=True, slots=True)
class Order:
    """Who ordered a reversal, why, and who approved it, where that is somebody else."""

    reason: str
    by: str
    correlation_id: str
    approved_by: str | None = None


def reverse_entry(entry_id: str, *, reason: str, by: str, correlation_id: str, others: Others = nobody) -> Posted:
    """Post the mirror of an entry and mark the original, in one write; a repeat answers what is stored.

    What an outward transfer took from its account's limits goes back to the same buckets while they exist.
    Raises NotFound, EntryNotReversible, AccountNotActive (the payee's account is frozen, dormant or closed),
    InsufficientFunds (the payee has spent it: nothing is overdrawn), PayeeUnavailable (the payer's account can no
    longer receive).
    """
    order = Order(reason, by, correlation_id)
    return ledger.post(lambda now: draft_reversal(reversible_entry(entry_id), order, now, others))


def reversible_entry(entry_id: str) -> Image:
    """A posted entry, no reversal itself, no cash of a till or vault, nothing that was taken for a court or sent to
    another bank.

    Raises NotFound, EntryNotReversible.
    """
    original = ledger.read_entry(entry_id)
    if original is None:
        raise NotFound()
    # Neither notes that a till gave or took nor what an order of a court holds are put back by an entry alone: the
    # former names its voucher, the latter the court's document.
    # What went to another bank comes back by that bank's answer alone, or it would be paid twice.
    is_of_more = any(name in original for name in ("voucher", "document", "payee_bank"))
    if original["state"] != ledger.POSTED or original["kind"] == REVERSAL or is_of_more:
        raise EntryNotReversible()
    return original


def cash_entry(entry_id: str) -> Image:
    """A posted entry of a till's cash, which only `draft_reversal` with the till beside it takes back.

    Raises NotFound, EntryNotReversible.
    """
    original = ledger.read_entry(entry_id)
    if original is None:
        raise NotFound()
    if original["state"] != ledger.POSTED or original["kind"] not in (DEPOSIT, WITHDRAWAL) or "voucher" not in original:
        raise EntryNotReversible()
    return original


def draft_reversal(
    original: Image, order: Order, now: dt.datetime, others: Others = nobody, companion: Companion = alone
) -> Draft:
    """The writes of a reversal, for `post` or as a part of an approval's own transaction.

    `companion` adds what stands beside the entry at the counter: the till, and the voucher.
    """
    facts = PostingFacts(clock.business_date(now), clock.to_text(now), order.correlation_id)
    mirror = _mirror(original)
    beside = companion(facts)
    digest = hashlib.sha256(f"{REVERSAL}|{original['entry_id']}".encode()).digest()
    return Draft(
        mirror.entry_id,
        facts,
        digest,
        ledger.journal_put({**_item(original, mirror, facts, digest, order), **beside.facts}),
        _accounts(original, mirror, facts),
        (_mark(original, mirror), *others(original), *beside.others),
        rows=beside.rows,
    )


def _mirror(original: Image) -> Entry:
    legs = ledger.entry_from_image(original).legs
    return Entry(
        reversal_id_of(original["entry_id"]),
        tuple(Leg(leg.account_id, -leg.amount_fen, leg.kind) for leg in legs),
    )


def _accounts(original: Image, mirror: Entry, facts: PostingFacts) -> dict[str, ItemUpdate]:
    """The accounts' updates: who gets money back must be able to receive, who gives it back must have it."""
    updates = {}
    found = ledger.read_accounts(mirror.customer_accounts())
    for account_id in mirror.customer_accounts():
        total_fen = sum(leg.amount_fen for leg in mirror.legs_of(account_id))
        giver = account_id if total_fen < 0 else None
        update = ledger.account_updates(mirror, facts, giver)[account_id]
        if giver is not None:
            update.require(giving_back_rule(), funds_rule(-total_fen))
        elif account_id == original.get("payer_account"):
            date, counted_fen = counted_by(original)
            if counted_fen:
                limits.give_back_account(update, found[account_id].image, date, counted_fen, whole=True)
        updates[account_id] = update
    return updates


def counted_by(original: Image) -> tuple[str, int]:
    """On which business date, and with how much, an entry counts in its payer's limits; 0 where in none.

    A captured hold counts on the day it was placed, with what was captured; a transfer that arrived later than it was
    confirmed, on the day of the confirmation.
    """
    if "counted_fen" in original:
        return original["held_on"], min(original["counted_fen"], original["captured_fen"])
    date = str(original.get("held_on", original["business_date"]))
    return date, original["amount_fen"] if original.get("outward") else 0


def funds_rule(amount_fen: int) -> Rule:
    """Who must give back has it: a reversal overdraws nobody."""
    return Rule(
        "#available_fen >= :back",
        {":back": n(amount_fen)},
        lambda image: bool(image["available_fen"] >= amount_fen),
        lambda _: InsufficientFunds(),
    )


def _mark(original: Image, mirror: Entry) -> ItemUpdate:
    """The original learns who reversed it; the postings stay as they are."""
    update = ledger.journal_update(original["entry_id"])
    update.require(unreversed_rule())
    return update.set("#reversed_by = :reversal", reversal=s(mirror.entry_id))


def returned_update(entry_id: str, return_id: str, refuse: type[Refusal]) -> ItemUpdate:
    """The original learns which transfer gave its money back, as a part of that transfer's write.

    It is refused as `refuse` says where the money has gone back before, by a reversal or another return.
    """
    update = ledger.journal_update(entry_id)
    update.require(unreversed_rule(refuse))
    return update.set("#returned_by = :return", **{"return": s(return_id)})


def unreversed_rule(refuse: type[Refusal] = EntryNotReversible) -> Rule:
    """Only a posted entry whose money has not gone back, by a reversal or by its payee's return."""
    return Rule(
        "#state = :posted AND attribute_not_exists(#reversed_by) AND attribute_not_exists(#returned_by)",
        {":posted": s(ledger.POSTED)},
        lambda image: image["state"] == ledger.POSTED and not {"reversed_by", "returned_by"} & image.keys(),
        lambda _: refuse(),
    )


def _item(original: Image, mirror: Entry, facts: PostingFacts, digest: bytes, order: Order) -> dict[str, object]:
    """The reversal's journal item: the parties change sides."""
    sides = {
        "payer_account": original.get("payee_account"),
        "payee_account": original.get("payer_account"),
        "payer_name": original.get("payee_name"),
        "payee_name": original.get("payer_name"),
    }
    return {
        "entry_id": mirror.entry_id,
        "kind": REVERSAL,
        "state": ledger.POSTED,
        "reverses": original["entry_id"],
        "reverses_kind": original["kind"],
        "request_digest": digest,
        "amount_fen": original.get("captured_fen", original["amount_fen"]),
        "currency": original.get("currency", "CNY"),
        "purpose": order.reason,
        "ordered_by": order.by,
        "approved_by": order.approved_by,
        "created_at": facts.posted_at,
        "posted_at": facts.posted_at,
        "business_date": facts.business_date,
        "correlation_id": facts.correlation_id,
        "postings": ledger.postings_of(mirror),
        **sides,
    }
