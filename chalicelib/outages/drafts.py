"""Report drafts, filled from data: Chinese first, as the regulator reads it. Pure; no I/O, no clock (NB-5.1.8-7).

What nobody has noted yet is marked as open, so that no report goes out with a gap that nobody saw.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.outages.domain import FIRST, SCOPES, WHOLE, Outage
from chalicelib.outages.hours import NOTHING, Split
from chalicelib.platform import clock

OPEN_ZH, OPEN_EN = "（待补充）", "(to be added)"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a draft says. `figures`: business date, entries booked on it, and on the same day a week before."""

    outage: Outage
    which: str
    split: Split
    is_reportable: bool
    is_assumed: bool
    figures: tuple[tuple[str, int, int], ...]
    now: dt.datetime


def in_chinese(facts: Facts) -> str:
    """The draft in Chinese."""
    outage, terms, split = facts.outage, facts.outage.terms, facts.split
    against = "总时长" if terms.reading == WHOLE else "正常工作时间外"
    lines = [
        f"网上服务非计划中断情况报告（{'首次' if facts.which == FIRST else '处理结果'}，草稿）",
        f"编号：{outage.outage_id}    起草时间：{clock.to_local_text(facts.now)}（北京时间）",
        "一、基本情况",
        f"  范围：{SCOPES[outage.scope][0]}",
        f"  开始：{_local(outage.opened_at)}    恢复：{_local(outage.ended_at) or '尚未恢复'}",
        f"  处理基本结束：{_local(outage.handled_at) or '尚未结束'}",
        "二、中断时长",
        f"  共 {_span_zh(split.whole)}，其中正常工作时间（{terms.working_hours}，工作日）内 {_span_zh(split.inside)}，"
        f"正常工作时间外 {_span_zh(split.outside)}。",
    ]
    if split.unknown > NOTHING:
        lines.append(f"  另有 {_span_zh(split.unknown)} 所在日期是否为工作日尚未公布，两项标准均计入。")
    lines += [
        f"  报告标准：正常工作时间内超过 {terms.inside_min} 分钟，或{against}超过 {terms.outside_min} 分钟。"
        f"结论：{_verdict_zh(facts)}。",
        "三、影响",
        f"  {outage.impact or OPEN_ZH}",
        *(f"  {day} 入账业务 {booked} 笔，上周同日 {before} 笔。" for day, booked, before in facts.figures),
        "四、原因",
        f"  {outage.cause or OPEN_ZH}",
        "五、补救措施",
        f"  {outage.remedy or OPEN_ZH}",
        "六、处理情况",
        f"  {outage.handling or OPEN_ZH}",
        f"七、报告时限：{_due_zh(facts)}",
    ]
    return "\n".join(lines)


def in_english(facts: Facts) -> str:
    """The same in English."""
    outage, terms, split = facts.outage, facts.outage.terms, facts.split
    against = "in all" if terms.reading == WHOLE else "outside them"
    lines = [
        f"Unplanned suspension of online service ({'first' if facts.which == FIRST else 'final'} report, draft)",
        f"Number: {outage.outage_id}    Drafted: {clock.to_local_text(facts.now)} (Beijing time)",
        "1. What happened",
        f"  Scope: {SCOPES[outage.scope][1]}",
        f"  Began: {_local(outage.opened_at)}    Back: {_local(outage.ended_at) or 'not yet'}",
        f"  Handling basically finished: {_local(outage.handled_at) or 'not yet'}",
        "2. Duration",
        f"  {_span_en(split.whole)} in all: {_span_en(split.inside)} inside working hours ({terms.working_hours} on "
        f"working days), {_span_en(split.outside)} outside.",
    ]
    if split.unknown > NOTHING:
        lines.append(
            f"  Besides {_span_en(split.unknown)} on days not known to be working days or not: counted as both."
        )
    lines += [
        f"  Bounds: over {terms.inside_min} minutes inside working hours, or over {terms.outside_min} minutes "
        f"{against}. {_verdict_en(facts)}.",
        "3. Impact",
        f"  {outage.impact or OPEN_EN}",
        *(f"  {day}: {booked} entries booked, {before} a week before." for day, booked, before in facts.figures),
        "4. Cause",
        f"  {outage.cause or OPEN_EN}",
        "5. Remedy",
        f"  {outage.remedy or OPEN_EN}",
        "6. Handling",
        f"  {outage.handling or OPEN_EN}",
        f"7. Due: {_due_en(facts)}",
    ]
    return "\n".join(lines)


def _local(text: str | None) -> str:
    return "" if text is None else clock.to_local_text(clock.from_text(text))


def _span_zh(span: dt.timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} 小时 {minutes} 分 {seconds} 秒"


def _span_en(span: dt.timedelta) -> str:
    return str(dt.timedelta(seconds=int(span.total_seconds())))


def _verdict_zh(facts: Facts) -> str:
    if not facts.is_reportable:
        return "截至目前无须报告"
    return "按须报告处理（含尚未公布的日期）" if facts.is_assumed else "须报告"


def _verdict_en(facts: Facts) -> str:
    if not facts.is_reportable:
        return "So far no report is due"
    return "Reported as if due, as the kind of a day is not known" if facts.is_assumed else "A report is due"


def _due(facts: Facts) -> str:
    if not facts.is_reportable:
        return ""
    due = facts.outage.report_due if facts.which == FIRST else facts.outage.final_due
    return "" if due is None else clock.to_local_text(due)


def _due_zh(facts: Facts) -> str:
    return _due(facts) or "目前无"


def _due_en(facts: Facts) -> str:
    return _due(facts) or "none yet"
