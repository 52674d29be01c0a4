"""Cash into an account with no till beside it: what a bank is founded with. At a counter a teller's till takes it in
(`counter.commands.take_deposit`).
"""

from __future__ import annotations

import datetime as dt

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import DEPOSIT, Cash, draft_cash


def deposit_cash(
    *, account_id: str, branch_id: str, amount_fen: int, reference: str, teller_id: str, at: dt.datetime
) -> str:
    """Debit the branch's cash, credit the customer, dated `at`; the entry's id.

    `reference` (the voucher's number) makes a repeat harmless. Raises PayeeUnavailable when the account
    cannot receive, AmountOutOfRange unless it is above zero.
    """
    cash = Cash(DEPOSIT, account_id, branch_id, amount_fen, reference, teller_id)
    ledger.post(lambda _: draft_cash(cash, at))
    return cash.entry_id
