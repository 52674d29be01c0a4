"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import (
    RANK_FUNDS,
    RANK_INSTRUCTION,
    RANK_KEY_REUSED,
    RANK_PAYEE,
    RANK_PAYER,
    RANK_RIGHT,
    Refusal,
)


class InsufficientFunds(Refusal):
    code, status, rank = "insufficient_funds", 422, RANK_FUNDS
    zh = "账户可用余额不足。"
    en = "The account's available balance is not enough."


class AccountNotActive(Refusal):
    code, status, rank = "account_not_active", 422, RANK_PAYER
    zh = "付款账户当前状态（{state}）不能付款，请联系网点。"
    en = "The paying account cannot pay in its state ({state}); please contact a branch."


class AccountQueryOnly(Refusal):
    """NB-5.4.1-pro: accounts added online are query-only."""

    code, status, rank = "account_query_only", 403, RANK_RIGHT
    zh = "该账户仅开通查询，转账请到网点签约。"
    en = "This account is for queries only; sign it up for transfers at a branch."


class PayeeUnavailable(Refusal):
    """One answer for a payee that does not exist, is closed, or has another name (no way to probe)."""

    code, status, rank = "payee_unavailable", 422, RANK_PAYEE
    zh = "收款账号与户名不符，或该账户不能收款，请核对。"
    en = "The payee's account and name do not match, or the account cannot receive; please check."


class HoldNotOpen(Refusal):
    code, status, rank = "hold_not_open", 409, RANK_INSTRUCTION
    zh = "该笔圈存资金当前状态（{state}）不能再处理。"
    en = "The hold can no longer be used in its state ({state})."


class HoldExpired(Refusal):
    code, status, rank = "hold_expired", 409, RANK_INSTRUCTION
    zh = "该笔圈存资金已过有效期。"
    en = "The hold has expired."


class HoldNotExpired(Refusal):
    code, status, rank = "hold_not_expired", 409, RANK_INSTRUCTION
    zh = "该笔圈存资金尚在有效期内。"
    en = "The hold has not expired yet."


class HoldExceeded(Refusal):
    code, status, rank = "hold_exceeded", 422, RANK_FUNDS
    zh = "入账金额超过圈存金额 {held} 元。"
    en = "More than the {held} that is held."


class EntryNotReversible(Refusal):
    """Not posted, a reversal itself, or reversed before: a reversal references its original once."""

    code, status, rank = "entry_not_reversible", 409, RANK_INSTRUCTION
    zh = "该笔分录不能冲正：未入账、本身为冲正，或已被冲正。"
    en = "The entry cannot be reversed: it is not posted, is a reversal, or has been reversed."


class StateChangeRefused(Refusal):
    code, status, rank = "account_state_change_refused", 409, RANK_PAYER
    zh = "账户不能由状态 {state} 变更为 {wanted}，或仍有余额、圈存资金。"
    en = "The account cannot go from {state} to {wanted}, or it still holds money."


class FrozenByCourt(Refusal):
    code, status, rank = "frozen_by_court", 409, RANK_PAYER
    zh = "该账户已被有权机关冻结，只能凭法律文书解除。"
    en = "The account is frozen by an authority's order; only a document lifts that."


class DeferredLegsDue(Refusal):
    """Payments may be on their way to the account. Its deferred credit ends first, then a business date closes."""

    code, status, rank = "account_deferred_legs_due", 409, RANK_PAYER
    zh = "该账户可能仍有在途入账：须先停止批量入账，待停止当日日终完成后方可销户。"
    en = "Payments may be on their way to the account: end its deferred credit, and close it after that day has closed."


class CreditNotDeferred(Refusal):
    code, status, rank = "account_credit_not_deferred", 409, RANK_PAYER
    zh = "该账户不是批量入账账户，或批量入账已停止。"
    en = "The account is not credited from the stream, or no longer."


class IdempotencyKeyReused(Refusal):
    code, status, rank = "idempotency_key_reused", 409, RANK_KEY_REUSED
    zh = "该 Idempotency-Key 已用于另一笔内容不同的转账。"
    en = "This Idempotency-Key belongs to a transfer with other contents."
