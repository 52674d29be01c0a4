"""One customer's way through the bank over HTTP, as a phone would go it, with what the bank answered.

Log in, accounts, create a transfer, read the SMS, confirm, receipt, alert, statement lines, last month's bill. Then two
members of staff, as their screens would: one asks for the change of a parameter, the other approves it. All of it by
the Python client that apps get (docs/clients.md): call `clients.use_python()` before this is imported.
Raises WalkFailed with the bank's answer when something is not as it should be.
"""

import base64
import datetime as dt
import json
import time
import uuid
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import httpx

import rural_bank
from chalicelib.platform import clock, totp
from infra.local.messages import sent_to
from infra.local.stack import Bank
from rural_bank import NoAnswer, Refused, answered, new_key
from rural_bank.signing import FormAltered, read_form
from rural_bank_api.api.accounts import get_accounts_account_id_movements as list_movements
from rural_bank_api.api.accounts import get_overview
from rural_bank_api.api.bills import get_accounts_account_id_bills_month as get_bill
from rural_bank_api.api.receipts import get_transfers_transfer_id_receipt as get_receipt
from rural_bank_api.api.sessions import delete_sessions_current as log_out
from rural_bank_api.api.sessions import post_sessions as log_in
from rural_bank_api.api.staff_approvals import get_staff_approvals_approval_id as get_approval
from rural_bank_api.api.staff_approvals import post_staff_approvals as ask_for_approval
from rural_bank_api.api.staff_approvals import post_staff_approvals_approval_id_approval as approve
from rural_bank_api.api.staff_parameters import get_staff_parameters as list_parameters
from rural_bank_api.api.staff_sessions import delete_staff_sessions_current as log_staff_out
from rural_bank_api.api.staff_sessions import post_staff_sessions as log_staff_in
from rural_bank_api.api.transfers import post_transfers as create_transfer
from rural_bank_api.api.transfers import post_transfers_transfer_id_confirmation as confirm_transfer
from rural_bank_api.models import (
    ApprovalConsent,
    ApprovalRequest,
    ApprovalRequestPayload,
    Confirmation,
    LogIn,
    NewTransfer,
    ParameterView,
    StaffLogIn,
)
from rural_bank_api.models.problem import Problem
from rural_bank_api.types import Response

AMOUNT = "1234.56"
# Each run changes it to the other of the two.
PARAMETER, VALUES = "bank.working_hours", ("08:30-17:00", "09:00-17:00")
MAKER, CHECKER = "E0001", "E0002"
# The first request meets a cold start, on a busy machine.
TIMEOUT_S = 60
# Workers answer within a second here; a cold start of the whole chain may take some.
MAX_WAIT_S = 180
POLL_S = 0.2
TELL_EVERY_S = 2

T = TypeVar("T")


