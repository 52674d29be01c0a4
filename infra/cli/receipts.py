"""`bank receipt …`: a receipt is verified by whoever has it, with the bank's public keys and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from infra import receipts
from infra.cli.shell import BROKEN, CannotBeDone, end, group, tell

app = group("电子回单 / e-receipts")


@app.callback()
def callback() -> None:
    """电子回单 / e-receipts."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="回单文件（JWS）/ the receipt's file: `signed` of its answer")],
    keys: Annotated[Path, typer.Option(help="公钥文件，取自 /v1/receipt-keys.json / the bank's public keys")],
) -> None:
    """离线验真，不联系银行 / verify a receipt offline, with the public keys alone, and print what it says.

    Ends with 0 genuine, 1 not, 2 not readable. Whether the money has since gone back, the bank alone can tell.
    """
    try:
        public = receipts.keys_of(keys.read_text(encoding="utf-8"))
        verdict = receipts.verify(file.read_text(encoding="utf-8"), public)
    except (OSError, ValueError) as problem:
        raise CannotBeDone(f"无法读取 / not readable: {problem}") from None
    if verdict.receipt is None:
        tell(f"无效 / not genuine: {verdict.wrong}")
        end(BROKEN)
        return
    tell("有效 / genuine")
    for line in receipts.lines_of(verdict.receipt):
        tell(line)
    tell("其后是否退回或冲正，请联机验真 / whether the money has since gone back: /v1/receipt-verifications")
