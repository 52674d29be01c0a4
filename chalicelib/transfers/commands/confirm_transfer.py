"""Confirm a transfer: claim a try, verify what was given, move the money. Two round trips, no read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s
from chalicelib.platform.errors import NotFound, Refusal
from chalicelib.transfers.domain import Instruction, sealed_form
from chalicelib.transfers.errors import FactorDiffers, TransferAltered, TransferNotAwaiting, TransferTriesExhausted
from chalicelib.transfers.posting import draft_of, valid_rule
from chalicelib.transfers.states import CONFIRM, CONFIRMED, SET_ASIDE, TRY


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The journal item, posted or with its money set aside, and whether an earlier confirmation had done it."""

    image: Image
    hit: bool


def confirm_transfer(caller: Caller, entry_id: str, given: factors.Given, now: dt.datetime) -> Confirmed:
    """Execute the stored instruction, and nothing but it (XJ-4.2-wysiwys): what arrives later has its money set aside.

    Raises NotFound (also for another customer's), TransferExpired, TransferTriesExhausted, FactorDiffers, what
    factors.verify refuses, and whatever rule of the posting does not hold; then nothing has moved and, where
    tries are left and the instruction is valid, it can be confirmed again.
    """
    max_tries = parameters.value(parameters.SMS_CODE_TRIES, now)
    try:
        # What the session's edition may not do takes no try; the customer's own is a rule of the posting.
        entitlements.require(caller.edition, entitlements.TRANSFERS_OUTWARD, account=entitlements.FULL)
        image = ledger.claim(_claim(caller, entry_id, given.factor, max_tries, clock.to_text(now)))
        instruction = Instruction.from_image(image)
        if instruction.digest() != image["digest"] or not factors.is_sealed(sealed_form(image), image.get("seal", b"")):
            raise TransferAltered()
        with factors.naming_what_is_usable(caller, now):
            proof = factors.verify(given, image, instruction.canonical(), max_tries - image["tries"], now)
    except Refusal as refusal:
        # Whose session has ended is told that and nothing else; the way that succeeds pays no read for it.
        customers.require_live_session(caller)
        if isinstance(refusal, TransferNotAwaiting) and refusal.facts["state"] in CONFIRMED:
            return _confirmed_before(entry_id)
        raise
    with factors.naming_what_is_usable(caller, now):
        posted = ledger.post(lambda at: draft_of(image, caller, at, proof))
    if posted.replayed is not None:
        return Confirmed(posted.replayed, hit=True)
    facts = posted.draft.facts
    if instruction.arrives_at is not None:
        return Confirmed({**image, "state": SET_ASIDE.after, "confirmed_at": facts.posted_at}, hit=False)
    return Confirmed(
        {**image, "state": CONFIRM.after, "posted_at": facts.posted_at, "business_date": facts.business_date},
        hit=False,
    )


def _claim(caller: Caller, entry_id: str, factor: str, max_tries: int, now_text: str) -> ItemUpdate:
    """Take a try before the code is looked at, so that parallel guesses cannot pass."""
    update = ledger.journal_update(entry_id)
    update.require(
        Rule(
            "#customer_id = :customer",
            {":customer": s(caller.customer_id)},
            lambda image: bool(image.get("customer_id") == caller.customer_id),
            lambda _: NotFound(),
        ),
        TRY.rule(),
        valid_rule(now_text),
        Rule(
            "#factor = :factor",
            {":factor": s(factor)},
            lambda image: bool(image.get("factor") == factor),
            lambda image: FactorDiffers(factor=str(image.get("factor"))),
        ),
        Rule(
            "#tries < :max_tries",
            {":max_tries": n(max_tries)},
            lambda image: bool(image.get("tries", max_tries) < max_tries),
            lambda _: TransferTriesExhausted(),
        ),
    )
    return update.set("#tries = #tries + :one", one=n(1))


def _confirmed_before(entry_id: str) -> Confirmed:
    image = ledger.read_entry(entry_id)
    if image is None or image["kind"] != "transfer":
        raise NotFound()
    return Confirmed(image, hit=True)
