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


class ReceiptNotSigned(Refusal):
    """Of receipts of before there were signatures."""

    code, status, rank = "receipt_not_signed", 422, RANK_INSTRUCTION
    zh = "该回单开具时尚无电子签名，不能生成文件；其内容请在手机银行查看。"
    en = "The receipt was issued before receipts were signed, so there is no file of it; the app shows what it says."


class ReceiptPeriodTooLong(Refusal):
    code, status, rank = "receipt_period_too_long", 422, RANK_INSTRUCTION
    zh = "该期间的明细超过 {most} 条，无法查找回单；请缩短期间。"
    en = "The period has more than {most} statement lines, too many to find receipts in; please shorten it."
