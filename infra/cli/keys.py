"""`bank key …`: the keys of access tokens, of receipts and of seals, and the secret of confirmation codes."""

from enum import StrEnum
from typing import Annotated

import typer

from chalicelib.factors import service as factors
from chalicelib.identity import keys as token_keys
from chalicelib.platform import clock, jws
from chalicelib.receipts import keys as receipt_keys
from chalicelib.seals import keys as seal_keys
from infra.cli.shell import CannotBeDone, group, tell, use_bank

app = group("密钥 / keys and secrets")


class Of(StrEnum):
    """What keys sign."""

    TOKENS = "tokens"
    RECEIPTS = "receipts"
    SEALS = "seals"


RINGS = {Of.TOKENS: token_keys.RING, Of.RECEIPTS: receipt_keys.RING, Of.SEALS: seal_keys.RING}
Signing = Annotated[Of, typer.Option("--of", help="令牌、回单或日封存 / what the keys sign")]


def _now_s() -> int:
    return int(clock.now().timestamp())


@app.command("list")
def list_command(of: Signing = Of.TOKENS) -> None:
    """签名密钥 / every key of access tokens, receipts or seals: signs, next, verifies, retired or withdrawn."""
    use_bank()
    ring = RINGS[of]
    ring.forget()
    now = _now_s()
    known = ring.rows(now)
    ends = ring.retires_at(known)
    signing = ring.signing(now).key_id
    for row in known:
        ended = ends[row.key_id]
        state = "verifies"
        if row.is_withdrawn:
            state = "withdrawn"
        elif ended is not None and ended <= now:
            state = "retired"
        elif row.key_id == signing:
            state = "signs"
        elif row.signs_from > now:
            state = "next"
        since = clock.to_text(clock.from_epoch(row.signs_from))
        tell(f"{jws.public_half(row.key_id).kid} {state} {since} {row.key_id}")


@app.command()
def rotate(of: Signing = Of.TOKENS) -> None:
    """新签名密钥，十分钟后启用 / the next one signs in ten minutes; the one before ends when its tokens have.

    One that signed receipts or seals never ends: they are verified with it as long as they are kept.
    """
    use_bank()
    try:
        kid, signs_from = RINGS[of].rotate(_now_s())
    except ValueError as problem:
        raise CannotBeDone(str(problem)) from None
    tell(f"新密钥 / next key: {kid}, signs from {clock.to_text(clock.from_epoch(signs_from))}")


@app.command()
def withdraw(
    kid: Annotated[str, typer.Argument(help="密钥编号，见 list / the key, as listed")], of: Signing = Of.TOKENS
) -> None:
    """作废密钥，其全部令牌、回单或日封存立即失效 / a key in wrong hands: nothing of it is good any more."""
    use_bank()
    try:
        RINGS[of].withdraw(kid, _now_s())
    except ValueError as problem:
        raise CannotBeDone(str(problem)) from None
    tell(f"密钥已作废 / withdrawn: {kid}")


@app.command("rotate-code-secret")
def rotate_code_secret() -> None:
    """更换验证码密钥 / a new secret for confirmation codes; codes under way stay good."""
    use_bank()
    try:
        factors.rotate_secret(clock.now())
    except ValueError as problem:
        raise CannotBeDone(str(problem)) from None
    tell("验证码密钥已更换 / the secret for codes was replaced")


@app.command("export-code-secrets")
def export_code_secrets() -> None:
    """导出全部验证码密钥，供证据验证 / every one there ever was, a line each, for `evidence verify --code-secret`."""
    use_bank()
    for secret in factors.known_secrets():
        tell(secret.decode())
