"""`bank queue …`: what waits in the queues, and dead letters shown, sent again or set aside."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.platform import aws, clock
from infra import dead_letters
from infra.cli.shell import CannotBeDone, group, tell, use_bank
from infra.dead_letters import Letter

app = group("队列与死信 / queues and dead letters")

_SUFFIX = "_QUEUE_URL"
# Of a queue's dead letters so many are looked at for the oldest one, or for those named.
MOST_AGED, MOST_SEARCHED = 100, 10_000

Name = Annotated[str, typer.Argument(help="队列，见 list / a queue, as listed")]
Ids = Annotated[
    list[str], typer.Option("--id", help="死信编号，见 show；可重复 / a letter's id, as shown; may be repeated")
]


def _queues() -> dict[str, str]:
    """Name -> URL of every queue of the bank, in order; `deferred-legs` is DeferredLegsQueue."""
    named = {name: url for name, url in os.environ.items() if name.endswith(_SUFFIX) and url}
    return {name.removesuffix(_SUFFIX).lower().replace("_", "-"): named[name] for name in sorted(named)}


def _queue(name: str) -> tuple[str, str]:
    """The URLs of a queue and of its dead letters."""
    use_bank()
    url = _queues().get(name)
    if url is None:
        raise CannotBeDone(
            f"没有这个队列，见 bank queue list / no such queue, see bank queue list: {name}", "queue_unknown"
        )
    return url, dead_letters.dead_letters_of(url)


def _age(letters: list[Letter]) -> str:
    if not letters:
        return ""
    oldest = min(letter.sent_at for letter in letters)
    hours = (clock.now() - oldest).total_seconds() / 3600
    return f", 最早 / oldest {clock.to_text(oldest)} ({hours:.1f} h)"


@app.command("list")
def list_command() -> None:
    """各队列与死信队列的消息数（近似值）和最早时间 / messages in each queue, its dead letters and the oldest's age.

    SQS counts approximately. The age is that of the oldest of a hundred dead letters.
    """
    use_bank()
    for name, url in _queues().items():
        dead_url = dead_letters.dead_letters_of(url)
        dead = dead_letters.count(dead_url)
        with dead_letters.looked_at(dead_url, min(dead, MOST_AGED)) as letters:
            waiting = dead_letters.count(url)
            tell(f"{name}: 待处理 / waiting {waiting}, 死信 / dead letters {dead}{_age(letters)}")


@app.command()
def show(
    name: Name,
    most: Annotated[int, typer.Option(min=1, max=MOST_SEARCHED, help="最多显示条数 / show so many at most")] = 20,
) -> None:
    """查看死信，不取走，只显示编号 / dead letters by their ids, without taking them; they are given back at once."""
    _, dead_url = _queue(name)
    with dead_letters.looked_at(dead_url, most) as letters:
        _tell_letters(letters)
    tell(f"死信 / dead letters: {dead_letters.count(dead_url)}")


def _tell_letters(letters: list[Letter]) -> None:
    for letter in letters:
        tell(f"{letter.message_id} {clock.to_text(letter.sent_at)} {letter.described()}")


@app.command()
def redrive(
    name: Name,
    ids: Ids = [],  # noqa: B006  # as typer has it
    send: Annotated[bool, typer.Option("--send", help="执行，否则只试算 / do it, else a dry run")] = False,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="最多重发条数 / send so many at most")] = 100,
    per_second: Annotated[int, typer.Option(min=1, max=100, help="每秒条数 / so many a second")] = 10,
    although_failing: Annotated[
        bool, typer.Option("--although-failing", help="有告警也重发 / although its alarms ring")
    ] = False,
) -> None:
    """把死信重新发回队列；消息可能重复，处理者对重复无害 / send dead letters again; who reads them stands repeats.

    Repair the cause first: what fails again comes back after its tries. Without --send nothing is done.
    """
    url, dead_url = _queue(name)
    ringing = dead_letters.alarms_of(url)
    for alarm in ringing:
        tell(f"告警中 / rings: {alarm}")
    if not send:
        _tell_what_would_be_sent(dead_url, ids, most)
        return
    if ringing and not although_failing:
        raise CannotBeDone(
            "队列仍在告警，先排除故障，或加 --although-failing / "
            "the queue still fails: repair it, or say --although-failing",
            "queue_failing",
        )
    bound = len(ids) if ids else min(most, dead_letters.count(dead_url))
    sent = 0
    with _chosen(dead_url, ids, most) as batches:
        for letters in batches:
            dead_letters.send_again(url, dead_url, letters, per_second)
            sent += len(letters)
            tell(f"已重发 / sent again: {sent}/{bound}")
    tell(f"完成 / done: {sent}; 剩余死信 / dead letters left: {dead_letters.count(dead_url)}")


def _tell_what_would_be_sent(dead_url: str, ids: list[str], most: int) -> None:
    with _named(dead_url, ids) if ids else dead_letters.looked_at(dead_url, min(most, MOST_SEARCHED)) as letters:
        _tell_letters(letters)
        tell(f"试算，未重发；加 --send 执行 / dry run, nothing was sent; say --send to do it: {len(letters)}")


@contextmanager
def _chosen(dead_url: str, ids: list[str], most: int) -> Iterator[Iterator[list[Letter]]]:
    """The letters to be sent, in batches: those named, or up to `most`."""
    if not ids:
        yield dead_letters.batches(dead_url, most)
        return
    with _named(dead_url, ids) as letters:
        yield (letters[start : start + dead_letters.AT_ONCE] for start in range(0, len(letters), dead_letters.AT_ONCE))


@contextmanager
def _named(dead_url: str, ids: list[str]) -> Iterator[list[Letter]]:
    with dead_letters.looked_at(dead_url, MOST_SEARCHED) as letters:
        found = [letter for letter in letters if letter.message_id in ids]
        missing = sorted(set(ids) - {letter.message_id for letter in found})
        if missing:
            raise CannotBeDone(f"没有这些死信 / there are no such letters: {', '.join(missing)}", "letter_unknown")
        yield found


@app.command("set-aside")
def set_aside(
    name: Name,
    to: Annotated[Path, typer.Option(help="新文件 / a new file")],
    ids: Ids,
) -> None:
    """把无法处理的死信移到文件，含全部内容 / move letters that nobody can handle into a file, with all they say.

    Written and on disk before they are deleted from the queue. The file is to be kept as customers' data are.
    """
    _, dead_url = _queue(name)
    with _named(dead_url, ids) as letters:
        with to.open("x", encoding="utf-8") as file:
            os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR)
            file.writelines(f"{letter.to_line()}\n" for letter in letters)
            file.flush()
            os.fsync(file.fileno())
        for letter in letters:
            dead_letters.delete(dead_url, letter)
    tell(f"已移到文件 / set aside: {len(letters)}, {to}")


@app.command("put-back")
def put_back(name: Name, file: Annotated[Path, typer.Argument(help="set-aside 的文件 / a file of set-aside")]) -> None:
    """把文件中的消息发回队列；文件保留 / send what a file holds to the queue; the file stays as it is."""
    url, _ = _queue(name)
    try:
        bodies = [str(json.loads(line)["body"]) for line in file.read_text(encoding="utf-8").splitlines()]
    except (ValueError, KeyError, TypeError):
        raise CannotBeDone(f"不是 set-aside 的文件 / no file of set-aside: {file}", "file_unreadable") from None
    for body in bodies:
        aws.sqs().send_message(QueueUrl=url, MessageBody=body)
    tell(f"已发回 / put back: {len(bodies)}")
