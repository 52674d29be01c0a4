"""Pay whom a scanned code names: a transfer like any other, whose write the code is a part of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.paycodes import service
from chalicelib.platform.callers import Caller
from chalicelib.transfers.commands.create_transfer import Created, create_transfer
from chalicelib.transfers.service import Request


@dataclass(frozen=True, slots=True)
class Scan:
    """What the payer scanned and entered; `amount_fen` may be None where the payee asks for an amount."""

    payload: str
    payer_account: str
    amount_fen: int | None
    purpose: str
    factor: str
    factor_id: str


def pay_by_code(caller: Caller, key: str, scan: Scan, correlation_id: str, now: dt.datetime) -> Created:
    """Make the transfer that the payer's factor then confirms (`POST /v1/transfers/{id}/confirmation`).

    The same again answers what was made, also after it was paid. Raises PayCodeUnknown, PayCodeAmountDiffers,
    PayCodeAmountMissing, why the code cannot be paid, and whatever creating a transfer is refused for.
    """
    code = service.scanned(scan.payload)
    request = Request(
        payer_account=scan.payer_account,
        payee_account=code.account_id,
        payee_name=code.holder,
        amount_fen=code.amount_to_pay(scan.amount_fen),
        currency="CNY",
        purpose=scan.purpose,
        factor=scan.factor,
        factor_id=scan.factor_id,
    )
    return create_transfer(caller, key, request, correlation_id, now, paycode=code)
