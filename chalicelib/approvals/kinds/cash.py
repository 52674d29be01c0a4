"""Cash that two people move: a large withdrawal over the counter, and a vault's cash."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.approvals.domain import Decision, Kind, Proposal, Write
from chalicelib.approvals.kinds.planned import proposal_of
from chalicelib.counter.commands.correct_cash import Correction, plan_correction
from chalicelib.counter.commands.move_vault_cash import VaultMove, draft_vault_move, require_vault_move
from chalicelib.counter.commands.papers import Reason, Reference
from chalicelib.counter.commands.pay_out import LargeWithdrawal, plan_large
from chalicelib.counter.errors import CashCorrectionRefused, DocumentNotShown, ReferenceMalformed, SecondPersonRequired
from chalicelib.ledger import service as ledger
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.platform import fields
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.money import Money, decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled


class CashWithdrawal(Body):
    """What the counter has checked, and the seal that says so: nobody asks for this by hand."""

    account: fields.AccountId
    amount: fields.AmountText
    reference: Reference
    teller: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    shown: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    on: Annotated[str, Field(pattern="^[0-9]{8}$")]
    seal: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class VaultCash(Body):
    """Cash between a branch's vault and the central bank."""

    branch: Annotated[str, Field(pattern="^[0-9]{4,10}$", description="机构号 / branch")]
    direction: Annotated[Literal["in", "out"], Field(description="in 入库，out 出库 / into or out of the vault")]
    amount: fields.AmountText
    reference: Reference
    reason: Reason


class CashCorrection(Body):
    """Which voucher's cash is undone, and why."""

    voucher: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    reason: Reason


def _withdrawal(payload: CashWithdrawal, _: dt.datetime) -> Proposal:
    wanted = LargeWithdrawal(
        payload.account,
        Money.parse(payload.amount).amount_fen,
        payload.reference,
        payload.teller,
        payload.shown,
        payload.on,
        payload.seal,
    )
    planned = plan_large(wanted)

    def writes(by: Decision) -> list[Write]:
        if by.maker != wanted.teller_id:
            raise SecondPersonRequired()
        return planned.draft(by.checker, by.now).writes()

    known = {**planned.facts, "amount": payload.amount, "teller": payload.teller}
    return Proposal(
        branch_id=planned.branch_id,
        before={**known, "state": "requested"},
        after={**known, "state": "paid"},
        writes=writes,
        latest=wanted.latest,
    )


def _vault(payload: VaultCash, _: dt.datetime) -> Proposal:
    amount_fen = Money.parse(payload.amount).amount_fen
    signed_fen = amount_fen if payload.direction == "in" else -amount_fen
    move = VaultMove(payload.branch, signed_fen, payload.reference, payload.reason)
    require_vault_move(move)
    known = {"branch": payload.branch, "direction": payload.direction, "amount": decimal_text(amount_fen)}

    def writes(by: Decision) -> list[Write]:
        for staff_id in (by.maker, by.checker):
            # Of that very branch, or the head office: scope alone would let a branch move what is its sub-branches'.
            staff.require_teller(staff_id, payload.branch)
        return draft_vault_move(move, by.maker, by.checker, by.now).writes()

    return Proposal(
        branch_id=payload.branch,
        before={**known, "state": "requested"},
        after={**known, "state": "moved"},
        writes=writes,
    )


def _correct(payload: CashCorrection, now: dt.datetime) -> Proposal:
    return proposal_of(plan_correction(Correction(payload.voucher, payload.reason), now))


CASH_WITHDRAWAL = Kind(
    code="cash.withdraw",
    zh="大额取款",
    en="large withdrawal of cash",
    payload=CashWithdrawal,
    words={
        "account": ("账号", "account"),
        "holder": ("户名", "holder"),
        "amount": ("金额（元）", "amount in yuan"),
        "document": ("核对证件", "document"),
        "reference": ("业务参考号", "reference"),
        "teller": ("经办柜员", "teller"),
        "state": ("状态", "state"),
    },
    makes=staff.COUNTER_CASH,
    checks=staff.COUNTER_APPROVE,
    propose=_withdrawal,
    refusals=(
        NotFound,
        StaffNotEntitled,
        AmountOutOfRange,
        DocumentNotShown,
        ReferenceMalformed,
        SecondPersonRequired,
        ledger.IdempotencyKeyReused,
    ),
)
VAULT_CASH = Kind(
    code="cash.vault",
    zh="库房现金调拨",
    en="cash of a vault",
    payload=VaultCash,
    words={
        "branch": ("机构", "branch"),
        "direction": ("方向", "direction"),
        "amount": ("金额（元）", "amount in yuan"),
        "state": ("状态", "state"),
    },
    makes=staff.COUNTER_CASH,
    checks=staff.COUNTER_APPROVE,
    propose=_vault,
    refusals=(AmountOutOfRange, ReferenceMalformed, ledger.IdempotencyKeyReused),
)
CASH_CORRECTION = Kind(
    code="cash.correct",
    zh="现金冲账",
    en="correction of wrong cash",
    payload=CashCorrection,
    words={
        "corrects": ("原凭证号", "voucher corrected"),
        "account": ("账号", "account"),
        "holder": ("户名", "holder"),
        "side": ("冲账方向", "side"),
        "amount": ("金额（元）", "amount in yuan"),
        "reference": ("业务参考号", "reference"),
        "teller": ("经办柜员", "teller"),
        "reason": ("冲账原因", "reason"),
        "state": ("状态", "state"),
    },
    makes=staff.COUNTER_CASH,
    checks=staff.COUNTER_APPROVE,
    propose=_correct,
    refusals=(NotFound, CashCorrectionRefused, EntryNotReversible),
)
