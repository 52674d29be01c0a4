"""What customers hear of their bills and disputes (XJ-5.3-recon)."""

from __future__ import annotations

import datetime as dt

from chalicelib.billchecks import service as billchecks
from chalicelib.ledger import service as ledger
from chalicelib.notifications import domain
from chalicelib.notifications.sending import tell
from chalicelib.notifications.store import InboxItem
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids

_CLOSED = "closed"


def tell_bill_check(check_id: str, kind: str, number: str, due_at: str) -> bool:
    """Remind the owner of an account that its bill waits for an answer, or tell them what became of their dispute;
    False when that is no longer so, or the account is closed (XJ-5.3-recon).

    Told once however often. Raises Retryable while a provider fails for now.
    """
    check = billchecks.read(check_id)
    if check is None or check.state != (billchecks.RESOLVED if kind == "tell" else billchecks.WAITING):
        return False
    account = ledger.read_accounts([check.account_id]).get(check.account_id)
    if account is None or account.state == _CLOSED:
        return False
    zh, en = _texts(check, kind, clock.now())
    tell(
        InboxItem(
            check.customer_id,
            f"{due_at}#{ids.derived_id('bill-check', check_id, kind, number)}",
            kind="bill",
            text=zh,
            text_en=en,
            created_at=due_at,
            account_id=check.account_id,
        )
    )
    return True


def _texts(check: billchecks.BillCheck, kind: str, now: dt.datetime) -> domain.Both:
    if kind == "tell":
        closed = parameters.value(parameters.BILL_CHECK_TEXTS["closed"], now)
        outcome = billchecks.OUTCOMES[check.outcome]
        return domain.bill_closed_texts(closed, account_id=check.account_id, month=check.month, outcome=outcome)
    due = parameters.value(parameters.BILL_CHECK_TEXTS["due"], now)
    answer_by = clock.from_text(check.answer_by)
    return domain.bill_due_texts(due, account_id=check.account_id, month=check.month, answer_by=answer_by)
