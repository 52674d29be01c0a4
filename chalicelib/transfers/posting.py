"""What posting an instruction writes: one draft serves the early check, the confirmation and its judge."""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, s, to_raw
from chalicelib.transfers.domain import AWAITING, POSTED, Instruction
from chalicelib.transfers.errors import TransferAltered, TransferExpired, TransferNotAwaiting


def entry_of(instruction: Instruction) -> ledger.Entry:
    """The double entry of a transfer: payer to payee, and a fee to fee income where one was quoted."""
    legs = [
        ledger.Leg(instruction.payer_account, -instruction.amount_fen, "principal"),
        ledger.Leg(instruction.payee_account, instruction.amount_fen, "principal"),
    ]
    if instruction.fee_fen:
        legs += [
            ledger.Leg(instruction.payer_account, -instruction.fee_fen, "fee"),
            ledger.Leg(ledger.FEE_INCOME_ACCOUNT, instruction.fee_fen, "fee"),
        ]
    return ledger.Entry(instruction.entry_id, tuple(legs))


def draft_of(image: Image, session_id: str, now: dt.datetime) -> ledger.Draft:
    """All conditions and updates that post the instruction in `image` at `now`.

    Fees count in no limit. Transfers between a customer's own accounts take from no counter.
    """
    instruction = Instruction.from_image(image)
    facts = ledger.PostingFacts(clock.business_date(now), clock.to_text(now), image["correlation_id"])
    entry = entry_of(instruction)
    customer = customers.payer_update(instruction.customer_id, session_id, outward=image["outward"])
    accounts = ledger.account_updates(entry, facts, instruction.payer_account)
    payer = accounts[instruction.payer_account]
    ledger.require_payer(payer, instruction.customer_id, instruction.debit_fen)
    if image["outward"]:
        limits.limit_customer(customer, facts.business_date, instruction.amount_fen)
        limits.limit_account(payer, facts.business_date, instruction.amount_fen)
    return ledger.Draft(
        entry_id=entry.entry_id,
        facts=facts,
        request_digest=image["request_digest"],
        journal=_posting(instruction, entry, facts, image["digest"], session_id),
        accounts=accounts,
        others=(customer,),
    )


def _posting(
    instruction: Instruction,
    entry: ledger.Entry,
    facts: ledger.PostingFacts,
    digest: bytes,
    session_id: str,
) -> ItemUpdate:
    """awaiting -> posted; the postings, and who confirmed what by which factor, stay with the entry."""
    raw = to_raw({"postings": ledger.postings_of(entry)})
    update = ledger.journal_update(instruction.entry_id)
    update.require(
        state_rule(),
        valid_rule(facts.posted_at),
        Rule(
            "#digest = :digest",
            {":digest": {"B": digest}},
            lambda image: bool(image["digest"] == digest),
            lambda _: TransferAltered(),
        ),
    )
    return update.set(
        "#state = :posted, #postings = :postings, #posted_at = :posted_at, "
        "#business_date = :business_date, #confirmed_by = :factor, #session_id = :session",
        posted=s(POSTED),
        postings=raw["postings"],
        posted_at=s(facts.posted_at),
        business_date=s(facts.business_date),
        factor=s(instruction.factor),
        session=s(session_id),
    )


def state_rule() -> Rule:
    """Only an instruction that awaits confirmation can be confirmed."""
    return Rule(
        "#state = :awaiting",
        {":awaiting": s(AWAITING)},
        lambda image: bool(image["state"] == AWAITING),
        lambda image: TransferNotAwaiting(state=image["state"]),
    )


def valid_rule(now_text: str) -> Rule:
    """An old request cannot execute days later."""
    return Rule(
        "#valid_until > :now",
        {":now": s(now_text)},
        lambda image: bool(image.get("valid_until", "") > now_text),
        lambda _: TransferExpired(),
    )
