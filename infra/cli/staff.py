"""`bank found`, `bank staff …`: a new bank's first administrators, and the tokens of the local one's demo staff."""

import base64
import json
from collections.abc import Callable
from typing import Annotated

import typer

from chalicelib.platform import clock, totp
from chalicelib.staff.commands.appoint import Credentials
from chalicelib.staff.commands.found import found
from infra.cli.shell import CannotBeDone, group, tell
from infra.local.stack import LOCAL_DIR

app = group("员工 / staff")
_CLEAR = "\033[2J\033[H"


def _person(number: str, ask: Callable[[str], str]) -> tuple[str, str, str]:
    name = ask(f"{number} 姓名 / name: ").strip()
    return number, name, ask(f"{number} 居民身份证号 / resident identity number: ").strip()


def _show(number: str, given: Credentials, ask: Callable[[str], str]) -> None:
    tell(f"{number} 首次密码 / first password: {given.password}")
    tell(f"{number} 动态令牌 / token: {given.token_uri}")
    ask("记好后按回车，屏幕将清除 / press Enter once noted; the screen is cleared ")
    typer.echo(_CLEAR, nl=False)


def found_bank(maker: str, checker: str, ask: Callable[[str], str]) -> None:
    """Appoint both and show each what is theirs, while the other looks away."""
    people = _person(maker, ask), _person(checker, ask)
    for number, given in zip((maker, checker), found(*people, clock.now()), strict=True):
        _show(number, given, ask)
    tell("已设立 / done: 首次登录须修改密码 / both change their password at the first log-in")


@app.command()
def code(number: Annotated[str, typer.Argument(help="员工号 / staff number")]) -> None:
    """演示员工令牌当前的动态口令，一次有效 / the code that a demo member's token shows now; it is good once."""
    try:
        demo = json.loads((LOCAL_DIR / "demo.json").read_text(encoding="utf-8"))
        seeds = {member["login_name"]: member["token_seed"] for member in demo["staff"]}
    except (OSError, KeyError):
        raise CannotBeDone("没有演示银行，请先执行 make run / there is no demo bank yet: is `make run` up?") from None
    if number not in seeds:
        raise CannotBeDone(f"没有这个演示员工号 / no such demo staff number; there are: {', '.join(sorted(seeds))}")
    seed = base64.b32decode(seeds[number])
    now = clock.now()
    left_s = totp.STEP_S - int(now.timestamp()) % totp.STEP_S
    tell(f"{totp.code_at(seed, totp.step_at(now))}  ({left_s} s)")
