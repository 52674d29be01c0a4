"""The very package, deployed by CloudFormation on the local engine and driven over HTTP as a phone would.

Seeding and walking are `make run`'s own; the assertions here are on what the bank answers and keeps.
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.accounts import service as accounts
from chalicelib.customers import service as customers
from chalicelib.parameters import service as parameters
from infra.local.engine import free_port
from infra.local.messages import sent_to
from infra.local.seed import CUSTOMERS, seed
from infra.local.stack import Bank, running_bank
from infra.local.walk import walk
from tests.deploy.conftest import pointed_at
from tests.deploy.phone import Phone

DEPOSITS_FEN = sum(sum(customer.deposits_fen) for customer in CUSTOMERS)
TIMEOUT_S = 60


def logged_in(bank: Bank, customer: dict[str, Any]) -> Phone:
    """A phone with a session."""
    phone = Phone(bank.base_url)
    answer = phone.expect(
        201, "POST", "/v1/sessions", {"login_name": customer["login_name"], "password": customer["password"]}
    )
    phone.authorize(answer["access_token"])
    return phone


@pytest.mark.requirement("YQ-4.2.2-xfer")
def test_the_walk_moved_the_money_and_nothing_else(deployed: tuple[Bank, dict[str, Any]]) -> None:
    _, demo = deployed
    balances = {
        customer["login_name"]: [account["balance"] for account in customer["accounts"]]
        for customer in demo["customers"]
    }
    assert balances == {
        "zhaoxiaoming": ["105765.97", "20000.00"],
        "qianhong": ["6234.56"],
        "sunjianguo": ["60000.00", "800.00"],
        "limei": ["88888.88"],
    }
    total_fen = sum(int(b.replace(".", "")) for rows in balances.values() for b in rows)
    assert total_fen == DEPOSITS_FEN


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_page_is_in_the_package_and_takes_a_browsers_form(deployed: tuple[Bank, dict[str, Any]]) -> None:
    bank, demo = deployed
    phone = logged_in(bank, demo["customers"][0])
    transfer = phone.expect(200, "GET", "/v1/transfers")["transfers"][0]
    receipt = phone.expect(200, "GET", f"/v1/transfers/{transfer['id']}/receipt")
    address, asked = f"{bank.base_url}/verify", {"number": receipt["number"], "code": receipt["code"]}
    filled_in = requests.get(address, params=asked, timeout=TIMEOUT_S)
    answered = requests.post(address, params={"lang": "en"}, data=asked, timeout=TIMEOUT_S)
    for page in (filled_in, answered):
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert receipt["code"] in page.text
    assert "The receipt is genuine" in answered.text
    assert receipt["amount_in_words"] in answered.text
    assert receipt["amount_in_words"] not in filled_in.text


@pytest.mark.requirement("YQ-4.2.2-bill")
@pytest.mark.requirement("YQ-4.2.2-alert")
@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_receipt_alert_and_bill_say_what_happened(deployed: tuple[Bank, dict[str, Any]]) -> None:
    bank, demo = deployed
    payer, payee = demo["customers"][0], demo["customers"][1]
    phone = logged_in(bank, payer)

    (transfer,) = phone.expect(200, "GET", "/v1/transfers")["transfers"]
    assert (transfer["state"], transfer["amount"]) == ("posted", "1234.56")

    receipt = phone.expect(200, "GET", f"/v1/transfers/{transfer['id']}/receipt")
    assert receipt["amount_in_words"] == "人民币壹仟贰佰叁拾肆元伍角陆分"
    assert receipt["payer"]["account"] == payer["accounts"][0]["id"]
    assert receipt["payee"]["name"] == payee["name"]
    assert receipt["digest"] == transfer["digest"]

    # each side was told once, on each of its channels
    told = [m for m in sent_to(bank, payer["phone"]) if "转出人民币1,234.56元" in m["text"]]
    assert sorted(m["channel"] for m in told) == ["push", "sms"]
    told = [m for m in sent_to(bank, payee["phone"]) if "转入人民币1,234.56元" in m["text"]]
    assert [m["channel"] for m in told] == ["sms"]
    assert "余额6,234.56元" in told[0]["text"]
    inbox = phone.expect(200, "GET", "/v1/notifications")["notifications"]
    assert inbox[0]["transfer_id"] == transfer["id"]

    # the bill of the month before: the opening deposit, and it adds up
    (bill,) = phone.expect(200, "GET", f"/v1/accounts/{payer['accounts'][0]['id']}/bills")["bills"]
    assert (bill["opening"], bill["incoming"], bill["outgoing"], bill["closing"]) == (
        "0.00",
        "107000.53",
        "0.00",
        "107000.53",
    )


@pytest.mark.requirement("NB-5.1.5")
def test_two_members_of_staff_changed_a_parameter_and_published_the_notice(
    deployed: tuple[Bank, dict[str, Any]],
) -> None:
    bank, _ = deployed
    (change,), _ = parameters.history("bank.working_hours", 10, None)
    assert (change.old, change.new, change.maker, change.checker) == ("09:00-17:00", "08:30-17:00", "E0001", "E0002")
    answer = Phone(bank.base_url).expect(200, "GET", "/v1/notices")
    (notice,) = answer["notices"]
    assert (notice["kind"], notice["title_en"], len(notice["id"])) == ("planned", "Upgrade", 26)


REFUSALS = [
    ("unknown path", "GET", "/v1/nothing", None, {}, 404, "not_found"),
    ("no session", "GET", "/v1/accounts", None, {}, 401, "not_logged_in"),
    ("forged token", "GET", "/v1/accounts", None, {"Authorization": "Bearer e30.e30.e30"}, 401, "not_logged_in"),
    ("malformed json", "POST", "/v1/sessions", "{", {}, 400, "malformed_json"),
    ("media type", "POST", "/v1/sessions", "{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    ("unknown field", "POST", "/v1/sessions", '{"a": 1}', {}, 400, "malformed_request"),
    (
        "wrong password",
        "POST",
        "/v1/sessions",
        json.dumps({"login_name": "limei", "password": "no"}),
        {},
        401,
        "login_refused",
    ),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"), [row[1:] for row in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_refusals_pass_the_gateway_as_problems(  # noqa: PLR0917  # a table's columns
    deployed: tuple[Bank, dict[str, Any]],
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    bank, _ = deployed
    answer = requests.request(
        method,
        bank.base_url + path,
        data=body,
        headers={"Content-Type": "application/json", "Accept-Language": "en", **headers},
        timeout=TIMEOUT_S,
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_a_repeated_request_is_answered_as_stored(deployed: tuple[Bank, dict[str, Any]]) -> None:
    bank, demo = deployed
    payer, payee = demo["customers"][3], demo["customers"][2]
    phone = logged_in(bank, payer)
    key = uuid.uuid4().hex
    body = {
        "payer_account": payer["accounts"][0]["id"],
        "payee_account": payee["accounts"][0]["id"],
        "payee_name": payee["name"],
        "amount": "1.00",
    }
    first = phone.expect(201, "POST", "/v1/transfers", body, **{"Idempotency-Key": key})
    again = phone.expect(200, "POST", "/v1/transfers", body, **{"Idempotency-Key": key})
    assert first == again
    other = phone.expect(409, "POST", "/v1/transfers", {**body, "amount": "2.00"}, **{"Idempotency-Key": key})
    assert other["code"] == "idempotency_key_reused"


def test_the_public_pages_need_no_session(deployed: tuple[Bank, dict[str, Any]]) -> None:
    bank, _ = deployed
    phone = Phone(bank.base_url)
    assert phone.expect(200, "GET", "/v1/health")["status"] == "ok"
    (notice,) = phone.expect(200, "GET", "/v1/notices")["notices"]
    assert notice["state"] == "planned"
    document = phone.expect(200, "GET", "/v1/openapi.json")
    assert "/v1/transfers/{transfer_id}/confirmation" in document["paths"]


def test_a_poison_message_stops_nobody(deployed: tuple[Bank, dict[str, Any]]) -> None:
    bank, demo = deployed
    before = seed(bank)["customers"][0]["accounts"][0]["balance"]
    bank.client("sqs").send_message(QueueUrl=bank.environment["CODES_QUEUE_URL"], MessageBody="not a message")

    # the queue still serves the others: a code arrives and a whole transfer is made
    walk(bank, demo)

    after = seed(bank)["customers"][0]["accounts"][0]["balance"]
    assert int(before.replace(".", "")) - int(after.replace(".", "")) == 1_234_56


def test_the_log_of_the_functions_holds_no_name_number_or_code(
    deployed: tuple[Bank, dict[str, Any]], home: Path
) -> None:
    bank, demo = deployed
    log = (home / "state.log").read_text(encoding="utf-8", errors="replace")
    secrets = [customer[name] for customer in demo["customers"] for name in ("name", "phone", "password")]
    secrets += [account["id"] for customer in demo["customers"] for account in customer["accounts"]]
    texts = [m["text"] for m in sent_to(bank, demo["customers"][0]["phone"])]
    codes = [text.partition("验证码")[2][:6] for text in texts if "验证码" in text]
    assert codes
    assert [secret for secret in secrets if secret in log] == []
    # a code as a number of its own: its digits may by chance be part of a longer one, of an id or of a fraction
    assert [code for code in codes if re.search(f"(?<![0-9A-Za-z.]){code}(?![0-9A-Za-z])", log)] == []


def test_a_second_start_goes_on_with_the_kept_state(deployed: tuple[Bank, dict[str, Any]], home: Path) -> None:
    # Last in the file: it stops the shared bank's engine by starting another from a copy of nothing but
    # its own state, so it has its own.
    bank, demo = deployed
    own = home / "second"
    with running_bank(free_port(), own / "state") as first, pointed_at(first):
        before = seed(first)
        walk(first, before)
        before = seed(first)
    with running_bank(free_port(), own / "state") as second, pointed_at(second):
        after = seed(second)
        assert after["customers"] == before["customers"]
        # keys, secrets, streams and queues are alive: a whole chain runs
        walk(second, after)
        payer = seed(second)["customers"][0]["accounts"][0]
        assert payer["balance"] == "104531.41"
        customer_ids, _ = customers.customer_page(None)
        booked = [account.posted_fen for id_ in customer_ids for account in accounts.accounts_of(id_)]
        assert sum(booked) == DEPOSITS_FEN
    assert bank.running()
    assert demo["customers"] != before["customers"]


def test_functions_share_one_unpacked_package(deployed: tuple[Bank, dict[str, Any]], home: Path) -> None:
    del deployed  # called many functions
    codes = list((home / "state.tmp").glob("ministack-lambda-*/code"))
    assert len(codes) > 1
    assert len({code.resolve() for code in codes}) == 1
