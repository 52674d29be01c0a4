"""Cash for a branch's vault from the central bank, and back to it (现金调拨): two people, one entry."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.counter import domain, store, vouchers
from chalicelib.counter.commands.take_deposit import CashDone, done
from chalicelib.counter.errors import ReferenceMalformed, SecondPersonRequired
from chalicelib.counter.vouchers import VoucherDraft
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import Beside
from chalicelib.ledger.commands.post_house_entry import HouseEntry, draft_house_entry
from chalicelib.platform import ids
from chalicelib.platform.dynamo import n
from chalicelib.platform.errors import AmountOutOfRange
from chalicelib.staff import service as staff

VAULT_CASH = "vault_cash"


@dataclass(frozen=True, slots=True)
class VaultMove:
    """What to move: `amount_fen` above zero comes in from the central bank, below zero goes back."""

    branch_id: str
    amount_fen: int
    reference: str
    reason: str

    @property
    def entry_id(self) -> str:
        """What may happen once a branch and reference."""
        return ids.derived_id(VAULT_CASH, self.branch_id, self.reference)


def move_vault_cash(move: VaultMove, *, maker_id: str, checker_id: str) -> CashDone:
    """Book the cash and move it, in one write; the same reference again answers what was done.

    Raises ReferenceMalformed, AmountOutOfRange for nothing, SecondPersonRequired, StaffNotEntitled, VaultShort,
    IdempotencyKeyReused, TryAgain, OutcomeUnknown.
    """
    require_vault_move(move)
    if maker_id == checker_id:
        raise SecondPersonRequired()
    for staff_id in (maker_id, checker_id):
        staff.require_teller(staff_id, move.branch_id)
    return done(ledger.post(lambda now: draft_vault_move(move, maker_id, checker_id, now)))


def require_vault_move(move: VaultMove) -> None:
    """Raise ReferenceMalformed or AmountOutOfRange for what cannot be moved."""
    if not domain.is_reference(move.reference):
        raise ReferenceMalformed()
    if move.amount_fen == 0:
        raise AmountOutOfRange()


def draft_vault_move(move: VaultMove, maker_id: str, checker_id: str, now: dt.datetime) -> ledger.Draft:
    """The entry between the branch's cash and the central bank, with the vault and the voucher beside it."""
    entry = ledger.Entry(
        move.entry_id,
        (
            ledger.Leg(ledger.cash_account(move.branch_id), -move.amount_fen, "cash"),
            ledger.Leg(ledger.CENTRAL_BANK_ACCOUNT, move.amount_fen, "cash"),
        ),
    )
    digest = f"{move.branch_id}|{move.amount_fen}".encode()
    wanted = HouseEntry(entry, VAULT_CASH, abs(move.amount_fen), move.reason, maker_id, digest)
    store.open_vault(move.branch_id)

    def beside(facts: ledger.PostingFacts) -> Beside:
        vault = store.vault_update(move.branch_id)
        if move.amount_fen > 0:
            vault.set("#cash_fen = #cash_fen + :amount", amount=n(move.amount_fen))
        else:
            vault.require(domain.vault_cash_rule(-move.amount_fen))
            vault.set("#cash_fen = #cash_fen - :amount", amount=n(-move.amount_fen))
        number = store.next_number(move.branch_id, facts.business_date)
        told = {
            "direction": "人民银行 → 库房" if move.amount_fen > 0 else "库房 → 人民银行",
            "reason": move.reason,
            "reference": move.reference,
        }
        draft = VoucherDraft(
            vouchers.VAULT_MOVED,
            maker_id,
            facts.posted_at,
            told,
            amount_fen=abs(move.amount_fen),
            checker_id=checker_id,
            entry_id=entry.entry_id,
        )
        return Beside((vault,), (store.voucher_put(number, draft),), {"voucher": str(number), "checker_id": checker_id})

    return draft_house_entry(wanted, now, beside)
