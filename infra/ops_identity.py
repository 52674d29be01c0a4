"""What staff do about a customer's access by hand: `python -m infra.ops_identity unlock NAME TELLER`.

Works on the tables that the environment names, or, where it names none, on the running local bank. Ends with 0 when
it was done, 1 when there was nothing to do, 2 when it cannot be carried out. The customer's log says who did it.
"""

import argparse
import os
import sys

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.identity.commands.unlock import unlock
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank

DONE, NOTHING_TO_DO, NOT_DONE = 0, 1, 2


def _unlock(name: str, teller_id: str) -> int:
    if unlock(name, teller_id=teller_id, now=clock.now()):
        print("已解锁 / unlocked")
        return DONE
    print("未被锁定 / not locked")
    return NOTHING_TO_DO


def main(arguments: list[str]) -> int:
    """Carry out one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.ops_identity", description=__doc__)
    parser.add_argument("command", choices=["unlock"])
    parser.add_argument("name", help="登录名或账号 / login name or account number")
    parser.add_argument("teller", help="柜员号 / the teller who does it")
    given = parser.parse_args(arguments)
    try:
        if not os.environ.get("CREDENTIALS_TABLE"):
            os.environ.update(find_bank(running_endpoint()).process_environment())
        return _unlock(given.name, given.teller)
    except Refusal as refusal:
        print(f"{refusal.text('zh')} / {refusal.text('en')} ({refusal.code})", file=sys.stderr)
    except EngineError as problem:
        print(f"error: {problem}", file=sys.stderr)
    except (BotoCoreError, ClientError, KeyError) as problem:
        print("银行没有运行，请先在另一个终端执行 make run", file=sys.stderr)
        print(f"the bank does not answer ({type(problem).__name__}): is `make run` up?", file=sys.stderr)
    return NOT_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
