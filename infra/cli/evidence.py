"""`bank evidence …`: who confirmed an executed transfer: exported, and verified offline years later (NB-5.1.3)."""

import json
from pathlib import Path
from typing import Annotated

import typer

from infra import evidence
from infra.cli.shell import CannotBeDone, end, group, tell, use_bank

app = group("转账证据 / evidence of transfers")


@app.command()
def export(transfer: Annotated[str, typer.Argument(help="转账编号 / transfer id")]) -> None:
    """导出证据 / what verifies an executed transfer, as JSON."""
    use_bank()
    try:
        document = evidence.export(transfer)
    except KeyError:
        raise CannotBeDone("没有这笔已入账的转账 / there is no such executed transfer") from None
    tell(json.dumps(document, ensure_ascii=False, indent=2))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="证据文件 / an exported file")],
    root: Annotated[str, typer.Option(help="证书机构指纹 SHA-256 / the authority's fingerprint")] = "",
    code_secret: Annotated[
        Path | None, typer.Option(help="验证码密钥文件 / file with the secrets of the codes")
    ] = None,
) -> None:
    """离线验证证据，不读任何表 / judge a file as of its posting, by that file and nothing else.

    Without --root a certificate proves nothing. Ends with 0 valid, 1 invalid, 2 not readable, 3 not decided.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        secrets = code_secret.read_bytes().split() if code_secret else []
        verdict = evidence.verify(document, root, secrets)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as problem:
        raise CannotBeDone(f"无法读取 / not readable: {type(problem).__name__}") from None
    for reason in verdict.wrong:
        tell(f"无效 / invalid: {reason}")
    for reason in verdict.undecided:
        tell(f"未能判定 / not decided: {reason}")
    if verdict.code == evidence.VALID:
        entry = document["entry"]
        tell(f"有效 / valid: {entry['entry_id']}, {entry['factor']} {entry['factor_id']}, {entry['posted_at']}")
    end(verdict.code)
