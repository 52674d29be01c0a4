"""What arrives later than it is confirmed, as writes: the money is set aside, and paid or given back, once.

The instruction is `pending` between the two. Each way out asks for that state in its own write, so of an execution, a
revocation and another machine's execution exactly one comes about.
"""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.limits import service as limits
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemUpdate, s
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.domain import Instruction
from chalicelib.transfers.errors import TransferNotPending
from chalicelib.transfers.posting import entry_of, facts_at, post_entry, proof_of
from chalicelib.transfers.states import EXECUTE, GIVE_BACK, PENDING, REVOKE, Step


def arrival_draft(entry_id: str, now: dt.datetime) -> ledger.Draft:
    """Pay a pending transfer from what was set aside for it.

    Nothing is taken from a limit, as the confirmation took it. The payer's switch, state and account are asked again,
    and so is whether the payee can receive; how it is credited is decided now. Raises PayeeUnavailable.
    """
    image, payer, payee = _read(entry_id)
    instruction = Instruction.from_image(image)
    # A deferred payee is no part of the write, so it is judged here; of any other the write asks the same.
    is_here = instruction.payee_bank is None
    if is_here and not ledger.is_payee(payee, instruction.payee_name):
        raise ledger.PayeeUnavailable()
    facts = facts_at(now, image)
    is_deferred = payee is not None and payee.is_credit_deferred
    entry = entry_of(instruction, payee_is_deferred=is_deferred)
    journal = ledger.journal_update(entry_id).require(EXECUTE.rule())
    post_entry(journal, EXECUTE, entry, facts)
    if is_deferred:
        journal.set("#payee_credit = :deferred", deferred=s(ledger.CREDIT_DEFERRED))
    else:
        journal.remove("payee_credit")
    return ledger.Draft(
        entry_id,
        facts,
        image["request_digest"],
        journal,
        holds.captured_updates(entry, facts, payer.account_id, instruction.debit_fen),
        (customers.absent_payer_update(instruction.customer_id, outward=True),),
    )


def revocation_draft(entry_id: str, now: dt.datetime) -> ledger.Draft:
    """Give a pending transfer back to its payer, who asks for it: amount, fee, and what it took from each limit."""
    return _giving_back(entry_id, REVOKE, now)


def return_draft(entry_id: str, refusal: Refusal, now: dt.datetime) -> ledger.Draft:
    """The same for one that could not be executed; the entry keeps why, in the words that the payer is told."""
    draft = _giving_back(entry_id, GIVE_BACK, now)
    if isinstance(draft.journal, ItemUpdate):
        draft.journal.set(
            "#reason = :reason, #reason_zh = :reason_zh, #reason_en = :reason_en",
            reason=s(refusal.code),
            reason_zh=s(refusal.text("zh")),
            reason_en=s(refusal.text("en")),
        )
    return draft


def _giving_back(entry_id: str, step: Step, now: dt.datetime) -> ledger.Draft:
    """No state of the account is asked: money moves inside it only. Limits go back to the day that they were taken."""
    image, payer, _ = _read(entry_id)
    instruction = Instruction.from_image(image)
    facts = facts_at(now, image)
    update = ledger.account_update(payer.account_id, payee=False)
    holds.let_go(update, instruction.debit_fen)
    limits.give_back_account(update, payer.image, image["held_on"], instruction.amount_fen, whole=True)
    journal = ledger.journal_update(entry_id).require(step.rule())
    journal.set("#state = :ended, #ended_at = :ended_at", ended=s(step.after), ended_at=s(facts.posted_at))
    others = customers.give_back_updates(
        instruction.customer_id, image["held_on"], instruction.amount_fen, proof_of(instruction.factor)
    )
    return ledger.Draft(
        entry_id, facts, image["request_digest"], journal, {payer.account_id: update}, others, done=(step.after,)
    )


def _read(entry_id: str) -> tuple[Image, ledger.Account, ledger.Account | None]:
    """A pending transfer and its accounts as they are now; planning again reads again. Raises TransferNotPending."""
    image = ledger.read_entry(entry_id)
    if image is None or image["state"] != PENDING:
        raise TransferNotPending(state=image["state"] if image else "missing")
    # The number of an account at another bank may be somebody's here: that is not the payee.
    payees = [image["payee_account"]] if image.get("payee_bank") is None else []
    accounts = ledger.read_accounts([image["payer_account"], *payees])
    return image, accounts[image["payer_account"]], accounts.get(*payees) if payees else None


def is_due(image: Image, now: dt.datetime) -> bool:
    """Whether a pending transfer's time has come: at the very moment that was quoted, it has."""
    return bool(image["arrives_at"] <= clock.to_text(now))
