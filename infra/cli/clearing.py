"""`bank clearing …`: payments to other banks, beside what the network says of them."""

from typing import Annotated

import typer

from chalicelib.clearing.commands.reconcile import Difference, differences
from chalicelib.platform import clock
from chalicelib.platform.money import grouped_text
from infra.cli.shell import BROKEN, WHOLE, end, group, tell, use_bank

app = group("跨行清算 / clearing")


@app.callback()
def clearing() -> None:
    """跨行清算 / clearing."""


def amount_of(difference: Difference) -> str:
    """In yuan; a dash where only the network knows of the payment and names none."""
    return "-" if difference.amount_fen is None else grouped_text(difference.amount_fen)


@app.command("reconcile")
def reconcile(date: Annotated[str, typer.Argument(help="营业日期，如 20261121 / a business date")]) -> None:
    """与清算网络核对某日往账，列出差异 / a date's payments against the network's list: the differences."""
    use_bank()
    found = 0
    for difference in differences(date, clock.now()):
        found += 1
        tell(
            f"  {difference.entry_id}  {amount_of(difference):>20}  "
            f"本行 / ours: {difference.ours}  对方 / theirs: {difference.theirs}"
        )
    tell(f"差异 / differences: {found}")
    end(BROKEN if found else WHOLE)
