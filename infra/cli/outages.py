"""`bank outage …`: unplanned suspensions of service, what the regulator is told, and both registers exported."""

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.outages import service
from chalicelib.outages.commands import export_registers, keep_outages
from chalicelib.outages.commands.keep_outages import Wish
from chalicelib.outages.domain import ENDED_AT, FINAL, FIRST, HANDLED_AT, OPENED_AT, SCOPES, Words
from chalicelib.platform import clock, ids
from chalicelib.staff import service as staff_
from chalicelib.staff.commands.read_functions import require_function
from infra.cli.people import acting
from infra.cli.shell import CannotBeDone, group, tell, use_bank

app = group("服务中断与应急登记簿 / outages, and the register of emergencies")
_FORMATS = ("json", "csv")

Number = Annotated[str, typer.Argument(help="中断编号 / the outage")]
Staff = Annotated[str, typer.Option(help="员工号 / staff number")]
Reason = Annotated[str, typer.Option(help="事由 / why")]
At = Annotated[str | None, typer.Option(help="时间（RFC 3339），缺省为现在 / when; now if not given")]
As = Annotated[str, typer.Option("--as", help="json | csv")]
To = Annotated[Path | None, typer.Option(help="写入的新文件，缺省为标准输出 / a new file; else the output")]
History = Annotated[bool, typer.Option("--history", help="csv：各步登记 / csv: the steps, not the rows")]


def _moment(text: str | None) -> dt.datetime | None:
    try:
        return None if text is None else clock.from_text(text)
    except ValueError:
        raise CannotBeDone(f"不是带时区的时间 / no time with its offset: {text}") from None


def _one_of(text: str, known: Any) -> str:
    if text not in known:
        raise CannotBeDone(f"须为其中之一 / must be one of: {', '.join(known)}")
    return text


def _tell(outage: service.Outage) -> None:
    stands = service.standing(outage, clock.now())
    split = stands.split
    tell(f"{outage.outage_id}  {outage.state}  {outage.scope}  r{outage.revision}  {outage.cause}")
    began = clock.to_local_text(clock.from_text(outage.opened_at))
    tell(f"  {began} — {_local(outage.ended_at)}; 处理基本结束 / handled {_local(outage.handled_at)}")
    tell(f"  工作时间内 / inside {split.inside}, 外 / outside {split.outside}, 日期未定 / unknown {split.unknown}")
    if stands.report_due is not None:
        assumed = "（含未定日期 / assumed）" if stands.is_assumed else ""
        due, done = clock.to_local_text(stands.report_due), _local(outage.reported_at)
        tell(f"  须报告 / to be reported{assumed}: {due}; 已报 / done {done}")
    if stands.final_due is not None:
        due, done = clock.to_local_text(stands.final_due), _local(outage.final_reported_at)
        tell(f"  处理结果报告 / final report: {due}; 已报 / done {done}")


def _local(text: str | None) -> str:
    return "—" if text is None else clock.to_local_text(clock.from_text(text))


def _step(number: str, staff: str, wish: Wish, seen: int | None = None) -> None:
    needed = staff_.OUTAGES_APPROVE if wish.action == keep_outages.PUBLISH else staff_.OUTAGES_RECORD
    with acting(staff) as actor:
        now = clock.now()
        require_function(actor, needed, now)
        revision = service.outage_of(number).revision if seen is None else seen
        _tell(keep_outages.note_step(actor, number, revision, wish, now))


@app.command("open")
def open_command(
    scope: Annotated[str, typer.Argument(help=" | ".join(SCOPES))],
    began_at: Annotated[str, typer.Argument(help="开始时间（RFC 3339）/ since when")],
    cause: Annotated[str, typer.Argument(help="已知原因 / what is known of the cause")],
    staff: Staff,
) -> None:
    """登记中断 / note an outage, with the time at which it began."""
    since = _moment(began_at)
    _one_of(scope, SCOPES)
    with acting(staff) as actor:
        now = clock.now()
        require_function(actor, staff_.OUTAGES_RECORD, now)
        _tell(keep_outages.open_outage(actor, ids.random_id(), scope, cause, since or now, now)[0])


@app.command("list")
def list_command() -> None:
    """全部中断 / every outage, the latest first."""
    use_bank()
    for outage in service.outages():
        _tell(outage)


@app.command()
def show(number: Number) -> None:
    """一起中断及其历史 / an outage with its history."""
    use_bank()
    outage = service.outage_of(number)
    _tell(outage)
    for name, words in (("待发布 / draft", outage.draft), ("已发布 / published", outage.words)):
        if words is not None:
            tell(f"  {name}: {words.zh} / {words.en}")
    for step in service.steps_of(number):
        tell(f"  {step.step} {_local(step.at)} {step.by} {step.action}: {step.reason}")
        for name, (before, after) in step.changes.items():
            tell(f"    {name}: {before} -> {after}")


@app.command("end")
def end_command(number: Number, staff: Staff, reason: Reason, at: At = None) -> None:
    """服务恢复 / service is back."""
    _step(number, staff, Wish(keep_outages.END, reason, at=_moment(at)))


