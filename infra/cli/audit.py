"""`bank audit …`: the staff's log, and sealed days: verified in the tables or in files, and exported."""

import json
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, TextIO

import typer

from chalicelib.audit.commands.export_actions import export_date
from chalicelib.audit.commands.verify_actions import NotAnExport, verify_date, verify_lines
from chalicelib.audit.links import Verdict
from chalicelib.platform import clock
from chalicelib.seals.commands.check_day import check_day
from chalicelib.seals.commands.prove_receipt import prove
from infra import receipts, seals
from infra.cli.shell import BROKEN, WHOLE, CannotBeDone, end, group, tell, use_bank

app = group("员工操作日志与日封存 / the staff's log, and sealed days")

# A page has 1 MB of the journal.
MOST_PAGES = 1_000_000

Dates = Annotated[list[str], typer.Argument(help="营业日期，如 20261121 / business dates")]


@app.command("verify-log")
def verify_log(dates: Dates) -> None:
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
    with _opened(to) as out:
        for date in dates:
            _write(export_date(date, clock.now()), out)


def _opened(to: Path | None) -> AbstractContextManager[TextIO]:
    try:
        return nullcontext(sys.stdout) if to is None else to.open("x", encoding="utf-8")
    except FileExistsError:
        raise CannotBeDone(f"文件已存在，请换一个名字 / there is such a file already; name a new one: {to}") from None


@app.command("prove")
def prove_command(
    number: Annotated[str, typer.Argument(help="回单编号 / the receipt's number")],
    to: Annotated[Path | None, typer.Option(help="写入的新文件，缺省为标准输出 / a new file; else the output")] = None,
) -> None:
    """回单存证 / the proof that a receipt is in its sealed day, as GET /v1/receipt-proofs answers it."""
    use_bank()
    proof = prove(number)
    with _opened(to) as out:
        _write([json.dumps(proof.facts(), ensure_ascii=False)], out)


@app.command()
def verify(
    receipt: Annotated[Path, typer.Argument(help="回单文件（JWS）/ the receipt's file: `signed` of its answer")],
    proof: Annotated[Path, typer.Argument(help="存证文件 / the proof's file, of `audit prove` or /v1/receipt-proofs")],
    keys: Annotated[Path, typer.Option(help="回单公钥 / public keys of receipts: /v1/receipt-keys.json")],
    seal_keys: Annotated[Path, typer.Option(help="日封存公钥 / public keys of seals: /v1/day-seal-keys.json")],
    seal_list: Annotated[Path | None, typer.Option("--seals", help="日封存链 / kept heads: /v1/day-seals")] = None,
) -> None:
    """离线验证回单在其日封存内 / verify offline that a receipt is in its sealed day, and that day in its chain.

    Ends with 0 it is, 1 not, 2 not readable.
    """
    try:
        proved = seals.verify(
            receipt.read_text(encoding="utf-8"),
            seals.proof_of(proof.read_text(encoding="utf-8")),
            receipts.keys_of(keys.read_text(encoding="utf-8")),
            receipts.keys_of(seal_keys.read_text(encoding="utf-8")),
            None if seal_list is None else seals.seals_of(seal_list.read_text(encoding="utf-8")),
        )
    except (OSError, ValueError) as problem:
        raise CannotBeDone(f"无法读取 / not readable: {problem}") from None
    except seals.NotProved as problem:
        tell(f"无效 / not so: {problem}")
        end(BROKEN)
        return
    head = proved.head
    tell(f"回单 {proved.receipt.number} 在其日封存内 / the receipt is in its sealed day")
    tell(f"  {head.business_date} #{head.sequence}, {head.entries} 笔 / entries, sealed {head.sealed_at}")
    tell(f"  root {head.root}")
    if proved.chain:
        first, last = proved.chain[0], proved.chain[-1]
        span = f"{first.business_date} #{first.sequence} … {last.business_date} #{last.sequence}"
        tell(f"  链完整 / the chain is unbroken: {span}")


@app.command("day")
def day_command(date: Annotated[str, typer.Argument(help="营业日期，如 20261121 / a business date")]) -> None:
    """按库表重算某日的根并与日封存比对 / a sealed date's root from the tables as they are now, compared with its seal.

    Names entries that were altered, removed or added, and receipts that were swapped. Reads the whole journal.
    """
    _require_dates([date])
    use_bank()
    check = check_day(date, clock.now(), most_pages=MOST_PAGES)
    state = "完好 / whole" if check.wrong == 0 else "已损坏 / BROKEN"
    tell(f"{date} {state}: entries {check.entries}, wrong {check.wrong}")
    tell(f"  sealed {check.sealed_root.hex()}")
    tell(f"  tables {check.root.hex()}")
    for what, where in check.findings:
        tell(f"  {what}: {where}")
    if check.wrong > len(check.findings):
        tell(f"  … 共 / in all {check.wrong}")
    end(BROKEN if check.wrong else WHOLE)


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
