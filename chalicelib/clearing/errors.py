"""Refusals of this context, and why an answer of the network is kept aside."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, RANK_PAYEE, Refusal


class BankUnknown(Refusal):
    code, status, rank = "payee_bank_unknown", 422, RANK_PAYEE
    zh = "收款行行号不在行名行号表中，请核对。"
    en = "No bank has this clearing code; please check it."


class PaymentNotOpen(Refusal):
    """It has been settled or returned: what was quicker stands."""

    code, status, rank = "clearing_payment_not_open", 409, RANK_INSTRUCTION
    zh = "该笔跨行汇款当前状态（{state}）不能再变更。"
    en = "The payment to another bank has ended ({state}) and does not change any more."


class AnswerRefused(Exception):
    """What came from the network is not applied: its file is kept aside under `reason`, for a person to look at."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
