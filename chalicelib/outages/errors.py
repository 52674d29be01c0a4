"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, RANK_MALFORMED, RANK_RIGHT, Refusal


class OutageRunning(Refusal):
    """One scope has at most one outage that has not ended, whoever opens it."""

    code, status, rank = "outage_running", 409, RANK_INSTRUCTION
    zh = "该范围已有一起尚未结束的中断，请在那一条上继续登记。"
    en = "This scope already has an outage that has not ended: go on with that one."


class OutageTimesDisordered(Refusal):
    code, status, rank = "outage_times_disordered", 422, RANK_MALFORMED
    zh = "时间须依次为开始、结束、处理基本结束，不晚于当前时间；开始时间不早于登记前一年。"
    en = (
        "An outage begins, ends and is handled in this order, not in the future; "
        "it begins at most a year before it is noted."
    )


class OutageStepRefused(Refusal):
    """What cannot be noted of an outage in its state, or is noted already."""

    code, status, rank = "outage_step_refused", 409, RANK_INSTRUCTION
    zh = "该中断的当前状态（{state}）不能办理此项登记。"
    en = "This cannot be noted of an outage that is {state}."


class OutageReportMissing(Refusal):
    """NB-5.1.8-7."""

    code, status, rank = "outage_report_missing", 409, RANK_INSTRUCTION
    zh = "该中断须报告监管部门，两份报告均登记后才能归档。"
    en = "This outage must be reported to the regulator: it is closed once both reports are noted."


class ExplanationOwn(Refusal):
    """NB-5.1.5: what everybody reads is looked at by another person."""

    code, status, rank = "explanation_own", 403, RANK_RIGHT
    zh = "对外说明须由起草人以外的人员发布。"
    en = "An explanation is published by another person than who wrote it."


class RegisterChanged(Refusal):
    """Somebody else wrote to the same row since it was read; nothing was done."""

    code, status, rank = "register_changed", 409, RANK_INSTRUCTION
    zh = "该记录刚被他人更新，请重新查看后再登记。"
    en = "Somebody else has just changed this record: look at it again first."


class CaseStepRefused(Refusal):
    """What cannot be noted of a customer's emergency in its state."""

    code, status, rank = "case_step_refused", 409, RANK_INSTRUCTION
    zh = "该应急事项的当前状态（{state}）不能办理此项登记。"
    en = "This cannot be noted of a case that is {state}."
