"""`bank receipt …`: a receipt is verified by whoever has it, with the bank's public keys and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from infra import receipts
from infra.cli.shell import BROKEN, WHOLE, CannotBeDone, end, group, tell

app = group("电子回单 / e-receipts")


@app.callback()
def callback() -> None:
    """电子回单 / e-receipts."""


@app.command()
def verify(
    file: Annotated[
        Path, typer.Argument(help="回单文件（PDF 或 JWS）/ the receipt: its PDF, or `signed` of its answer")
    ],
    keys: Annotated[Path, typer.Option(help="公钥文件，取自 /v1/receipt-keys.json / the bank's public keys")],
    authority: Annotated[
        Path | None, typer.Option(help="信任的 CA 证书（PEM），用于 PDF / certificates that you trust, for a PDF")
    ] = None,
) -> None:
    """离线验真，不联系银行 / verify a receipt offline, with the public keys alone, and print what it says.

    Of a PDF it takes the signed receipt out, holds the page's text to it, and looks at the file's own signature. Ends
    with 0 genuine, 1 not, 2 not readable. Whether the money has since gone back, the bank alone can tell.
    """
    # What reads PDFs takes a second to load, which no other command should wait for.
    from infra import printed  # noqa: PLC0415

    try:
        public = receipts.keys_of(keys.read_text(encoding="utf-8"))
        content = file.read_bytes()
        is_pdf = content.startswith(printed.PDF)
        verdict = receipts.verify(printed.signed_in(content) if is_pdf else content.decode(), public)
        trusted = printed.authorities_of(authority.read_bytes()) if authority is not None else ()
        looked_at = printed.look_at(content, verdict.receipt, trusted) if is_pdf and verdict.receipt else None
    except (OSError, ValueError) as problem:
        raise CannotBeDone(f"无法读取 / not readable: {problem}") from None
    if verdict.receipt is None:
        tell(f"无效 / not genuine: {verdict.wrong}")
        end(BROKEN)
        return
    is_genuine = looked_at is None or not looked_at.wrong
    tell("有效 / genuine" if is_genuine else "无效，但所附签名回单有效 / not genuine, but the signed receipt in it is:")
    for line in (*(looked_at.lines() if looked_at else ()), *receipts.lines_of(verdict.receipt)):
        tell(line)
    tell("其后是否退回或冲正，请联机验真 / whether the money has since gone back: /v1/receipt-verifications")
    end(WHOLE if is_genuine else BROKEN)
