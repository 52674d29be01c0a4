"""Staff by hand: `python -m infra.ops_staff found NUMBER NUMBER` for a new bank, `code NUMBER` for the local one.

`found` appoints the first two system administrators, once in a bank's life; both have to be there. Each types their
name and resident identity number, and takes their first password and their token's address from the screen while the
other looks away. Works on the tables that the environment names, or, where it names none, on the running local bank.

`code` prints the code that a demo member's token shows now. It is good once, so a second log-in waits for the next.

Ends with 0 when it was done, 2 when it cannot be.
"""

import argparse
import base64
import json
import os
import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.platform import clock, totp
from chalicelib.platform.errors import Refusal
from chalicelib.staff.commands.appoint import Credentials
from chalicelib.staff.commands.found import found
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import LOCAL_DIR, find_bank

DONE, NOT_DONE = 0, 2
_CLEAR = "\033[2J\033[H"


def _person(number: str, ask: Callable[[str], str]) -> tuple[str, str, str]:
    name = ask(f"{number} 姓名 / name: ").strip()
    return number, name, ask(f"{number} 居民身份证号 / resident identity number: ").strip()


def _show(number: str, given: Credentials, ask: Callable[[str], str]) -> None:
    print(f"{number} 首次密码 / first password: {given.password}")
    print(f"{number} 动态令牌 / token: {given.token_uri}")
    ask("记好后按回车，屏幕将清除 / press Enter once noted; the screen is cleared ")
    print(_CLEAR, end="")


def found_bank(maker: str, checker: str, ask: Callable[[str], str]) -> int:
    """Appoint both and show each what is theirs."""
    people = _person(maker, ask), _person(checker, ask)
    for number, given in zip((maker, checker), found(*people, clock.now()), strict=True):
        _show(number, given, ask)
    print("已设立 / done: 首次登录须修改密码 / both change their password at the first log-in")
    return DONE


def show_code(number: str) -> int:
    """Print the code of a demo member's token, and for how many seconds it is shown."""
    demo = json.loads((LOCAL_DIR / "demo.json").read_text(encoding="utf-8"))
    seeds = {member["login_name"]: member["token_seed"] for member in demo["staff"]}
    now = clock.now()
    seed = base64.b32decode(seeds[number])
    left_s = totp.STEP_S - int(now.timestamp()) % totp.STEP_S
    print(f"{totp.code_at(seed, totp.step_at(now))}  ({left_s} s)")
    return DONE


def main(arguments: list[str]) -> int:
    """Carry out one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.ops_staff", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    founding = commands.add_parser("found", help="the first two system administrators of a new bank")
    founding.add_argument("maker", help="经办员工号 / staff number of the maker")
    founding.add_argument("checker", help="复核员工号 / staff number of the checker")
    coding = commands.add_parser("code", help="the code that a demo member's token shows now")
    coding.add_argument("number", help="员工号 / staff number")
    given = parser.parse_args(arguments)
    try:
        if given.command == "code":
            return show_code(given.number)
        if not os.environ.get("STAFF_TABLE"):
            os.environ.update(find_bank(running_endpoint()).process_environment())
        return found_bank(given.maker, given.checker, input)
    except Refusal as refusal:
        print(f"{refusal.text('zh')} / {refusal.text('en')} ({refusal.code})", file=sys.stderr)
    except EngineError as problem:
        print(f"error: {problem}", file=sys.stderr)
    except (BotoCoreError, ClientError, KeyError, OSError) as problem:
        print("银行没有运行，或没有这个员工号；请先在另一个终端执行 make run", file=sys.stderr)
        print(f"no such number, or no answer ({type(problem).__name__}): is `make run` up?", file=sys.stderr)
    return NOT_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
