"""Cash into an account over the counter, through the teller's till (NB-5.2.6)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.counter import domain, service, store, vouchers
from chalicelib.counter.errors import ReferenceMalformed
from chalicelib.counter.vouchers import VoucherDraft
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import DEPOSIT, Beside, Cash, move_cash
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_account, mask_name


@dataclass(frozen=True, slots=True)
class CashDone:
    """What came of it: the entry, its voucher, and whether it had been done before."""

    entry_id: str
    voucher: str
    hit: bool


def take_deposit(account_id: str, amount_fen: int, *, reference: str, teller_id: str) -> CashDone:
    """Take cash into the till and credit the account, in one write; the same reference again answers what was done.

    Raises ReferenceMalformed, AmountOutOfRange, StaffNotEntitled, NotFound (no such account), PayeeUnavailable (closed
    or dormant), TillNotOpen, IdempotencyKeyReused, TryAgain, OutcomeUnknown.
    """
    cash = cash_of(DEPOSIT, account_id, amount_fen, reference, teller_id)
    account = account_at_counter(account_id)

    def beside(facts: ledger.PostingFacts) -> Beside:
        till = store.till_update(facts.business_date, teller_id).require(domain.till_open_rule(cash.branch_id))
        number = store.next_number(cash.branch_id, facts.business_date)
        draft = VoucherDraft(
            vouchers.CASH_IN,
            teller_id,
            facts.posted_at,
            account_facts(account, reference),
            amount_fen=amount_fen,
            entry_id=cash.entry_id,
            customer_id=account.customer_id,
        )
        return Beside(
            (domain.put_in(till, amount_fen),),
            (store.voucher_put(number, draft),),
            {"voucher": str(number), "till": teller_id},
        )

    return done(move_cash(cash, beside))


def cash_of(kind: str, account_id: str, amount_fen: int, reference: str, teller_id: str) -> Cash:
    """The move at the teller's own branch; raises ReferenceMalformed, StaffNotEntitled."""
    if not domain.is_reference(reference):
        raise ReferenceMalformed()
    return Cash(kind, account_id, service.branch_of_teller(teller_id), amount_fen, reference, teller_id)


def account_at_counter(account_id: str) -> ledger.Account:
    """A customer's account of any branch; raises NotFound for the bank's own, and for none."""
    account = None if ledger.is_house(account_id) else ledger.read_accounts([account_id]).get(account_id)
    if account is None:
        raise NotFound()
    return account


def account_facts(account: ledger.Account, reference: str) -> dict[str, str]:
    """What a voucher says of an account, masked as the bank's forms do."""
    return {
        "account": mask_account(account.account_id),
        "holder": mask_name(account.holder),
        "reference": reference,
    }


def done(posted: ledger.Posted) -> CashDone:
    """What was posted, now or before; raises IdempotencyKeyReused for what was corrected since."""
    if posted.replayed is not None:
        if "reversed_by" in posted.replayed:
            raise ledger.IdempotencyKeyReused()
        return CashDone(posted.draft.entry_id, str(posted.replayed["voucher"]), hit=True)
    (voucher,) = [row.item["number"]["S"] for row in posted.draft.rows if "number" in row.item]
    return CashDone(posted.draft.entry_id, voucher, hit=False)
