"""The command `bank`: its groups, and how it is entered."""

from typing import Annotated

import typer

import infra.cli
from infra.cli import (
    accounts,
    approvals,
    audit,
    bills,
    blanks,
    clearing,
    day,
    evidence,
    factors,
    keys,
    outages,
    queues,
    receipts,
    staff,
    streams,
)
from infra.cli.shell import NOT_DONE, asking, group, told, use_bank

app = group(str(infra.cli.__doc__))
for name, commands in {
    "staff": staff.app,
    "account": accounts.app,
    "audit": audit.app,
    "queue": queues.app,
    "stream": streams.app,
    "clearing": clearing.app,
    "day": day.app,
    "approval": approvals.app,
    "bill": bills.app,
    "blank": blanks.app,
    "key": keys.app,
    "factor": factors.app,
    "evidence": evidence.app,
    "receipt": receipts.app,
    "outage": outages.app,
}.items():
    app.add_typer(commands, name=name)


@app.command()
def found(
    maker: Annotated[str, typer.Argument(help="经办员工号 / staff number of the maker")],
    checker: Annotated[str, typer.Argument(help="复核员工号 / staff number of the checker")],
) -> None:
    """新银行的首两名系统管理员 / a new bank's first two system administrators; once in its life, both are there."""
    use_bank()
    with asking():
        staff.found_bank(maker, checker, input)


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; return the exit code."""
    try:
        with told():
            app(args=arguments, prog_name="bank")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else NOT_DONE
    except typer.Exit as ended:
        return int(ended.exit_code)
    return 0
