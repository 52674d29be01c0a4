"""What needs two people, where there is no screen: ask, look, decide. `python -m infra.ops_approvals --help`.

Each person logs in with staff number, password and token code, as at a screen; the session ends with the command.
Works on the tables that the environment names, or, where it names none, on the running local bank. Ends with 0 when
it was done, 2 when it was refused or cannot be carried out.
"""

import argparse
import getpass
import json
import os
import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.approvals import service as approvals
from chalicelib.approvals.commands import decide
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.identity.commands.unlock import customer_named
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids
from chalicelib.platform.errors import MalformedRequest, Refusal
from chalicelib.platform.http import StaffCaller
from chalicelib.staff.commands.log_in import log_in, log_out
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank

DONE, NOT_DONE = 0, 2
PAGE = 50


def _request(actor: StaffCaller, kind: str, payload: dict[str, Any], reason: str) -> None:
    approval = make_request(actor, Wish(kind, payload, reason), key=ids.random_id(), now=clock.now())
    _show(actor, approval.approval_id)


def _show(actor: StaffCaller, approval_id: str) -> None:
    shown = approvals.show(actor, approval_id)
    approval = shown.approval
    print(f"{approval.approval_id}  {approval.kind}  {approval.state_at(clock.to_text(clock.now()))}  {approval.maker}")
    print(f"  事由 / reason: {approval.reason}")
    print(f"  有效至 / good until: {clock.to_local_text(clock.from_text(approval.expires_at))}")
    for change in shown.changes:
        mark = " " if change.before == change.after else "*"
        print(f"  {mark} {change.zh} / {change.en}: {change.before} -> {change.after}")
    print(f"  摘要 / digest: {approval.digest}")
    for event in shown.history:
        print(f"  {event.at} {event.state} {event.by} {event.reason or ''} {event.failure or ''}".rstrip())


def _list(actor: StaffCaller, state: str) -> None:
    found, cursor = approvals.page(actor, state, kind=None, branch_id=None, limit=PAGE, cursor=None)
    for approval in found:
        print(f"{approval.approval_id}  {approval.kind}  {approval.created_at}  {approval.maker}  {approval.reason}")
    if cursor is not None:
        print("…")


def _parameters() -> None:
    for standing in parameters.standing(clock.now()):
        name = standing.parameter.name
        print(f"{name} = {parameters.to_text(standing.value)}  ({standing.parameter.bounds})")
        for version in standing.scheduled:
            print(f"  {clock.to_local_text(version.since)}: {parameters.to_text(version.value)}")


def _history(name: str) -> None:
    changes, cursor = parameters.history(name, PAGE, None)
    for one in changes:
        print(f"{one.changed} {parameters.to_text(one.old)} -> {parameters.to_text(one.new)} from {one.effective_from}")
        print(f"  {one.department}, {one.approver}; {one.maker}, {one.checker}; {one.reason}")
    if cursor is not None:
        print("…")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.ops_approvals", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("parameters", help="参数现值 / every parameter as it stands")
    commands.add_parser("history", help="参数变更历史 / changes of a parameter").add_argument("name")
    for name, words in (
        ("request", "提交申请 / ask: a kind, and its payload as JSON"),
        ("parameter", "申请变更参数 / ask for a change of a parameter"),
        ("unlock", "申请解除登录锁定 / ask to unlock a log-in"),
        ("list", "申请列表 / requests in a state"),
        ("show", "查看申请 / a request with its digest"),
        ("approve", "复核通过 / approve what the digest stands for"),
        ("reject", "拒绝 / refuse"),
        ("withdraw", "撤回 / take back"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("--staff", required=True, help="员工号 / staff number")
        if name in ("request", "parameter", "unlock", "reject"):
            command.add_argument("--reason", required=True, help="事由 / why")
        if name in ("show", "approve", "reject", "withdraw"):
            command.add_argument("approval")
        if name == "approve":
            command.add_argument("digest")
        if name == "list":
            command.add_argument("--state", choices=approvals.STATES, default=approvals.STATES[0])
        if name == "request":
            command.add_argument("kind", choices=sorted(approvals.kinds()))
            command.add_argument("payload")
        if name == "parameter":
            command.add_argument("name")
            command.add_argument("value", help="数字、文字或 JSON / a number, a word, or JSON")
            command.add_argument("--department", required=True, help="申请部门 / who applied")
            command.add_argument("--approver", required=True, help="主管行长 / the president who approved")
            command.add_argument("--from", dest="since", help="生效时间 / in force from, RFC 3339")
        if name == "unlock":
            command.add_argument("login_name", help="登录名或账号 / login name or account number")
    return parser


def _value(text: str) -> Any:
    """A whole number or a JSON object; anything else is the word itself."""
    return json.loads(text) if text.lstrip("-").isdecimal() or text.startswith("{") else text


def _act(given: argparse.Namespace, actor: StaffCaller) -> None:
    """Carry out a command as the one who logged in."""
    now = clock.now()
    if given.command == "request":
        _request(actor, given.kind, json.loads(given.payload), given.reason)
    elif given.command == "parameter":
        payload = {"name": given.name, "value": _value(given.value), "effective_from": given.since}
        payload |= {"department": given.department, "approver": given.approver}
        _request(actor, "parameter.change", payload, given.reason)
    elif given.command == "unlock":
        _request(actor, "login.unlock", {"customer_id": customer_named(given.login_name)}, given.reason)
    elif given.command == "list":
        _list(actor, given.state)
    else:
        if given.command == "approve":
            decide.approve(actor, given.approval, given.digest, now=now)
        elif given.command == "reject":
            decide.reject(actor, given.approval, reason=given.reason, now=now)
        elif given.command == "withdraw":
            decide.withdraw(actor, given.approval, now=now)
        _show(actor, given.approval)


def _run(given: argparse.Namespace) -> None:
    if given.command == "parameters":
        return _parameters()
    if given.command == "history":
        return _history(given.name)
    password = getpass.getpass("密码 / password: ")
    code = getpass.getpass("动态口令 / token code: ")
    actor = log_in(given.staff, password, code, clock.now(), correlation_id=ids.random_id()).caller
    try:
        _act(given, actor)
    finally:
        log_out(actor, clock.now())
    return None


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        if not os.environ.get("APPROVALS_TABLE"):
            os.environ.update(find_bank(running_endpoint()).process_environment())
        _run(given)
    except Refusal as refusal:
        print(f"{refusal.text('zh')} / {refusal.text('en')} ({refusal.code})", file=sys.stderr)
        if isinstance(refusal, MalformedRequest):
            print(json.dumps(refusal.errors), file=sys.stderr)
        return NOT_DONE
    except json.JSONDecodeError as problem:
        print(f"不是有效的 JSON / not JSON: {problem}", file=sys.stderr)
        return NOT_DONE
    except EngineError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return NOT_DONE
    except (BotoCoreError, ClientError) as problem:
        print("银行没有运行，请先在另一个终端执行 make run", file=sys.stderr)
        print(f"the bank does not answer ({type(problem).__name__}): is `make run` up?", file=sys.stderr)
        return NOT_DONE
    return DONE


if __name__ == "__main__":
    sys.exit(main())
