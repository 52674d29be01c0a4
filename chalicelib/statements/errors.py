"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_MALFORMED, Refusal


class MonthMalformed(Refusal):
    code, status, rank = "month_malformed", 400, RANK_MALFORMED
    zh = "月份格式应为 2026-11。"
    en = "A month is written as 2026-11."


class StatementTooLong(Refusal):
    code, status, rank = "statement_too_long", 422, RANK_MALFORMED
    zh = "该期间交易超过此格式最多 {most_lines} 笔，请缩短期间或改用其他格式。"
    en = "The period has more lines than the {most_lines} of this format; please shorten it or take another format."
