"""The operator's trial balance and day close on the local bank: `make trial-balance DATE=20261121`.

python -m infra.ops_closing trial-balance 20261121
python -m infra.ops_closing close-day 20261121

In the cloud the same code runs as the function `close_business_days`.
"""

import argparse
import os
import sys

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.closing import service as closing
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.platform.money import grouped_text
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank

BALANCED, PENDING, WRONG = 0, 3, 4


def _show_trial_balance(business_date: str) -> int:
    balance = closing.trial_balance(business_date, clock.now())
    rows = [("客户存款 / customers' accounts", balance.customers_fen)]
    rows += sorted(balance.house.items())
    rows += [("合计 / total", balance.closing_fen)]
    print(f"试算平衡 / trial balance {business_date}")
    for name, amount_fen in rows:
        print(f"  {grouped_text(amount_fen):>24}  {name}")
    print(f"  账户 / accounts {balance.accounts}, 明细 / lines {balance.lines} (since {balance.first_date})")
    for title, findings in (
        ("待记明细的账户 / accounts whose lines are pending", balance.pending_accounts),
        ("待入账分录 / entries whose deferred legs are pending", balance.pending_entries),
        ("不符 / broken", balance.broken),
        ("已日终数据变动 / changed since the last close", balance.changed),
    ):
        if findings.count:
            print(f"  {title}: {findings.count}")
            print("".join(f"    {name}\n" for name in findings.names), end="")
    if balance.is_balanced:
        print("平衡 / balanced")
        return BALANCED
    print("不平 / NOT balanced" if balance.is_wrong else "有待处理 / pending: the sum says nothing yet")
    return WRONG if balance.is_wrong else PENDING


def _close_day(business_date: str) -> int:
    day = closing.close_day(business_date, clock.now())
    print(f"营业日 {day.business_date} 已日终 / closed at {day.closed_at}")
    return BALANCED


COMMANDS = {"trial-balance": _show_trial_balance, "close-day": _close_day}


def main(arguments: list[str] | None = None) -> int:
    """Run one command on the local bank; return 0 when the books are balanced or the day is closed."""
    parser = argparse.ArgumentParser(prog="python -m infra.ops_closing", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("date", help="a business date, such as 20261121")
    chosen = parser.parse_args(arguments)
    try:
        os.environ.update(find_bank(running_endpoint()).process_environment())
        return COMMANDS[chosen.command](chosen.date)
    except Refusal as refusal:
        print(f"{refusal.text('zh')} / {refusal.text('en')} ({refusal.code})", file=sys.stderr)
        return 2
    except EngineError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, KeyError):
        print("银行没有运行，请先在另一个终端执行 make run", file=sys.stderr)
        print("the bank is not running: start it with `make run` in another terminal", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
