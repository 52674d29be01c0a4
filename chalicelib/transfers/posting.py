"""What posting an instruction writes: one draft serves the early check, the confirmation and its judge."""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import dues, holds
from chalicelib.ledger.commands.reverse_entry import returned_update
from chalicelib.limits import service as limits
from chalicelib.parameters import service as parameters
from chalicelib.paycodes import service as paycodes
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, s, to_raw
from chalicelib.transfers.domain import CERTIFICATE, NO_FACTOR, Instruction, facts_of
from chalicelib.transfers.errors import AlreadyGivenBack, TransferAltered, TransferExpired
from chalicelib.transfers.states import AT_ONCE, CONFIRM, CONFIRMED, SET_ASIDE, Step


def entry_of(instruction: Instruction, *, payee_is_deferred: bool = False) -> ledger.Entry:
    """The double entry of a transfer: payer to payee, and a fee to fee income where one was quoted.

    A deferred payee (`payee_credit` of the stored instruction) is credited from the stream: its account is no part
    of the write, not even as a condition. What goes to another bank is owed to clearing, a house account.
    """
    is_here = instruction.payee_bank is None
    payee_account = instruction.payee_account if is_here else ledger.CLEARING_ACCOUNT
    legs = [
        ledger.Leg(instruction.payer_account, -instruction.amount_fen, "principal"),
        ledger.Leg(payee_account, instruction.amount_fen, "principal", payee_is_deferred),
    ]
    if instruction.fee_fen:
        legs += [
            ledger.Leg(instruction.payer_account, -instruction.fee_fen, "fee"),
            ledger.Leg(ledger.FEE_INCOME_ACCOUNT, instruction.fee_fen, "fee"),
        ]
    return ledger.Entry(instruction.entry_id, tuple(legs))


def draft_of(image: Image, caller: Caller, now: dt.datetime, proof: factors.Proof | None) -> ledger.Draft:
    """All conditions and updates that post the instruction in `image` at `now`, for a session, resting on `proof`.

    Fees count in no limit. Transfers between a customer's own accounts take from no counter. What arrives later takes
    from the limits all the same; its money is set aside, fee and all, and its payee is credited when it arrives.
    """
    instruction = Instruction.from_image(image)
    facts = facts_at(now, image)
    customer = customers.payer_update(
        instruction.customer_id, caller.session_id, caller.device_id, outward=image["outward"]
    )
    if instruction.factor == factors.SMS:
        customer.require(customers.phone_rule(clock.from_text(instruction.created_at)))
    outward_fen = instruction.amount_fen if image["outward"] else 0
    factors.require(customer, instruction.factor, instruction.factor_id, proof, facts.business_date, outward_fen)
    if image.get("paycode_kind") == paycodes.STATIC:
        most_fen = parameters.value(parameters.STATIC_CODES_DAY_FEN, now)
        limits.limit_static(customer, facts.business_date, outward_fen, most_fen)
    # Decided when the instruction was made, where accounts are read; what is confirmed is what was stored.
    entry = entry_of(instruction, payee_is_deferred=image.get("payee_credit") == ledger.CREDIT_DEFERRED)
    policy = proof.terms.policy if proof is not None else None
    journal = _confirming(instruction, facts, image["digest"], caller, proof)
    if instruction.arrives_at is None:
        accounts = moving(instruction, entry, facts, customer, policy, outward=image["outward"])
        post_entry(journal, CONFIRM, entry, facts)
        rows: tuple[ItemPut, ...] = ()
    else:
        payer = ledger.account_update(instruction.payer_account, payee=False)
        holds.set_aside(payer, instruction.debit_fen, facts)
        take(payer, instruction, facts, customer, policy, outward=image["outward"])
        accounts = {instruction.payer_account: payer}
        _set_aside(journal, facts)
        # With the money or not at all, so that none is set aside for ever.
        rows = (dues.put_of(instruction.entry_id, instruction.arrives_at),)
    return ledger.Draft(
        entry_id=entry.entry_id,
        facts=facts,
        request_digest=image["request_digest"],
        journal=journal,
        accounts=accounts,
        others=(customer,),
        done=CONFIRMED,
        rows=rows,
        notes=(*_given_back(image), *_scanned(image, facts)),
    )


def _given_back(image: Image) -> tuple[ItemUpdate, ...]:
    """What a recalled transfer learns of its return, so that its money goes back once."""
    if "returns_entry" not in image:
        return ()
    return (returned_update(image["returns_entry"], image["entry_id"], AlreadyGivenBack),)


def _scanned(image: Image, facts: ledger.PostingFacts) -> tuple[ItemUpdate, ...]:
    """The receive code that the payment was made by: open until this very write."""
    if "paycode" not in image:
        return ()
    return (paycodes.paid_update(image["paycode"], image["paycode_kind"], image["entry_id"], facts.posted_at),)


def facts_at(now: dt.datetime, image: Image) -> ledger.PostingFacts:
    """When and on whose behalf the instruction in `image` is posted."""
    return ledger.PostingFacts(clock.business_date(now), clock.to_text(now), image["correlation_id"])


