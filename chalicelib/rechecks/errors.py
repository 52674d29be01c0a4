"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, Refusal


class SampleDateNotOver(Refusal):
    code, status, rank = "sample_date_not_over", 409, RANK_INSTRUCTION
    zh = "该会计日期尚未结束，请于次日再抽样。"
    en = "This business date is not over: draw the sample from the next day on."


class EntryNotSampled(Refusal):
    code, status, rank = "entry_not_sampled", 422, RANK_INSTRUCTION
    zh = "该笔业务不在此样本中，请核对样本中的业务编号。"
    en = "This entry is not in the sample: take one that the sample lists."
