"""A posted entry is reversed by hand: its mirror is posted in the approval's own transaction (NB-5.1.6)."""

from __future__ import annotations

import datetime as dt

from chalicelib.approvals.domain import Decision, Kind, Proposal, Write
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.reverse_entry import Order, reversible_entry
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.platform import fields
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.masking import mask_account
from chalicelib.platform.money import decimal_text
from chalicelib.recalls import service as recalls
from chalicelib.staff import service as staff
from chalicelib.transfers.commands.reverse_transfer import draft_transfer_reversal


class EntryReversal(Body):
    """Which entry."""

    entry_id: fields.EntryId


def _propose(payload: EntryReversal, now: dt.datetime) -> Proposal:
    original = reversible_entry(payload.entry_id)
    if recalls.is_returned(original["entry_id"], now):
        # Its payee would give the money back twice.
        raise EntryNotReversible()
    known = {
        "entry": original["entry_id"],
        "posted_at": original["posted_at"],
        "amount": decimal_text(original["captured_fen" if "captured_fen" in original else "amount_fen"]),
        **{
            side: mask_account(original[f"{side}_account"])
            for side in ("payer", "payee")
            if original.get(f"{side}_account")
        },
    }
    is_reversed = "reversed_by" in original

    def writes(by: Decision) -> list[Write]:
        order = Order(by.reason, by.maker, by.correlation_id, approved_by=by.checker)
        return draft_transfer_reversal(original, order, by.now).writes()

    return Proposal(
        branch_id=_branch_of(original),
        before={**known, "state": "reversed" if is_reversed else "posted"},
        after={**known, "state": "reversed"},
        writes=writes,
    )


def _branch_of(original: Image) -> str:
    """The branch of who paid, else of who got it; the head office's for an entry between house accounts."""
    wanted = original.get("payer_account") or next(iter(ledger.entry_from_image(original).customer_accounts()), None)
    account = ledger.read_accounts([wanted]).get(wanted) if wanted else None
    return str(account.image["branch_id"]) if account else staff.HEAD_OFFICE


ENTRY_REVERSAL = Kind(
    code="entry.reverse",
    zh="手工冲正",
    en="manual reversal of an entry",
    payload=EntryReversal,
    words={
        "entry": ("分录编号", "entry"),
        "posted_at": ("记账时间（UTC）", "posted at (UTC)"),
        "payer": ("付款账户", "payer"),
        "payee": ("收款账户", "payee"),
        "amount": ("金额（元）", "amount in yuan"),
        "state": ("状态", "state"),
    },
    makes=staff.REVERSALS_REQUEST,
    checks=staff.REVERSALS_APPROVE,
    propose=_propose,
    refusals=(NotFound, EntryNotReversible),
)
