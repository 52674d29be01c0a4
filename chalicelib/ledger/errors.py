"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_FUNDS, RANK_PAYEE, RANK_PAYER, RANK_RIGHT, Refusal


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
