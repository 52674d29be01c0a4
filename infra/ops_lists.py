"""Lists and statistics of a business date from the journal: `python -m infra.ops_lists 20261121`.

Adds what the journal's stream never told of; what is there stays as it is, and is not counted again. Works on the
tables that the environment names, or, where it names none, on the running local bank. Ends with 0 when it is done.
"""

import argparse
import os
import sys

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.platform.errors import Refusal
from chalicelib.reports.commands.rebuild_lists import rebuild_lists
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank

DONE, NOT_DONE = 0, 2
# A terabyte of journal: an operator waits where a function may not.
MOST_PAGES = 1_000_000


def main(arguments: list[str] | None = None) -> int:
    """Rebuild one date; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.ops_lists", description=__doc__)
    parser.add_argument("date", help="会计日期 / a business date, such as 20261121")
    given = parser.parse_args(arguments)
    try:
        if not os.environ.get("ACCOUNTS_TABLE"):
            os.environ.update(find_bank(running_endpoint()).process_environment())
        noted = rebuild_lists(given.date, most_pages=MOST_PAGES)
    except ValueError:
        print("日期有误 / this is no date", file=sys.stderr)
    except Refusal as refusal:
        print(f"{refusal.text('zh')} / {refusal.text('en')} ({refusal.code})", file=sys.stderr)
    except EngineError as problem:
        print(f"error: {problem}", file=sys.stderr)
    except (BotoCoreError, ClientError, KeyError) as problem:
        print("银行没有运行，请先在另一个终端执行 make run", file=sys.stderr)
        print(f"the bank does not answer ({type(problem).__name__}): is `make run` up?", file=sys.stderr)
    else:
        print(f"已补记 / noted: {noted}")
        return DONE
    return NOT_DONE


if __name__ == "__main__":
    sys.exit(main())
