"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, Refusal


class DayNotSealed(Refusal):
    code, status, rank = "day_not_sealed", 404, RANK_INSTRUCTION
    zh = "会计日期 {date} 尚未封存，日终并封存后再查。"
    en = "Business date {date} is not sealed yet; ask again once it has been closed and sealed."


class ReceiptProofNotFound(Refusal):
    code, status, rank = "receipt_proof_not_found", 404, RANK_INSTRUCTION
    zh = "没有该编号的回单，请核对后重试。"
    en = "There is no receipt with this number."
