"""`bank bill …`: monthly bills by hand."""

from typing import Annotated

import typer

from chalicelib.platform import clock, ids
from chalicelib.statements import service as statements
from infra.cli.shell import CannotBeDone, group, tell, use_bank

app = group("月度账单 / monthly bills")


@app.callback()
def bills() -> None:
    """月度账单 / monthly bills."""


@app.command("run")
def run(month: Annotated[str, typer.Argument(help="月份，如 2026-11 / a month that is over")]) -> None:
    """重新开始某月账单批处理，已出具的不变 / start a month's run again; what is issued stays as it is."""
    use_bank()
    try:
        statements.start_run(month, clock.now(), ids.random_id())
    except statements.MonthNotOver:
        raise CannotBeDone(f"{month}: 该月尚未结束 / the month is not over") from None
    tell(f"已开始 / started: {month}")
