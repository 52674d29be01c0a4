"""Open the check of a bill that was issued, and say when its customer is to be reminded (XJ-5.3-recon)."""

from __future__ import annotations

import datetime as dt

from chalicelib.billchecks import domain, store
from chalicelib.billchecks.domain import BillCheck, Event
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates


def open_check(account: ledger.Account, month: str, closing_fen: int, lines: tuple[int, int], now: dt.datetime) -> bool:
    """False where the bill has its check already, which stays as it is: a bill may be issued any number of times.

    `lines` are the bill's first and last, 0 where it has none. Raises TryAgain, OutcomeUnknown.
    """
    check_id, at = store.id_of(account.account_id, month), clock.to_text(now)
    if store.read(check_id) is not None:
        return False
    answer_by = clock.to_text(domain.last_moment(now, parameters.value(parameters.BILL_CHECK_OPEN_D, now)))
    check = BillCheck(
        check_id,
        account.account_id,
        month,
        account.customer_id,
        account.branch_id,
        closing_fen,
        *lines,
        issued_at=at,
        answer_by=answer_by,
        changed_at=at,
    )
    try:
        updates.run_together(
            [
                store.put_of(check),
                store.event_put(Event(check_id, check.revision, domain.ISSUED, check.state, at)),
                store.due_put(check_id, store.REMIND, 0, at),
                store.due_put(check_id, store.LAPSE, 0, answer_by),
            ]
        )
    except updates.Overtaken:
        return False
    return True