class Answer(Protocol):
    """What every answer of the client can do."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        ...


class WalkFailed(Exception):
    """A step did not give what it must."""


def tell(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def walk(bank: Bank, demo: dict[str, Any]) -> None:
    """Take the first demo customer through the main chain, then two members of staff through a change."""
    try:
        _walk_as_customer(bank, demo["customers"][0], demo["customers"][1])
        _step(7, "双人复核修改参数 / two members of staff change a parameter")
        _change_parameter(bank, {member["login_name"]: member for member in demo["staff"]})
    except (Refused, NoAnswer, FormAltered, httpx.TransportError) as problem:
        raise WalkFailed(str(problem)) from problem


def _walk_as_customer(bank: Bank, payer: dict[str, Any], payee: dict[str, Any]) -> None:
    app = rural_bank.Bank(bank.base_url, timeout_s=TIMEOUT_S)
    _step(1, "登录 / log in")
    who = LogIn(login_name=payer["login_name"], password=payer["password"])
    session = answered(log_in.sync_detailed(client=app.client, body=who))
    app.authorize(session.access_token)
    _show(session, "customer_id", "edition", "expires_in")
    _show(answered(get_overview.sync_detailed(client=app.client)), "assets", "liabilities", "net")

    _step(2, "发起转账 / create a transfer")
    account = payer["accounts"][0]["id"]
    wish = NewTransfer(
        payer_account=account,
        payee_account=payee["accounts"][0]["id"],
        payee_name=payee["name"],
        amount=AMOUNT,
        purpose="货款",
    )
    transfer = answered(create_transfer.sync_detailed(client=app.client, body=wish, idempotency_key=new_key()))
    # What is confirmed is what was typed, or FormAltered is raised.
    typed = {"payee_account": wish.payee_account, "payee_name": wish.payee_name, "amount": wish.amount}
    read_form(transfer.canonical, transfer.digest, payer_account=account, purpose="货款", **typed)
    _show(transfer, "id", "state", "payee_name", "amount", "fee", "valid_until")

    _step(3, "短信验证码确认 / confirm with the SMS code")
    sms = wait_for("the SMS", lambda: _code_message(bank, payer["phone"], transfer.id))
    tell(f"     短信 / SMS: {sms}")
    code = Confirmation(factor="sms", code=sms.partition("验证码")[2][:6])
    posted = answered(confirm_transfer.sync_detailed(transfer.id, client=app.client, body=code))
    _show(posted, "state", "posted_at", "business_date")

    _step(4, "电子回单 / the receipt")
    receipt = wait_for("the receipt", lambda: _found(get_receipt.sync_detailed(transfer.id, client=app.client)))
    _show(receipt, "number", "amount", "amount_in_words")

    _step(5, "动账提醒 / the balance alerts")
    for person in (payer, payee):
        alert = wait_for("the alert", lambda person=person: _alert(bank, person["phone"], str(posted.posted_at)))  # type: ignore[misc]
        tell(f"     {person['login_name']}: {alert}")
    lines = answered(list_movements.sync_detailed(account, client=app.client, limit=1))
    _show(lines.movements[0], "seq", "amount", "balance", "counterparty_name")

    _step(6, "月度账单 / last month's bill")
    month = _run_bills(bank)
    bill = wait_for("the bill", lambda: _found(get_bill.sync_detailed(account, month, client=app.client)))
    _show(bill, "month", "opening", "incoming", "outgoing", "closing")
    answered(log_out.sync_detailed(client=app.client))
    app.close()


def _change_parameter(bank: Bank, members: dict[str, dict[str, Any]]) -> None:
    """One asks, another looks at what would change and approves it, which does it."""
    maker, checker = (_staff_screen(bank, members[number]) for number in (MAKER, CHECKER))
    before = _parameter(maker)
    payload = {
        "name": PARAMETER,
        "value": VALUES[1] if before.value == VALUES[0] else VALUES[0],
        "department": "电子银行部",
        "approver": "主管行长",
    }
    change = ApprovalRequest(kind="parameter.change", payload=ApprovalRequestPayload.from_dict(payload), reason="演示")
    asked = answered(ask_for_approval.sync_detailed(client=maker.client, body=change, idempotency_key=new_key()))
    _show(asked.request, "id", "kind", "state", "maker")
    shown = answered(get_approval.sync_detailed(asked.request.id, client=checker.client))
    _show(next(row for row in shown.changes if row.fact == "value"), "name", "before", "after")
    consent = ApprovalConsent(digest=shown.digest)
    done = answered(approve.sync_detailed(asked.request.id, client=checker.client, body=consent))
    _show(done.request, "state", "decided_by", "decided_at")
    _show(_parameter(maker), "name", "value", "revision")
    for screen in (maker, checker):
        answered(log_staff_out.sync_detailed(client=screen.client))
        screen.close()


def _staff_screen(bank: Bank, member: dict[str, Any]) -> rural_bank.Bank:
    """A session of staff, by password and what the token shows; where this minute's code is used, by the next one's."""
    screen, seed = rural_bank.Bank(bank.base_url, timeout_s=TIMEOUT_S), base64.b32decode(member["token_seed"])
    step = totp.step_at(clock.now())

    def entered(at: int) -> str:
        who = StaffLogIn(staff_id=member["login_name"], password=member["password"], code=totp.code_at(seed, at))
        return answered(log_staff_in.sync_detailed(client=screen.client, body=who)).access_token

    try:
        screen.authorize(entered(step))
    except Refused:  # used a moment ago
        screen.authorize(entered(step + 1))
    return screen


def _parameter(screen: rural_bank.Bank) -> ParameterView:
    found = answered(list_parameters.sync_detailed(client=screen.client)).parameters
    return next(one for one in found if one.name == PARAMETER)


def _step(number: int, title: str) -> None:
    tell(f"  {number}. {title}")


def _show(answer: Answer, *names: str) -> None:
    said = answer.to_dict()
    tell("     " + json.dumps({name: said[name] for name in names}, ensure_ascii=False))


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """Look until something is there; says so when it takes longer than two seconds."""
    started = told = time.monotonic()
    while True:
        found = look()
        if found is not None:
            return found
        now = time.monotonic()
        if now - started > MAX_WAIT_S:
            raise WalkFailed(f"{what} did not come within {MAX_WAIT_S} s")
        if now - told > TELL_EVERY_S:
            tell(f"     … {what} ({int(now - started)} s)")
            told = now
        time.sleep(POLL_S)


def _code_message(bank: Bank, phone: str, transfer_id: str) -> str | None:
    texts = [m["text"] for m in sent_to(bank, phone) if f"#{transfer_id}#code#" in m["message_id"]]
    return texts[-1] if texts else None


def _alert(bank: Bank, phone: str, posted_at: str) -> str | None:
    texts = [
        m["text"]
        for m in sent_to(bank, phone)
        if m["channel"] == "sms" and m["message_id"].startswith(posted_at) and "验证码" not in m["text"]
    ]
    return texts[-1] if texts else None


def _found(response: Response[T | Problem]) -> T | None:
    """The answer, or None while it is not there yet. Raises Refused."""
    try:
        return answered(response)
    except Refused as refused:
        if refused.status == httpx.codes.NOT_FOUND:
            return None
        raise


def _run_bills(bank: Bank) -> str:
    """Fire the monthly schedule by hand: the packaged function gets the event that the scheduler sent this month's
    first night.
    """
    first_night = clock.now().astimezone(clock.SHANGHAI).replace(day=1, hour=2, minute=0, second=0, microsecond=0)
    event = {
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": f"{first_night.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": bank.region,
        "account": "000000000000",
        "resources": [],
        "detail": {},
        "version": "0",
    }
    answer = bank.client("lambda").invoke(
        FunctionName=bank.resources["StartBillRun"], Payload=json.dumps(event).encode()
    )
    result = json.loads(answer["Payload"].read())
    if not result.get("month"):
        raise WalkFailed(f"StartBillRun: {result}")
    return str(result["month"])
