"""`bank audit …`: the staff's log, verified in the tables or in a file, and exported with its chain."""

import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, TextIO

import typer

from chalicelib.audit.commands.export_actions import export_date
from chalicelib.audit.commands.verify_actions import NotAnExport, verify_date, verify_lines
from chalicelib.audit.links import Verdict
from chalicelib.platform import clock
from infra.cli.shell import BROKEN, WHOLE, CannotBeDone, end, group, tell, use_bank

app = group("员工操作日志 / the staff's log")

Dates = Annotated[list[str], typer.Argument(help="营业日期，如 20261121 / business dates")]


@app.command()
def verify(dates: Dates) -> None:
    """验证各日日志的哈希链 / each date's chain: altered, removed, inserted, reordered and unlinked rows."""
    _require_dates(dates)
    use_bank()
    end(_report(verify_date(date, clock.now()) for date in dates))


@app.command("verify-file")
def verify_file(file: Annotated[Path, typer.Argument(help="导出的文件 / an exported file")]) -> None:
    """离线验证导出的日志，不读任何表 / the same of an exported file, on the file alone."""
    try:
        with file.open(encoding="utf-8") as lines:
            end(_report(verify_lines(lines, clock.now())))
    except (NotAnExport, UnicodeDecodeError) as problem:
        raise CannotBeDone(f"不是完整的导出文件 / no whole export: {problem}") from None


@app.command()
def export(
    dates: Dates,
    to: Annotated[Path | None, typer.Option(help="写入的新文件，缺省为标准输出 / a new file; else the output")] = None,
) -> None:
    """导出各日日志及哈希链，一行一个 JSON / each date with its chain, as JSON lines for verify-file."""
    _require_dates(dates)
    use_bank()
    try:
        opened = nullcontext(sys.stdout) if to is None else to.open("x", encoding="utf-8")
    except FileExistsError:
        raise CannotBeDone(f"文件已存在，请换一个名字 / there is such a file already; name a new one: {to}") from None
    with opened as out:
        for date in dates:
            _write(export_date(date, clock.now()), out)


def _write(lines: Iterable[str], out: TextIO) -> None:
    for line in lines:
        out.write(line + "\n")


def _require_dates(dates: list[str]) -> None:
    for date in dates:
        try:
            clock.start_of_day(date)
        except ValueError:
            raise CannotBeDone(f"不是日期 / not a date, as in 20261121: {date}") from None


def _report(verdicts: Iterable[Verdict]) -> int:
    code = WHOLE
    for one in verdicts:
        state = "完好 / whole" if one.wrong == 0 else "已损坏 / BROKEN"
        counts = f"rows {one.held}, at their term {one.expired}, too new {one.pending}, wrong {one.wrong}"
        tell(f"{one.business_date} {state}: {counts}; head {one.seq} {one.chain.hex()}")
        for finding in one.findings:
            tell(f"  {finding.how}: {finding.where}: {finding.why}")
        if one.wrong > len(one.findings):
            tell(f"  … 共 / in all {one.wrong}")
        if one.wrong:
            code = BROKEN
    return code
