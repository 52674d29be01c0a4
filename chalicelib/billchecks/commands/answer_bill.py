"""A customer confirms a bill with the balance they were shown, or disputes it (XJ-5.3-recon)."""

from __future__ import annotations

import datetime as dt

from chalicelib.billchecks import domain
from chalicelib.billchecks.commands.step import Writes, step
from chalicelib.billchecks.domain import BillCheck, Event
from chalicelib.billchecks.service import check_of
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller


def confirm(caller: Caller, account_id: str, month: str, closing: str, now: dt.datetime) -> BillCheck:
    """The check, confirmed; sent again it is answered as it was.

    Raises NotFound (also for another's account and a bill that is not issued), EditionNotEntitled, BillBalanceDiffers,
    BillCheckAnswered, BillAccountClosed, TryAgain, OutcomeUnknown (send the same again).
    """
    check, at = check_of(caller, account_id, month), clock.to_text(now)
    said = Event(check.check_id, 0, domain.CONFIRMED, "", at, by=caller.customer_id, session_id=caller.session_id)
    return step(check.check_id, lambda found: found.confirmed(closing, at), said, now, _account_open)


def dispute(
    caller: Caller, account_id: str, month: str, said: tuple[str, str, list[int]], now: dt.datetime
) -> BillCheck:
    """The check, disputed with `said` (reason, the customer's own words, lines), and its ticket open.

    Raises what `confirm` raises but BillBalanceDiffers, and BillLineUnknown.
    """
    check, at = check_of(caller, account_id, month), clock.to_text(now)
    row = Event(check.check_id, 0, domain.DISPUTED, "", at, caller.customer_id, caller.session_id, said[1])
    return step(check.check_id, lambda found: found.disputed(*said, at), row, now, _account_open)


def _account_open(check: BillCheck) -> Writes:
    update = ledger.account_update(check.account_id, payee=False)
    return [update.require(domain.account_rule())]
