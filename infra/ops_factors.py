"""What an operator does about factors by hand: `python -m infra.ops_factors COMMAND`.

    backfill-reminders       rows by which the end of tokens and certificates is found that were issued before
    adopt-blanks STAFF       tokens and USB keys that were issued before enter the stock ledger, as issued

Again, each does what is missing. Works on the tables that the environment names, or, where it names none, on the
running local bank. Ends with 0 when done, 2 when it cannot be.
"""

import argparse
import os
import sys

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.factors.commands import remind
from chalicelib.factors.commands.adopt_blanks import adopt_blanks
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank

DONE, NOT_DONE = 0, 2


def main(arguments: list[str]) -> int:
    """Carry out one command; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.ops_factors", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("backfill-reminders")
    commands.add_parser("adopt-blanks").add_argument("staff", help="经办人 / who does it")
    given = parser.parse_args(arguments)
    try:
        if not os.environ.get("FACTOR_REMINDERS_TABLE"):
            os.environ.update(find_bank(running_endpoint()).process_environment())
        if given.command == "adopt-blanks":
            print(f"已补登 / entered: {adopt_blanks(staff_id=given.staff, now=clock.now())}")
        else:
            print(f"已补登 / written: {remind.backfill(clock.now())}")
    except Refusal as refusal:
        print(f"{refusal.text('zh')} / {refusal.text('en')} ({refusal.code})", file=sys.stderr)
    except EngineError as problem:
        print(f"error: {problem}", file=sys.stderr)
    except (BotoCoreError, ClientError, KeyError) as problem:
        print("银行没有运行，请先在另一个终端执行 make run", file=sys.stderr)
        print(f"the bank does not answer ({type(problem).__name__}): is `make run` up?", file=sys.stderr)
    else:
        return DONE
    return NOT_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
