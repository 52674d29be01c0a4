"""Refusals of this context. Those of a document that could not be made stand on it, with their code and sentence."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, RANK_MALFORMED, Refusal


class DocumentFormatUnavailable(Refusal):
    code, status, rank = "document_format_unavailable", 400, RANK_MALFORMED
    zh = "不提供该格式；可选格式：{formats}。"
    en = "This format is not available; choose one of: {formats}."


class DocumentPeriodRefused(Refusal):
    code, status, rank = "document_period_refused", 400, RANK_MALFORMED
    zh = "起始日期不得晚于截止日期，截止日期不得晚于今天（{today}），期间最长 {most} 天。"
    en = "A period starts no later than it ends, ends by today ({today}), and has at most {most} days."


class DocumentsExhausted(Refusal):
    """What is made is kept, vouchers for decades: nobody fills the bank's bucket by asking."""

    code, status, rank = "documents_exhausted", 429, RANK_INSTRUCTION
    zh = "今日申请生成文件的次数已用完（{most} 次），请明日再试；已生成的文件仍可下载。"
    en = "No more files can be asked for today ({most}), try again tomorrow; those that were made can still be fetched."


class DocumentTooManyReceipts(Refusal):
    code, status, rank = "document_too_many_receipts", 422, RANK_INSTRUCTION
    zh = "一个压缩包最多 {most} 份回单，请缩短期间或分批下载。"
    en = "An archive has at most {most} receipts; please shorten the period, or make several."


class DocumentTooLarge(Refusal):
    """The worker's own side."""

    code, status, rank = "document_too_large", 422, RANK_INSTRUCTION
    zh = "文件过大，无法生成；请缩短期间或分批下载。"
    en = "The file would be too large; please shorten the period, or make several."


class DocumentNotMade(Refusal):
    """A fault of ours, of which a dead letter tells the bank."""

    code, status, rank = "document_not_made", 503, RANK_INSTRUCTION
    zh = "文件生成失败，本行已收到告警；请稍后用同一 Idempotency-Key 重新申请。"
    en = "The file could not be made, and the bank has been told; please ask again later with the same Idempotency-Key."
