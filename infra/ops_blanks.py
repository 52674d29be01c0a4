"""Stock of blank tokens and USB keys, by branch: `python -m infra.ops_blanks COMMAND …` (NB-5.3.5).

    receive KIND BRANCH REFERENCE …      a delivery comes into a branch's stock; the same command finishes a broken one
    move KIND FROM TO REFERENCE …        from one branch's stock to another's; the same
    spoil KIND REASON …                  void blanks in stock, or devices that customers gave back; at most 40
    return KIND REASON …                 back to stock, what a customer never put to use; at most 40
    history KIND SERIAL                  every step of one blank
    count                                what each branch has, counted anew and compared with the counters

KIND is token or usb_key. Blanks are named by `--serials A B C` or `--range FIRST LAST`, who does it by `--by STAFF`.
Works on the tables that the environment names, or, where it names none, on the running local bank. Ends with 0 when
done, 1 when counters and rows differ, 2 when it cannot be carried out.
"""

import argparse
import os
import sys

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.blanks import service as stock
from chalicelib.blanks.commands.count import recount
from chalicelib.blanks.commands.move import move
from chalicelib.blanks.commands.receive import receive
from chalicelib.blanks.commands.spoil import give_back, spoil
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank

DONE, DIFFERENT, NOT_DONE = 0, 1, 2


def _count() -> int:
    found = recount()
    for (branch_id, kind), counts in sorted(found.counts.items()):
        print(branch_id, kind, " ".join(f"{name}={number}" for name, number in counts.items()))
    for finding in found.findings:
        print(f"不符 / differs: {finding}")
    if found.findings:
        print("若清点时有业务发生，请重新清点 / count again if somebody worked meanwhile")
        return DIFFERENT
    print("账实相符 / counters and rows agree")
    return DONE


def _history(kind: str, serial: str) -> int:
    steps = stock.steps_of(kind, serial)
    for step in steps:
        move_ = f"{step['from_state']}@{step['from_branch']} -> {step['to_state']}@{step['branch_id']}"
        print(step["step"], step["at"], step["action"], move_, step["staff_id"], step["note"])
    return DONE if steps else NOT_DONE


def _serials(given: argparse.Namespace) -> list[str]:
    return list(given.serials) if given.serials else stock.serials_between(*given.range)


def _run(given: argparse.Namespace) -> int:
    now = clock.now()
    match given.command:
        case "count":
            return _count()
        case "history":
            return _history(given.kind, given.serial)
        case "receive":
            new = receive(
                given.kind,
                _serials(given),
                branch_id=given.branch,
                reference=given.reference,
                staff_id=given.by,
                now=now,
            )
            print(f"已入库 / received: {new}")
        case "move":
            moved = move(
                given.kind,
                _serials(given),
                from_branch=given.from_branch,
                to_branch=given.to_branch,
                reference=given.reference,
                staff_id=given.by,
                now=now,
            )
            print(f"已调拨 / moved: {moved}")
        case "spoil":
            spoil(given.kind, _serials(given), reason=given.reason, staff_id=given.by, now=now)
            print("已作废 / spoiled")
        case "return":
            give_back(given.kind, _serials(given), reason=given.reason, staff_id=given.by, now=now)
            print("已退回库存 / back in stock")
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.ops_blanks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    named = {
        "receive": ["kind", "branch", "reference"],
        "move": ["kind", "from_branch", "to_branch", "reference"],
        "spoil": ["kind", "reason"],
        "return": ["kind", "reason"],
    }
    for name, facts in named.items():
        command = commands.add_parser(name)
        for fact in facts:
            command.add_argument(fact)
        which = command.add_mutually_exclusive_group(required=True)
        which.add_argument("--serials", nargs="+", help="序列号 / serial numbers")
        which.add_argument("--range", nargs=2, metavar=("FIRST", "LAST"), help="起止序列号 / first and last")
        command.add_argument("--by", required=True, metavar="STAFF", help="经办人 / who does it")
    history = commands.add_parser("history")
    history.add_argument("kind")
    history.add_argument("serial")
    commands.add_parser("count")
    return parser


def main(arguments: list[str]) -> int:
    """Carry out one command; return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        if not os.environ.get("BLANKS_TABLE"):
            os.environ.update(find_bank(running_endpoint()).process_environment())
        return _run(given)
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
