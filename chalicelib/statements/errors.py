"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_MALFORMED, Refusal


class MonthMalformed(Refusal):
    code, status, rank = "month_malformed", 400, RANK_MALFORMED
    zh = "月份格式应为 2026-11。"
    en = "A month is written as 2026-11."
