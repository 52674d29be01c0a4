"""`bank factor …`: what is done once about tokens and certificates issued before; again, each does what is missing."""

from typing import Annotated

import typer

from chalicelib.factors.commands import remind
from chalicelib.factors.commands.adopt_blanks import adopt_blanks as adopt
from chalicelib.platform import clock
from infra.cli.shell import group, tell, use_bank

app = group("认证工具 / factors")


@app.command("backfill-reminders")
def backfill_reminders() -> None:
    """补登到期提醒 / rows by which the end of tokens and certificates is found that were issued before."""
    use_bank()
    tell(f"已补登 / written: {remind.backfill(clock.now())}")


@app.command("adopt-blanks")
def adopt_blanks(staff: Annotated[str, typer.Argument(help="经办人 / who does it")]) -> None:
    """已发介质补登入库存账 / tokens and USB keys that were issued before enter the stock ledger, as issued."""
    use_bank()
    tell(f"已补登 / entered: {adopt(staff_id=staff, now=clock.now())}")
