"""`bank approval …`: what needs two people, where there is no screen: ask, look, decide.

Each person logs in with staff number, password and token code, as at a screen; the session ends with the command.
"""

import json
from typing import Annotated, Any

import typer

from chalicelib.approvals import service as approvals
from chalicelib.approvals.commands import decide
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.identity.commands.unlock import customer_named
from chalicelib.parameters import service as parameters_
from chalicelib.platform import clock, ids
from chalicelib.platform.callers import StaffCaller
from infra.cli.people import acting
from infra.cli.shell import CannotBeDone, group, tell, use_bank

app = group("双人复核与参数 / what needs two people, and parameters")
PAGE = 50

Staff = Annotated[str, typer.Option(help="员工号 / staff number")]
Reason = Annotated[str, typer.Option(help="事由 / why")]
Approval = Annotated[str, typer.Argument(help="申请编号 / the request")]


def _request(actor: StaffCaller, kind: str, payload: dict[str, Any], reason: str) -> None:
    approval = make_request(actor, Wish(kind, payload, reason), key=ids.random_id(), now=clock.now())
    _show(actor, approval.approval_id)


def _show(actor: StaffCaller, approval_id: str) -> None:
    shown = approvals.show(actor, approval_id)
    approval = shown.approval
    tell(f"{approval.approval_id}  {approval.kind}  {approval.state_at(clock.to_text(clock.now()))}  {approval.maker}")
    tell(f"  事由 / reason: {approval.reason}")
    tell(f"  有效至 / good until: {clock.to_local_text(clock.from_text(approval.expires_at))}")
    for change in shown.changes:
        mark = " " if change.before == change.after else "*"
        tell(f"  {mark} {change.zh} / {change.en}: {_shown(change.before)} -> {_shown(change.after)}")
    tell(f"  摘要 / digest: {approval.digest}")
    for event in shown.history:
        tell(f"  {event.at} {event.state} {event.by} {event.reason or ''} {event.failure or ''}".rstrip())


def _shown(fact: Any) -> Any:
    return "—" if fact is None else fact


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as problem:
        raise CannotBeDone(f"不是有效的 JSON / not JSON: {problem}") from None


@app.command()
def parameters() -> None:
    """参数现值 / every parameter as it stands."""
    use_bank()
    for standing in parameters_.standing(clock.now()):
        name = standing.parameter.name
        tell(f"{name} = {parameters_.to_text(standing.value)}  ({standing.parameter.bounds})")
        for version in standing.scheduled:
            tell(f"  {clock.to_local_text(version.since)}: {parameters_.to_text(version.value)}")


@app.command()
def history(name: Annotated[str, typer.Argument(help="参数 / parameter")]) -> None:
    """参数变更历史 / changes of a parameter."""
    use_bank()
    changes, cursor = parameters_.history(name, PAGE, None)
    for one in changes:
        was, now = parameters_.to_text(one.old), parameters_.to_text(one.new)
        tell(f"{one.changed} {was} -> {now} from {one.effective_from}")
        tell(f"  {one.department}, {one.approver}; {one.maker}, {one.checker}; {one.reason}")
    if cursor is not None:
        tell("…")


@app.command()
def request(
    kind: Annotated[str, typer.Argument(help="种类 / kind, as in docs/architecture.md")],
    payload: Annotated[str, typer.Argument(help="内容（JSON）/ payload as JSON")],
    staff: Staff,
    reason: Reason,
) -> None:
    """提交申请 / ask: a kind, and its payload."""
    if kind not in approvals.kinds():
        raise CannotBeDone(f"没有这个种类 / no such kind: {', '.join(sorted(approvals.kinds()))}")
    read = _json(payload)
    with acting(staff) as actor:
        _request(actor, kind, read, reason)


@app.command()
def parameter(
    name: Annotated[str, typer.Argument(help="参数 / parameter")],
    value: Annotated[str, typer.Argument(help="数字、文字或 JSON / a number, a word, or JSON")],
    staff: Staff,
    reason: Reason,
    department: Annotated[str, typer.Option(help="申请部门 / who applied")],
    approver: Annotated[str, typer.Option(help="主管行长 / the president who approved")],
    since: Annotated[str | None, typer.Option("--from", help="生效时间 / in force from, RFC 3339")] = None,
) -> None:
    """申请变更参数 / ask for a change of a parameter."""
    # A whole number or a JSON object; anything else is the word itself.
    read = _json(value) if value.lstrip("-").isdecimal() or value.startswith("{") else value
    payload = {"name": name, "value": read, "effective_from": since, "department": department, "approver": approver}
    with acting(staff) as actor:
        _request(actor, "parameter.change", payload, reason)


@app.command()
def unlock(
    login_name: Annotated[str, typer.Argument(help="登录名或账号 / login name or account number")],
    staff: Staff,
    reason: Reason,
) -> None:
    """申请解除登录锁定 / ask to unlock a log-in."""
    with acting(staff) as actor:
        _request(actor, "login.unlock", {"customer_id": customer_named(login_name)}, reason)


@app.command("list")
def list_command(
    staff: Staff,
    state: Annotated[str, typer.Option(help=" | ".join(approvals.STATES))] = approvals.STATES[0],
) -> None:
    """申请列表 / requests in a state."""
    if state not in approvals.STATES:
        raise CannotBeDone(f"没有这个状态 / no such state: {', '.join(approvals.STATES)}")
    with acting(staff) as actor:
        found, cursor = approvals.page(actor, state, kind=None, branch_id=None, limit=PAGE, cursor=None)
        for one in found:
            tell(f"{one.approval_id}  {one.kind}  {one.created_at}  {one.maker}  {one.reason}")
        if not found:
            tell(f"没有 / none: {state}")
        if cursor is not None:
            tell("…")


@app.command()
def show(approval: Approval, staff: Staff) -> None:
    """查看申请及摘要 / what a request would change, and its digest."""
    with acting(staff) as actor:
        _show(actor, approval)


@app.command()
def approve(
    approval: Approval, digest: Annotated[str, typer.Argument(help="所见摘要 / the digest you saw")], staff: Staff
) -> None:
    """复核通过 / approve what the digest stands for."""
    with acting(staff) as actor:
        decide.approve(actor, approval, digest, now=clock.now())
        _show(actor, approval)


@app.command()
def reject(approval: Approval, staff: Staff, reason: Reason) -> None:
    """拒绝 / refuse."""
    with acting(staff) as actor:
        decide.reject(actor, approval, reason=reason, now=clock.now())
        _show(actor, approval)


@app.command()
def withdraw(approval: Approval, staff: Staff) -> None:
    """撤回本人申请 / take one's own back."""
    with acting(staff) as actor:
        decide.withdraw(actor, approval, now=clock.now())
        _show(actor, approval)
