"""A teller's mistake with cash is undone on its day by two people (冲账): entry and till in one write, in red.

What was meant is then taken in or paid out anew, under a reference of its own.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.counter import domain, service, store, vouchers
from chalicelib.counter.commands.take_deposit import account_at_counter, account_facts
from chalicelib.counter.domain import People, Plan, Write
from chalicelib.counter.errors import CashCorrectionRefused, SecondPersonRequired
from chalicelib.counter.vouchers import Voucher
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import DEPOSIT, Beside
from chalicelib.ledger.commands.reverse_entry import Order, cash_entry, draft_reversal, reversal_id_of
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.platform.money import decimal_text

_CASH = (vouchers.CASH_IN.code, vouchers.CASH_OUT.code)


@dataclass(frozen=True, slots=True)
class Correction:
    """Which voucher's cash is undone, and why."""

    number: str
    reason: str


def plan_correction(wanted: Correction, now: dt.datetime) -> Plan:
    """Take back a deposit or a withdrawal of a till that is still open.

    Asked for by whose till it is; the checker is another. Raises NotFound, CashCorrectionRefused (no voucher of cash,
    of another date, corrected before). Its write refuses TillNotOpen, TillShort, SecondPersonRequired,
    AccountNotActive and InsufficientFunds (the holder has spent it), PayeeUnavailable.
    """
    voucher = service.voucher_of(wanted.number)
    if voucher.kind not in _CASH or voucher.entry_id is None or voucher.amount_fen is None:
        raise CashCorrectionRefused(reason="不是现金存取款凭证 / it is of no cash")
    if voucher.business_date != clock.business_date(now):
        raise CashCorrectionRefused(reason="只能在原凭证当日冲账 / only on its own business date")
    original = cash_entry(voucher.entry_id)
    if "reversed_by" in original:
        raise CashCorrectionRefused(reason="该凭证已冲账 / it has been corrected")
    (account_id,) = ledger.entry_from_image(original).customer_accounts()
    account = account_at_counter(account_id)
    known = {
        **account_facts(account, voucher.facts["reference"]),
        "corrects": voucher.number,
        "side": "红字存款" if original["kind"] == DEPOSIT else "红字取款",
        "amount": decimal_text(voucher.amount_fen),
        "teller": voucher.teller_id,
        "reason": wanted.reason,
    }

    def writes(by: People) -> list[Write]:
        if by.maker_id != voucher.teller_id:
            raise SecondPersonRequired()
        order = Order(wanted.reason, by.maker_id, reversal_id_of(original["entry_id"]), approved_by=by.checker_id)
        draft = draft_reversal(
            original, order, by.now, companion=lambda facts: _beside(voucher, original, account, known, by, facts)
        )
        return draft.writes()

    latest = clock.start_of_day(voucher.business_date) + dt.timedelta(days=1)
    return Plan(voucher.branch_id, {**known, "state": "posted"}, {**known, "state": "corrected"}, writes, latest)


def _beside(
    voucher: Voucher,
    original: Image,
    account: ledger.Account,
    known: dict[str, str],
    by: People,
    facts: ledger.PostingFacts,
) -> Beside:
    """The till's cash as if nothing had been done, and the voucher in red that says what it corrects."""
    amount_fen = int(original["amount_fen"])
    till = store.till_update(voucher.business_date, original["till"])
    till.require(domain.till_open_rule(voucher.branch_id), domain.other_person_rule(by.checker_id))
    undo = domain.take_back if original["kind"] == DEPOSIT else domain.get_back
    number = store.next_number(voucher.branch_id, facts.business_date)
    draft = vouchers.VoucherDraft(
        vouchers.CASH_CORRECTED,
        by.maker_id,
        facts.posted_at,
        known,
        amount_fen=amount_fen,
        checker_id=by.checker_id,
        entry_id=reversal_id_of(original["entry_id"]),
        customer_id=account.customer_id,
    )
    told = {"voucher": str(number), "till": str(original["till"]), "corrects": voucher.number}
    return Beside((undo(till, amount_fen),), (store.voucher_put(number, draft),), told)
