"""One customer's way through the bank over HTTP, as a phone would go it, with what the bank answered.

Log in, accounts, create a transfer, read the SMS, confirm, receipt, alert, statement lines, last month's bill. Then two
members of staff, as their screens would: one asks for the change of a parameter, the other approves it.
Raises WalkFailed with the step and the bank's answer when something is not as it should be.
"""

import base64
import datetime as dt
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import requests

from chalicelib.platform import clock, totp
from infra.local.messages import sent_to
from infra.local.stack import Bank

AMOUNT = "1234.56"
# Each run changes it to the other of the two.
PARAMETER, VALUES = "bank.working_hours", ("08:30-17:00", "09:00-17:00")
MAKER, CHECKER = "E0001", "E0002"
TIMEOUT_S = 15
# Workers answer within a second here; a cold start of the whole chain may take some.
MAX_WAIT_S = 180
POLL_S = 0.2
TELL_EVERY_S = 2


class WalkFailed(Exception):
    """A step did not give what it must."""


def tell(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


class Phone:
    """The customer's app, or a screen of staff: keeps the token of its session."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._headers: dict[str, str] = {"Accept-Language": "zh-CN"}

    def authorize(self, token: str) -> None:
        """Use this access token from now on."""
        self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """One request; status and body."""
        answer = requests.request(
            method, self._base_url + path, json=body, headers={**self._headers, **headers}, timeout=TIMEOUT_S
        )
        return answer.status_code, answer.json() if answer.content else None

    def expect(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The same; raises WalkFailed when the status is another."""
        found, answer = self.call(method, path, body, **headers)
        if found != status:
            raise WalkFailed(f"{method} {path}: {found} {json.dumps(answer, ensure_ascii=False)}")
        return answer


def walk(bank: Bank, demo: dict[str, Any]) -> None:
    """Take the first demo customer through the main chain."""
    payer, payee = demo["customers"][0], demo["customers"][1]
    phone = Phone(bank.base_url)
    _step(1, "登录 / log in")
    session = phone.expect(
        201, "POST", "/v1/sessions", {"login_name": payer["login_name"], "password": payer["password"]}
    )
    phone.authorize(session["access_token"])
    _show(session, "customer_id", "edition", "expires_in")
    overview = phone.expect(200, "GET", "/v1/overview")
    _show(overview, "assets", "liabilities", "net")

    _step(2, "发起转账 / create a transfer")
    transfer = phone.expect(
        201,
        "POST",
        "/v1/transfers",
        {
            "payer_account": payer["accounts"][0]["id"],
            "payee_account": payee["accounts"][0]["id"],
            "payee_name": payee["name"],
            "amount": AMOUNT,
            "purpose": "货款",
        },
        **{"Idempotency-Key": uuid.uuid4().hex},
    )
    _show(transfer, "id", "state", "payee_name", "amount", "fee", "valid_until")

    _step(3, "短信验证码确认 / confirm with the SMS code")
    sms = wait("the SMS", lambda: _code_message(bank, payer["phone"], transfer["id"]))
    tell(f"     短信 / SMS: {sms}")
    posted = phone.expect(
        200,
        "POST",
        f"/v1/transfers/{transfer['id']}/confirmation",
        {"factor": "sms", "code": sms.partition("验证码")[2][:6]},
    )
    _show(posted, "state", "posted_at", "business_date")

    _step(4, "电子回单 / the receipt")
    receipt = wait("the receipt", lambda: _found(phone, f"/v1/transfers/{transfer['id']}/receipt"))
    _show(receipt, "number", "amount", "amount_in_words")

    _step(5, "动账提醒 / the balance alerts")
    for person in (payer, payee):
        alert = wait("the alert", lambda person=person: _alert(bank, person["phone"], posted["posted_at"]))  # type: ignore[misc]
        tell(f"     {person['login_name']}: {alert}")
    account = payer["accounts"][0]["id"]
    lines = phone.expect(200, "GET", f"/v1/accounts/{account}/movements?limit=1")
    _show(lines["movements"][0], "seq", "amount", "balance", "counterparty_name")

    _step(6, "月度账单 / last month's bill")
    month = _run_bills(bank)
    bill = wait("the bill", lambda: _found(phone, f"/v1/accounts/{account}/bills/{month}"))
    _show(bill, "month", "opening", "incoming", "outgoing", "closing")
    phone.expect(204, "DELETE", "/v1/sessions/current")

    _step(7, "双人复核修改参数 / two members of staff change a parameter")
    _change_parameter(bank, {member["login_name"]: member for member in demo["staff"]})


def _change_parameter(bank: Bank, members: dict[str, dict[str, Any]]) -> None:
    """One asks, another looks at what would change and approves it, which does it."""
    maker, checker = (_staff_screen(bank, members[number]) for number in (MAKER, CHECKER))
    before = _parameter(maker)
    body = {
        "kind": "parameter.change",
        "payload": {
            "name": PARAMETER,
            "value": VALUES[1] if before["value"] == VALUES[0] else VALUES[0],
            "department": "电子银行部",
            "approver": "主管行长",
        },
        "reason": "演示",
    }
    asked = maker.expect(201, "POST", "/v1/staff/approvals", body, **{"Idempotency-Key": uuid.uuid4().hex})
    _show(asked["request"], "id", "kind", "state", "maker")
    path = f"/v1/staff/approvals/{asked['request']['id']}"
    shown = checker.expect(200, "GET", path)
    _show(next(row for row in shown["changes"] if row["fact"] == "value"), "name", "before", "after")
    done = checker.expect(200, "POST", f"{path}/approval", {"digest": shown["digest"]})
    _show(done["request"], "state", "decided_by", "decided_at")
    _show(_parameter(maker), "name", "value", "revision")
    for screen in (maker, checker):
        screen.expect(204, "DELETE", "/v1/staff/sessions/current")


def _staff_screen(bank: Bank, member: dict[str, Any]) -> Phone:
    """A session of staff, by password and what the token shows; where this minute's code is used, by the next one's."""
    screen, seed = Phone(bank.base_url), base64.b32decode(member["token_seed"])
    body = {"staff_id": member["login_name"], "password": member["password"]}
    step = totp.step_at(clock.now())
    status, answer = screen.call("POST", "/v1/staff/sessions", {**body, "code": totp.code_at(seed, step)})
    if status != 201:  # used a moment ago
        answer = screen.expect(201, "POST", "/v1/staff/sessions", {**body, "code": totp.code_at(seed, step + 1)})
    screen.authorize(answer["access_token"])
    return screen


def _parameter(screen: Phone) -> Any:
    found = screen.expect(200, "GET", "/v1/staff/parameters")["parameters"]
    return next(one for one in found if one["name"] == PARAMETER)


def _step(number: int, title: str) -> None:
    tell(f"  {number}. {title}")


def _show(answer: dict[str, Any], *names: str) -> None:
    tell("     " + json.dumps({name: answer[name] for name in names}, ensure_ascii=False))


def wait(what: str, look: Callable[[], Any]) -> Any:
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


def _found(phone: Phone, path: str) -> Any:
    """The answer, or None while it is not there yet."""
    status, answer = phone.call("GET", path)
    if status == 404:  # not found yet
        return None
    if status != 200:  # anything but success
        raise WalkFailed(f"GET {path}: {status} {json.dumps(answer, ensure_ascii=False)}")
    return answer


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
