"""What an operator does by hand: `python -m infra.ops verify-chain ACCOUNT`, `rebuild-lines ACCOUNT`.

Works on the tables that the environment names (ACCOUNTS_TABLE and so on, as the functions have them), or, where
it names none, on the running local bank. Ends with 0 when all is well, 1 when lines are broken or cannot be
rebuilt, 2 when the command cannot be carried out.
"""

import argparse
import os
import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.accounts import service as accounts
from chalicelib.accounts.commands.fill_holes import fill_holes
from chalicelib.accounts.commands.lost_lines import Irreparable
from chalicelib.accounts.commands.rebuild_lines import rebuild_lines
from chalicelib.accounts.commands.verify_chain import verify_chain
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank

WHOLE, BROKEN, NOT_DONE = 0, 1, 2
# A terabyte of journal: an operator waits where a function may not.
MOST_PAGES = 1_000_000


def verify(account_id: str) -> int:
    """Say whether an account's lines hold, and the first that does not."""
    verdict = verify_chain(account_id)
    if verdict.broken is None:
        print(f"完好 / whole: {verdict.lines} lines")
        return WHOLE
    broken = verdict.broken
    print(f"已损坏 / broken: line {broken.seq} is {broken.how}: {broken.why}; {verdict.lines} lines before it hold")
    return BROKEN


def rebuild(account_id: str) -> int:
    """Rebuild the lines that are missing in the middle or at the end of an account, however large the journal.

    What stands is never changed: where `verify` names anything but missing lines, it does so afterwards, too.
    """
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None:
        raise NotFound()
    try:
        count = fill_holes(account, most_pages=MOST_PAGES)
        count += rebuild_lines(account, accounts.last_line(account_id), clock.now(), most_pages=MOST_PAGES)
    except Irreparable as error:
        print(f"无法重建 / not rebuilt: {error}")
        return BROKEN
    print(f"已重建 / rebuilt: {count} lines")
    return verify(account_id)


COMMANDS: dict[str, Callable[[str], int]] = {"verify-chain": verify, "rebuild-lines": rebuild}


def _use_local_bank() -> None:
    if not os.environ.get("ACCOUNTS_TABLE"):
        os.environ.update(find_bank(running_endpoint()).process_environment())


def main(arguments: list[str]) -> int:
    """Carry out one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.ops", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("account", help="账号 / account number")
    given = parser.parse_args(arguments)
    if not given.account.isdecimal():
        print("请给出账号 / name an account, as in ACCOUNT=9000010000000000017", file=sys.stderr)
        return NOT_DONE
    try:
        _use_local_bank()
        return COMMANDS[given.command](given.account)
    except NotFound:
        print("没有这个账户 / there is no such account", file=sys.stderr)
    except EngineError as problem:
        print(f"error: {problem}", file=sys.stderr)
    except (BotoCoreError, ClientError, KeyError) as problem:
        print("银行没有运行，请先在另一个终端执行 make run", file=sys.stderr)
        print(f"the bank does not answer ({type(problem).__name__}): is `make run` up?", file=sys.stderr)
    return NOT_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
