"""`bank key …`: the keys of access tokens, receipts, seals and documents, and the secret of confirmation codes."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.factors import service as factors
from chalicelib.identity import keys as token_keys
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, jws
from chalicelib.platform.pdf import certificates
from chalicelib.platform.pdf import keys as document_keys
from chalicelib.receipts import keys as receipt_keys
from chalicelib.seals import keys as seal_keys
from infra.cli.shell import CannotBeDone, group, tell, use_bank

app = group("密钥 / keys and secrets")


class Of(StrEnum):
    """What keys sign."""

    TOKENS = "tokens"
    RECEIPTS = "receipts"
    SEALS = "seals"
    DOCUMENTS = "documents"


RINGS = {
    Of.TOKENS: token_keys.RING,
    Of.RECEIPTS: receipt_keys.RING,
    Of.SEALS: seal_keys.RING,
    Of.DOCUMENTS: document_keys.RING,
}
Signing = Annotated[Of, typer.Option("--of", help="令牌、回单、日封存或文件 / what the keys sign")]
# The keys that others know by a certificate.
CERTIFIED = (Of.DOCUMENTS,)


def _now_s() -> int:
    return int(clock.now().timestamp())


@app.command("list")
def list_command(of: Signing = Of.TOKENS) -> None:
    """签名密钥 / every key of tokens, receipts, seals or documents: signs, next, verifies, retired or withdrawn."""
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

    One that signed receipts or seals never ends: they are verified with it as long as they are kept. The next one of
    documents signs once its certificate is installed, too.
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


@app.command("certificate-request")
def certificate_request(of: Signing = Of.DOCUMENTS) -> None:
    """证书请求（PKCS #10），交 CA 签发 / a request for the certificate of the newest key, for the bank's CA."""
    _require_certified(of)
    use_bank()
    now = clock.now()
    tell(certificates.request(parameters.value(parameters.BANK_NAME, now)["zh"], now).strip())


@app.command()
def certificate(
    install: Annotated[Path | None, typer.Option(help="CA 返回的证书链 / the CA's answer, PEM")] = None,
    trial: Annotated[bool, typer.Option("--test", help="自签测试证书，仅 local 和 dev / make one for tests")] = False,
    of: Signing = Of.DOCUMENTS,
) -> None:
    """安装证书，或列出在用证书 / install the certificate of a key, or print the chain in use (PEM)."""
    _require_certified(of)
    use_bank()
    now = clock.now()
    try:
        if install is not None or trial:
            text = install.read_text(encoding="ascii") if install is not None else certificates.trial_certificates(now)
            own = certificates.install(text, now)
            until = clock.to_text(own.not_valid_after_utc)
            tell(f"证书已安装 / installed: {own.subject.rfc4514_string()}, until {until}")
        else:
            tell(document_keys.text_of(document_keys.signing(now).certificates).strip())
    except (OSError, ValueError, document_keys.NoCertificateInForce) as problem:
        raise CannotBeDone(str(problem)) from None


def _require_certified(of: Of) -> None:
    if of not in CERTIFIED:
        raise CannotBeDone(f"只有文件密钥有证书 / keys of {of} have no certificate")


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
