"""A teller takes a till from the branch's vault for the business date (领用尾箱)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from chalicelib.counter import domain, service, store, vouchers
from chalicelib.counter.domain import Till
from chalicelib.counter.errors import TillOpenedBefore
from chalicelib.counter.vouchers import Number, VoucherDraft
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, n
from chalicelib.platform.errors import AmountOutOfRange


def open_till(teller_id: str, cash_fen: int) -> Till:
    """Open the teller's till with counted cash that leaves the vault; a repeat with the same amount is harmless.

    Raises AmountOutOfRange below zero, StaffNotEntitled, VaultShort, TillOpenedBefore: one till a teller and date.
    """
    if cash_fen < 0:
        raise AmountOutOfRange()
    branch_id = service.branch_of_teller(teller_id)
    before = store.till(clock.business_date(clock.now()), teller_id)
    if before is not None:
        return _same(before, cash_fen)
    store.open_vault(branch_id)  # where the cash goes back to, even if none came from there

    def plan(number: Number, now: dt.datetime) -> Sequence[ItemPut | ItemUpdate]:
        if store.till(number.business_date, teller_id) is not None:
            raise TillOpenedBefore()
        at = clock.to_text(now)
        till = domain.new_till(number.business_date, teller_id, branch_id, cash_fen, at)
        writes: list[ItemPut | ItemUpdate] = [
            store.till_put(till),
            store.voucher_put(
                number,
                VoucherDraft(vouchers.TILL_OPENED, teller_id, at, {"till": teller_id}, amount_fen=cash_fen),
            ),
        ]
        if cash_fen:
            vault = store.vault_update(branch_id).require(domain.vault_cash_rule(cash_fen))
            writes.append(vault.set("#cash_fen = #cash_fen - :amount", amount=n(cash_fen)))
        return writes

    try:
        number = service.write_numbered(branch_id, plan)
    except TillOpenedBefore:
        return _same(service.till_of(clock.business_date(clock.now()), teller_id), cash_fen)
    return service.till_of(number.business_date, teller_id)


def _same(till: Till, cash_fen: int) -> Till:
    if till.state != domain.OPEN or till.opened_fen != cash_fen:
        raise TillOpenedBefore()
    return till
