"""Cash out of an account over the counter, from the teller's till (NB-5.2.6, NB-5.1.5)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from chalicelib.counter import domain, store
from chalicelib.counter.commands.take_deposit import CashDone, account_at_counter, account_facts, cash_of, done
from chalicelib.counter.domain import VoucherDraft
from chalicelib.counter.errors import DocumentNotShown, SecondPersonRequired
from chalicelib.customers import service as customers
from chalicelib.identity.commands.verify_withdrawal_password import verify_withdrawal_password
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import WITHDRAWAL, Beside, Cash, Companion, move_cash
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemUpdate
from chalicelib.staff import service as staff

_LAST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What the holder asks for: six digits typed at the counter, and from a certain amount on a document."""

    account_id: str
    amount_fen: int
    reference: str
    password: str = field(repr=False)
    document: customers.IdentityDocument | None = None


def pay_out(wanted: Withdrawal, *, teller_id: str, checker_id: str | None = None) -> CashDone:
    """Debit the account and give cash out of the till, in one write; the same reference again answers what was done.

    Raises ReferenceMalformed, AmountOutOfRange, StaffNotEntitled, NotFound, WithdrawalPasswordWrong,
    WithdrawalPasswordMissing, DocumentNotShown and SecondPersonRequired (large amounts), AccountNotActive (frozen,
    lost …), InsufficientFunds, TillNotOpen, TillShort, IdempotencyKeyReused, TryAgain, OutcomeUnknown.
    """
    cash = cash_of(WITHDRAWAL, wanted.account_id, wanted.amount_fen, wanted.reference, teller_id)
    stored = ledger.read_entry(cash.entry_id)
    # A repeat is not asked for the password again: it pays nothing.
    if stored is None:
        account, now = account_at_counter(wanted.account_id), clock.now()
        verify_withdrawal_password(account.customer_id, wanted.account_id, wanted.password, now)
        if is_large(wanted.amount_fen, now):
            require_document(account, wanted.document)
            if checker_id is None:
                raise SecondPersonRequired()
            staff.require_teller(checker_id, cash.branch_id)
    return done(move_cash(cash, companion_of(cash, wanted.document, checker_id)))


def is_large(amount_fen: int, now: dt.datetime) -> bool:
    """Whether a withdrawal needs a document and a second person."""
    return amount_fen >= parameters.value(parameters.CASH_SECOND_PERSON_FEN, now)


def require_document(account: ledger.Account, shown: customers.IdentityDocument | None) -> None:
    """Raise DocumentNotShown unless what is shown is the document on record of the account's holder."""
    profile = customers.find_profile(account.customer_id)
    if shown is None or profile is None or profile.document != shown:
        raise DocumentNotShown()


def companion_of(cash: Cash, document: customers.IdentityDocument | None, checker_id: str | None) -> Companion:
    """The till and the voucher beside the entry; with a checker, who is nobody that the till is of."""
    account = account_at_counter(cash.account_id)

    def beside(facts: ledger.PostingFacts) -> Beside:
        till: ItemUpdate = store.till_update(facts.business_date, cash.teller_id)
        till.require(domain.till_open_rule(cash.branch_id))
        if checker_id is not None:
            till.require(domain.other_person_rule(checker_id))
        number = store.next_number(cash.branch_id, facts.business_date)
        shown = {"document": f"{document.kind} *{document.number[-_LAST_DIGITS:]}"} if document else {}
        draft = VoucherDraft(
            domain.CASH_OUT,
            cash.teller_id,
            facts.posted_at,
            {**account_facts(account, cash.reference), **shown},
            amount_fen=cash.amount_fen,
            checker_id=checker_id,
            entry_id=cash.entry_id,
            customer_id=account.customer_id,
        )
        return Beside(
            (domain.take_out(till, cash.amount_fen),),
            (store.voucher_put(number, draft),),
            {"voucher": str(number), "till": cash.teller_id, **({"checker_id": checker_id} if checker_id else {})},
        )

    return beside
