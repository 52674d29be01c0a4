"""`bank blank …`: stock of blank tokens and USB keys, by branch (NB-5.3.5)."""

from typing import Annotated

import typer

from chalicelib.blanks import service as stock
from chalicelib.blanks.commands.count import recount
from chalicelib.blanks.commands.move import move as move_blanks
from chalicelib.blanks.commands.receive import receive as receive_blanks
from chalicelib.blanks.commands.spoil import give_back
from chalicelib.blanks.commands.spoil import spoil as spoil_blanks
from chalicelib.platform import clock
from infra.cli.shell import BROKEN, CannotBeDone, end, group, tell, use_bank

app = group("空白介质库存 / stock of blank tokens and USB keys")

Kind = Annotated[str, typer.Argument(help="token | usb_key")]
Reference = Annotated[
    str, typer.Argument(help="单号；同一单号可续办 / its number; the same command finishes a broken one")
]
Why = Annotated[str, typer.Argument(help="事由 / why")]
By = Annotated[str, typer.Option(help="经办人 / who does it")]
Serials = Annotated[
    list[str] | None, typer.Option("--serial", help="序列号，可多次 / a serial number; may be repeated")
]
First = Annotated[str | None, typer.Option("--first", help="起始序列号 / first of a range")]
Last = Annotated[str | None, typer.Option("--last", help="截止序列号 / last of a range")]


def _serials(serials: list[str] | None, first: str | None, last: str | None) -> list[str]:
    if serials and first is None and last is None:
        return serials
    if not serials and first is not None and last is not None:
        return stock.serials_between(first, last)
    raise CannotBeDone("请用 --serial，或用 --first 与 --last / name blanks by --serial, or by --first and --last")


@app.command()
def receive(
    kind: Kind,
    branch: Annotated[str, typer.Argument(help="机构 / branch")],
    reference: Reference,
    by: By,
    serial: Serials = None,
    first: First = None,
    last: Last = None,
) -> None:
    """入库 / a delivery comes into a branch's stock."""
    named = _serials(serial, first, last)
    use_bank()
    new = receive_blanks(kind, named, branch_id=branch, reference=reference, staff_id=by, now=clock.now())
    tell(f"已入库 / received: {new}")


@app.command()
def move(
    kind: Kind,
    from_branch: Annotated[str, typer.Argument(help="调出机构 / from")],
    to_branch: Annotated[str, typer.Argument(help="调入机构 / to")],
    reference: Reference,
    by: By,
    serial: Serials = None,
    first: First = None,
    last: Last = None,
) -> None:
    """调拨 / from one branch's stock to another's."""
    named = _serials(serial, first, last)
    use_bank()
    places = {"from_branch": from_branch, "to_branch": to_branch}
    moved = move_blanks(kind, named, **places, reference=reference, staff_id=by, now=clock.now())
    tell(f"已调拨 / moved: {moved}")


@app.command()
def spoil(kind: Kind, reason: Why, by: By, serial: Serials = None, first: First = None, last: Last = None) -> None:
    """作废库存或客户交回的介质，一次最多 40 / void blanks in stock, or devices that customers gave back; at most 40."""
    named = _serials(serial, first, last)
    use_bank()
    spoil_blanks(kind, named, reason=reason, staff_id=by, now=clock.now())
    tell("已作废 / spoiled")


@app.command("return")
def return_command(
    kind: Kind, reason: Why, by: By, serial: Serials = None, first: First = None, last: Last = None
) -> None:
    """退回库存，一次最多 40 / back to stock, what a customer never put to use; at most 40."""
    named = _serials(serial, first, last)
    use_bank()
    give_back(kind, named, reason=reason, staff_id=by, now=clock.now())
    tell("已退回库存 / back in stock")


@app.command()
def history(kind: Kind, serial: Annotated[str, typer.Argument(help="序列号 / serial number")]) -> None:
    """一件介质的全部经历 / every step of one blank."""
    use_bank()
    steps = stock.steps_of(kind, serial)
    for step in steps:
        way = f"{step['from_state']}@{step['from_branch']} -> {step['to_state']}@{step['branch_id']}"
        tell(f"{step['step']} {step['at']} {step['action']} {way} {step['staff_id']} {step['note']}")
    if not steps:
        raise CannotBeDone(f"库存账中没有这件介质 / the stock knows no such blank: {kind} {serial}")


@app.command()
def count() -> None:
    """清点并与计数核对 / what each branch has, counted anew and compared with the counters."""
    use_bank()
    found = recount()
    for (branch_id, kind), counts in sorted(found.counts.items()):
        tell(f"{branch_id} {kind} " + " ".join(f"{name}={number}" for name, number in counts.items()))
    for finding in found.findings:
        tell(f"不符 / differs: {finding}")
    if found.findings:
        tell("若清点时有业务发生，请重新清点 / count again if somebody worked meanwhile")
        end(BROKEN)
    tell("账实相符 / counters and rows agree")
