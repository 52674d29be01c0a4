"""`bank stream …`: changes that a stream's worker gave up or never saw, given to it again."""

import datetime as dt
import itertools
from typing import Annotated

import typer

from chalicelib.platform import clock
from infra import stream_gaps
from infra.cli.shell import BROKEN, PENDING, CannotBeDone, end, group, tell, use_bank
from infra.stream_gaps import Failure, RecordsTrimmed

app = group("数据流的缺口 / gaps in the tables' streams")

Send = Annotated[bool, typer.Option("--send", help="执行，否则只试算 / do it, else a dry run")]
DRY = "试算，未执行；加 --send 执行 / dry run, nothing was done; say --send to do it"


@app.command()
def failures(
    all_: Annotated[bool, typer.Option("--all", help="含已重放的 / those replayed, too")] = False,
) -> None:
    """处理程序放弃的变更 / changes that workers gave up, as they were set aside; ends with 3 if any."""
    use_bank()
    found = [one for one in stream_gaps.failures() if all_ or not one.is_replayed]
    for failed in found:
        _tell_failure(failed)
    tell(f"合计 / in all: {len(found)}")
    end(PENDING if any(not one.is_replayed for one in found) else 0)


def _tell_failure(failed: Failure) -> None:
    state = "已重放 / replayed" if failed.is_replayed else "待重放 / to be replayed"
    tell(f"{failed.key}: {failed.worker}, {failed.condition}, {failed.at}, 变更 / changes {failed.size}, {state}")


@app.command()
def replay(
    key: Annotated[str, typer.Argument(help="对象键，见 failures；留空为全部 / a key, as listed; all without")] = "",
    send: Send = False,
) -> None:
    """把放弃的变更再交给其处理程序；重复无害 / give what was given up to its worker again; repeats do no harm.

    Repair the cause first. Ends with 1 when a worker gives up again, with 3 when the stream no longer has the changes.
    """
    use_bank()
    found = [_named(key)] if key else [one for one in stream_gaps.failures() if not one.is_replayed]
    failed = trimmed = 0
    for one in found:
        _tell_failure(one)
        try:
            records = stream_gaps.records_of(one)
        except RecordsTrimmed:
            tell("  数据流已不保留 / the stream no longer has them: see replay-table (records_trimmed)")
            trimmed += 1
            continue
        if send:
            left = stream_gaps.hand_over(one.function, records)
            failed += bool(left)
            if not left:
                stream_gaps.mark_replayed(one)
            tell(f"  已处理 / handled: {len(records) - left}, 未处理 / not handled: {left}")
    if not send:
        tell(DRY)
    end(BROKEN if failed else PENDING if trimmed else 0)


def _named(key: str) -> Failure:
    try:
        return stream_gaps.failure(key)
    except KeyError:
        raise CannotBeDone(f"没有这个对象 / there is no such object: {key}", "failure_unknown") from None
    except ValueError:
        raise CannotBeDone(f"不是 Lambda 的失败记录 / no record of Lambda's: {key}", "failure_unreadable") from None


@app.command("replay-table")
def replay_table(
    worker: Annotated[str, typer.Argument(help=" | ".join(stream_gaps.TABLES))],
    since: Annotated[str, typer.Option(help="起，ISO 8601 含时区 / from, with its zone")],
    until: Annotated[str, typer.Option(help="止（不含）/ until, that moment not")],
    send: Send = False,
    per_second: Annotated[int, typer.Option(min=1, max=1000, help="每秒条数 / so many a second")] = 50,
) -> None:
    """数据流已不保留时，从表重放一段时间的变更 / when the stream has lost them: a table's changes between two times.

    What an item is now is told to the worker as if it had just been written. The whole table is read.
    """
    if worker not in stream_gaps.TABLES:
        raise CannotBeDone(f"不能从表重放 / is not replayed from a table: {worker}", "worker_unknown")
    span = _moment(since), _moment(until)
    use_bank()
    function = stream_gaps.function_of(worker) if send else ""
    told = left = 0
    found = stream_gaps.from_table(worker, *span)
    while batch := list(itertools.islice(found, stream_gaps.BATCH)):
        told += len(batch)
        if send:
            left = stream_gaps.hand_over(function, batch)
            if left:
                break
            tell(f"已处理 / handled: {told}")
            clock.sleep(len(batch) / per_second)
    tell(f"变更 / changes: {told}, 未处理 / not handled: {left}")
    if not send:
        tell(DRY)
    end(BROKEN if left else 0)


def _moment(text: str) -> dt.datetime:
    try:
        return clock.from_text(text)
    except ValueError:
        raise CannotBeDone(f"时间有误 / no time with its zone: {text}", "time_malformed") from None
