"""Cash out of an account over the counter, from the teller's till (NB-5.2.6, NB-5.1.5)."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from chalicelib.counter import domain, store, vouchers
from chalicelib.counter.commands.papers import check_shown
from chalicelib.counter.commands.take_deposit import CashDone, account_at_counter, account_facts, cash_of, done
from chalicelib.counter.errors import DocumentNotShown, SecondPersonRequired
from chalicelib.counter.vouchers import VoucherDraft
from chalicelib.customers import service as customers
from chalicelib.identity.commands.verify_withdrawal_password import verify_withdrawal_password
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import WITHDRAWAL, Beside, Cash, Companion, draft_cash, move_cash
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, keyed
from chalicelib.platform.dynamo import ItemUpdate


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What the holder asks for: six digits typed at the counter, and from a certain amount on a document."""

    account_id: str
    amount_fen: int
    reference: str
    password: str = field(repr=False)
    document: customers.IdentityDocument | None = None


def pay_out(wanted: Withdrawal, *, teller_id: str) -> CashDone:
    """Debit the account and give cash out of the till, in one write; the same reference again answers what was done.

    Raises ReferenceMalformed, AmountOutOfRange, StaffNotEntitled, NotFound, WithdrawalPasswordWrong,
    WithdrawalPasswordMissing, SecondPersonRequired (a large amount: `check_large`), AccountNotActive (frozen, lost …),
    InsufficientFunds, TillNotOpen, TillShort, IdempotencyKeyReused, TryAgain, OutcomeUnknown.
    """
    cash = cash_of(WITHDRAWAL, wanted.account_id, wanted.amount_fen, wanted.reference, teller_id)
    # A repeat is not asked for the password again: it pays nothing.
    if ledger.read_entry(cash.entry_id) is None:
        if is_large(wanted.amount_fen, clock.now()):
            raise SecondPersonRequired()
        account = account_at_counter(wanted.account_id)
        verify_withdrawal_password(account.customer_id, wanted.account_id, wanted.password, clock.now())
    return done(move_cash(cash, _companion(cash, None, None)))


def is_large(amount_fen: int, now: dt.datetime) -> bool:
    """Whether a withdrawal needs a document and a second person."""
    return amount_fen >= parameters.value(parameters.CASH_SECOND_PERSON_FEN, now)


@dataclass(frozen=True, slots=True)
class LargeWithdrawal:
    """What a second person is asked to approve, without what only the counter may see.

    `shown` is the document, masked. `seal` says that password and document were checked for just this on the business
    date `on`; nobody makes one by hand.
    """

    account_id: str
    amount_fen: int
    reference: str
    teller_id: str
    shown: str
    on: str
    seal: str = ""

    @property
    def latest(self) -> dt.datetime:
        """The last moment for which it is good: who stood at the counter on one date is not there on the next."""
        return clock.start_of_day(self.on) + dt.timedelta(days=1)

    def sealed(self) -> str:
        """The seal that it must have."""
        facts = (self.account_id, str(self.amount_fen), self.reference, self.teller_id, self.shown, self.on)
        return keyed.keyed_hash("large withdrawal", *facts).hex()


def check_large(wanted: Withdrawal, *, teller_id: str) -> LargeWithdrawal:
    """Check document and password of a large withdrawal at the counter, for `plan_large`.

    Raises ReferenceMalformed, StaffNotEntitled, NotFound, DocumentNotShown, WithdrawalPasswordWrong,
    WithdrawalPasswordMissing, TryAgain.
    """
    cash = cash_of(WITHDRAWAL, wanted.account_id, wanted.amount_fen, wanted.reference, teller_id)
    account = account_at_counter(wanted.account_id)
    profile = customers.find_profile(account.customer_id)
    shown = check_shown(profile, wanted.document)
    now = clock.now()
    verify_withdrawal_password(account.customer_id, wanted.account_id, wanted.password, now)
    on = clock.business_date(now)
    unsealed = LargeWithdrawal(cash.account_id, cash.amount_fen, cash.reference, teller_id, shown, on)
    return replace(unsealed, seal=unsealed.sealed())


@dataclass(frozen=True, slots=True)
class PlannedLarge:
    """A large withdrawal as it would be done: where, what is known of it, and its write by a second person."""

    branch_id: str
    facts: Mapping[str, str]
    draft: Callable[[str, dt.datetime], ledger.Draft]


def plan_large(wanted: LargeWithdrawal) -> PlannedLarge:
    """Plan what a second person approves. The write refuses a checker who is the till's teller.

    Raises DocumentNotShown for what the counter has not checked, StaffNotEntitled, NotFound, IdempotencyKeyReused for
    what was done before.
    """
    if not hmac.compare_digest(wanted.seal, wanted.sealed()):
        raise DocumentNotShown()
    cash = cash_of(WITHDRAWAL, wanted.account_id, wanted.amount_fen, wanted.reference, wanted.teller_id)
    if ledger.read_entry(cash.entry_id) is not None:
        raise ledger.IdempotencyKeyReused()
    facts = {**account_facts(account_at_counter(wanted.account_id), wanted.reference), "document": wanted.shown}

    def draft(checker_id: str, now: dt.datetime) -> ledger.Draft:
        return draft_cash(cash, now, _companion(cash, wanted.shown, checker_id))

    return PlannedLarge(cash.branch_id, facts, draft)


def _companion(cash: Cash, shown: str | None, checker_id: str | None) -> Companion:
    """The till and the voucher beside the entry; with a checker, who is nobody that the till is of."""
    account = account_at_counter(cash.account_id)

    def beside(facts: ledger.PostingFacts) -> Beside:
        till: ItemUpdate = store.till_update(facts.business_date, cash.teller_id)
        till.require(domain.till_open_rule(cash.branch_id))
        if checker_id is not None:
            till.require(domain.other_person_rule(checker_id))
        number = store.next_number(cash.branch_id, facts.business_date)
        draft = VoucherDraft(
            vouchers.CASH_OUT,
            cash.teller_id,
            facts.posted_at,
            {**account_facts(account, cash.reference), **({"document": shown} if shown else {})},
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
