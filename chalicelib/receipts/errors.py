"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, Refusal


class ReceiptNotReady(Refusal):
    code, status, rank, retry_after_s = "receipt_not_ready", 404, RANK_INSTRUCTION, 1
    zh = "回单尚未生成：转账未执行，或回单正在开具，请稍后再查。"
    en = "There is no receipt yet: the transfer is not executed, or its receipt is being issued."


class ReceiptNotVerified(Refusal):
    code, status, rank = "receipt_not_verified", 404, RANK_INSTRUCTION
    zh = "未能验证：没有该编号与验证码的回单，请核对后重试。"
    en = "Not verified: there is no receipt with this number and code."


class ReceiptNotPrintable(Refusal):
    code, status, rank = "receipt_not_printable", 409, RANK_INSTRUCTION
    zh = "该回单开具于签名回单启用之前，无法生成 PDF，请到网点打印。"
    en = "This receipt is older than signed receipts and cannot be made a PDF: a branch prints it."