def moving(
    instruction: Instruction,
    entry: ledger.Entry,
    facts: ledger.PostingFacts,
    customer: ItemUpdate,
    policy: factors.Policy | None,
    *,
    outward: bool,
) -> dict[str, ItemUpdate]:
    """The accounts' updates, with what the payer's must satisfy; of what goes to somebody else, the payer's account and
    `customer` take from every counter, which a `policy` bounds.
    """
    accounts = ledger.account_updates(entry, facts, instruction.payer_account)
    take(accounts[instruction.payer_account], instruction, facts, customer, policy, outward=outward)
    return accounts


def take(
    payer: ItemUpdate,
    instruction: Instruction,
    facts: ledger.PostingFacts,
    customer: ItemUpdate,
    policy: factors.Policy | None,
    *,
    outward: bool,
) -> None:
    """What the payer's update must satisfy, and what it and `customer` take from the counters, as `moving` says."""
    ledger.require_payer(payer, instruction.customer_id, instruction.debit_fen)
    if outward:
        if policy is None:
            raise TypeError("a payment to somebody else rests on a proof and its terms")
        limits.limit_customer(
            customer,
            facts.business_date,
            instruction.amount_fen,
            proof_of(instruction.factor),
            no_certificate_day_fen=policy.no_certificate_day_fen,
        )
        limits.limit_account(payer, facts.business_date, instruction.amount_fen)
        if instruction.factor == factors.SMALL:
            limits.limit_small(customer, instruction.amount_fen, policy.ceiling_fen(factors.SMALL))


def whole_item(instruction: Instruction, entry: ledger.Entry, **more: object) -> Image:
    """An instruction that is posted by the very write that makes it; `more` is who asked for it, and how."""
    return {
        **facts_of(instruction),
        "kind": "transfer",
        "state": AT_ONCE.after,
        "tries": 0,
        "attempt": 0,
        "digest": instruction.digest(),
        "postings": ledger.postings_of(entry),
        **more,
    }


def dated(facts: ledger.PostingFacts) -> dict[str, str]:
    """When an entry was posted, as the journal keeps it."""
    return {"posted_at": facts.posted_at, "business_date": facts.business_date}


def proof_of(factor: str) -> limits.Proof:
    """What a factor proves to the limits. One that is not known here is no certificate."""
    if factor in (NO_FACTOR, factors.SMALL):
        return limits.Proof.NONE
    return limits.Proof.CERTIFICATE if factor == CERTIFICATE else limits.Proof.FACTOR


def proof_in(image: Image) -> limits.Proof | None:
    """From which of the payer's customer-wide counters a stored transfer or hold took, if from any."""
    if image["kind"] == "hold":
        return limits.Proof(image["proof"]) if "proof" in image else None
    return proof_of(image["factor"])


def _confirming(
    instruction: Instruction,
    facts: ledger.PostingFacts,
    digest: bytes,
    caller: Caller,
    proof: factors.Proof | None,
) -> ItemUpdate:
    """Out of awaiting; the session, device and the evidence of what confirmed it stay with the entry."""
    update = ledger.journal_update(instruction.entry_id)
    step = CONFIRM if instruction.arrives_at is None else SET_ASIDE
    update.require(
        step.rule(),
        valid_rule(facts.posted_at),
        Rule(
            "#digest = :digest",
            {":digest": {"B": digest}},
            lambda image: bool(image["digest"] == digest),
            lambda _: TransferAltered(),
        ),
    )
    if proof is not None:
        evidence = proof.evidence(digest, instruction.factor_id, caller.session_id, facts.posted_at)
        update.set("#proof = :proof", proof={"B": evidence})
    if caller.device_id is not None:
        update.set("#device_id = :device", device=s(caller.device_id))
    update.remove("seal")  # has done its work; the item stays small
    return update.set("#session_id = :session", session=s(caller.session_id))


def post_entry(update: ItemUpdate, step: Step, entry: ledger.Entry, facts: ledger.PostingFacts) -> None:
    """The step's end, with the postings."""
    update.set(
        "#state = :posted, #postings = :postings, #posted_at = :posted_at, #business_date = :business_date",
        posted=s(step.after),
        postings=to_raw({"postings": ledger.postings_of(entry)})["postings"],
        posted_at=s(facts.posted_at),
        business_date=s(facts.business_date),
    )


def _set_aside(update: ItemUpdate, facts: ledger.PostingFacts) -> None:
    """-> pending; the day is that whose limits it took from."""
    update.set(
        "#state = :pending, #confirmed_at = :confirmed_at, #held_on = :held_on",
        pending=s(SET_ASIDE.after),
        confirmed_at=s(facts.posted_at),
        held_on=s(facts.business_date),
    )


def valid_rule(now_text: str) -> Rule:
    """An old request cannot execute days later."""
    return Rule(
        "#valid_until > :now",
        {":now": s(now_text)},
        lambda image: bool(image.get("valid_until", "") > now_text),
        lambda _: TransferExpired(),
    )