@app.command()
def handle(number: Number, staff: Staff, reason: Reason, at: At = None) -> None:
    """处理基本结束 / handling is basically finished."""
    _step(number, staff, Wish(keep_outages.HANDLE, reason, at=_moment(at)))


@app.command()
def correct(
    number: Number,
    what: Annotated[str, typer.Argument(help=f"{OPENED_AT} | {ENDED_AT} | {HANDLED_AT}")],
    at: Annotated[str, typer.Argument(help="正确时间（RFC 3339）/ the right time")],
    staff: Staff,
    reason: Reason,
) -> None:
    """更正时间 / correct a time that was noted wrongly."""
    wish = Wish(keep_outages.CORRECT, reason, at=_moment(at), what=_one_of(what, (OPENED_AT, ENDED_AT, HANDLED_AT)))
    _step(number, staff, wish)


@app.command()
def describe(  # what a report says, each by its name
    number: Number,
    staff: Staff,
    reason: Reason,
    *,
    cause: Annotated[str | None, typer.Option(help="原因 / cause")] = None,
    impact: Annotated[str | None, typer.Option(help="影响 / impact")] = None,
    remedy: Annotated[str | None, typer.Option(help="补救措施 / remedy")] = None,
    handling: Annotated[str | None, typer.Option(help="处理情况 / handling")] = None,
) -> None:
    """登记原因、影响、补救、处理 / what is known of cause, impact, remedy, handling."""
    texts = {"cause": cause, "impact": impact, "remedy": remedy, "handling": handling}
    told = {name: text for name, text in texts.items() if text is not None}
    _step(number, staff, Wish(keep_outages.DESCRIBE, reason, told=told))


@app.command()
def report(
    number: Number,
    which: Annotated[str, typer.Argument(help=f"{FIRST} | {FINAL}")],
    reference: Annotated[str, typer.Argument(help="报文号 / the report's number")],
    staff: Staff,
    reason: Reason,
    at: At = None,
) -> None:
    """登记已报监管部门 / that a report went to the regulator."""
    wish = Wish(keep_outages.REPORT, reason, _moment(at), _one_of(which, (FIRST, FINAL)), reference)
    _step(number, staff, wish)


@app.command()
def explain(
    number: Number,
    zh: Annotated[str, typer.Argument(help="中文说明 / in Chinese")],
    en: Annotated[str, typer.Argument(help="英文说明 / in English")],
    staff: Staff,
    reason: Reason,
) -> None:
    """起草对外说明 / draft words for customers; another person publishes them."""
    _step(number, staff, Wish(keep_outages.EXPLAIN, reason, words=Words(zh, en)))


@app.command()
def publish(
    number: Number,
    revision: Annotated[int, typer.Argument(help="所见版本，见 show / the revision you saw, as show has it")],
    staff: Staff,
) -> None:
    """发布对外说明 / publish what another person drafted, as you read it."""
    _step(number, staff, Wish(keep_outages.PUBLISH, ""), seen=revision)


@app.command()
def annul(number: Number, staff: Staff, reason: Reason) -> None:
    """误登作废 / it was none; it stays in the register."""
    _step(number, staff, Wish(keep_outages.ANNUL, reason))


@app.command("close")
def close_command(number: Number, staff: Staff, reason: Reason) -> None:
    """归档 / nothing is left to do."""
    _step(number, staff, Wish(keep_outages.CLOSE, reason))


@app.command()
def draft(number: Number, report: Annotated[str, typer.Option(help=f"{FIRST} | {FINAL}")] = FIRST) -> None:
    """监管报告草稿 / draft of a report, Chinese then English."""
    use_bank()
    for text in service.draft(service.outage_of(number), _one_of(report, (FIRST, FINAL)), clock.now()):
        tell(text + "\n")


@app.command()
def export(as_: As = "json", to: To = None, history: History = False) -> None:  # a switch of the command
    """导出中断登记簿 / the register of outages."""
    use_bank()
    _export(export_registers.outages(clock.now()), "outage_id", as_, to, with_history=history)


@app.command("export-cases")
def export_cases(
    month: Annotated[str, typer.Argument(help="月份，如 2026-11 / a month")],
    as_: As = "json",
    to: To = None,
    history: History = False,  # a switch of the command
) -> None:
    """导出客户应急登记簿 / the register of customers' emergencies."""
    if not clock.is_month(month):
        raise CannotBeDone(f"不是月份 / no month, as in 2026-11: {month}")
    use_bank()
    _export(export_registers.cases(month), "case_id", as_, to, with_history=history)


def _export(rows: list[dict[str, Any]], id_name: str, as_: str, to: Path | None, *, with_history: bool) -> None:
    if _one_of(as_, _FORMATS) == "json":
        text = export_registers.as_json(rows, id_name) + "\n"
    elif with_history:
        text = export_registers.history_as_csv(rows, id_name)
    else:
        text = export_registers.as_csv(rows)
    if to is None:
        sys.stdout.write(text)
        return
    try:
        # What customers told is for nobody else who works on that machine.
        to.touch(mode=0o600, exist_ok=False)
        to.write_text(text, encoding="utf-8", newline="")
    except FileExistsError:
        raise CannotBeDone(f"文件已存在，请换一个名字 / there is such a file already; name a new one: {to}") from None
    tell(f"{len(rows)}: {to}")
