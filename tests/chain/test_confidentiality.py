"""Logs and queues hold nothing of class C2 or C3, and one correlation id leads from the request to the SMS."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.chain.bank import PASSWORD, TELLER, Bank
from tests.chain.probe import wiretap, wrong_code

CORRELATION = "trace-7f3a-0001"


def log_lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines() if line.strip()]


@pytest.mark.requirement("YQ-4.1.2")
@pytest.mark.requirement("NB-5.1.4")
def test_no_personal_data_in_logs_or_queues(
    bank: Bank, logged: io.StringIO, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    # given customers whose every value is like no other
    caplog.set_level("DEBUG", "rural-bank")
    payer = bank.sign_up("欧阳震华", deposit="7654321.09", push_address="local:device-secret-1")
    payee = bank.sign_up("上官婉儿", deposit="1.23")
    with wiretap() as tap:
        grant = bank.request("POST", "/v1/sessions", {"login_name": payer.login_name, "password": PASSWORD}).body
        token = grant["access_token"]
        bank.request("POST", "/v1/sessions", {"login_name": payer.login_name, "password": "Wrong-Secret-9"})
        bank.request("POST", "/v1/sessions", {"login_name": payee.account, "password": "Wrong-Secret-9"})
        # when the whole chain runs, with refusals on the way
        refused = bank.create(token, payer, payee, "8888888.88", "key-secret-01", purpose="绝密用途")
        assert refused.code == "factor_ceiling_exceeded"
        bank.create(token, payer, payee, "1234.56", "key-secret-02", payee_name="司马相如", purpose="绝密用途")
        bank.create(token, payer, payee, "12.345", "key-secret-03")
        created = bank.create(token, payer, payee, "4321.98", "key-secret-04", purpose="绝密用途")
        bank.settle()
        code = bank.code_for(payer, created.body["id"])
        bank.confirm(token, created.body["id"], wrong_code(code))
        assert bank.confirm(token, created.body["id"], code).status == 200
        bank.settle()
        for path in ("/v1/accounts", f"/v1/accounts/{payer.account}/movements", "/v1/notifications", "/v1/transfers"):
            assert bank.request("GET", path, token=token).status == 200
        bank.request("GET", f"/v1/accounts/{payee.account}", token=token)
        renewed = bank.request("POST", "/v1/sessions/refresh", {"refresh_token": grant["refresh_token"]}).body
        bank.request("POST", "/v1/sessions/refresh", {"refresh_token": grant["refresh_token"]})
    # then neither log nor queue shows any of it
    out = capsys.readouterr()
    queues = [record["body"] for _, event in tap.events for record in event["Records"] if "body" in record]
    assert queues
    assert logged.getvalue()
    places = {"log": logged.getvalue() + out.out + out.err, "records": caplog.text, "queues": "\n".join(queues)}
    names = [person.name for person in (payer, payee)] + ["司马相如", "绝密用途"]
    numbers = [value for person in (payer, payee) for value in (person.account, person.phone, person.login_name)]
    secrets = [PASSWORD, "Wrong-Secret-9", token, renewed["access_token"], "device-secret-1", "key-secret"]
    secrets += [text["refresh_token"].rpartition(".")[2] for text in (grant, renewed)]
    amounts = ["7654321.09", "765432109", "8888888.88", "888888888", "4321.98", "432198", "7,649,999.11"]
    for place, text in places.items():
        for value in [*names, *numbers, *secrets, *amounts, *(json.dumps(name)[1:-1] for name in names)]:
            assert value not in text, f"{value} in {place}"
    assert f" {code}" not in places["log"]
    assert TELLER not in places["queues"]


def test_one_correlation_id_leads_from_the_request_to_the_sms(bank: Bank, logged: io.StringIO) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    bank.settle()
    token = bank.log_in(payer)
    logged.truncate(0)
    logged.seek(0)
    # given a phone that names its request
    headers = {"x-correlation-id": CORRELATION, "idempotency-key": "key-trace-001"}
    body = {
        "payer_account": payer.account,
        "payee_account": payee.account,
        "payee_name": payee.name,
        "amount": "1.00",
    }
    with wiretap() as tap:
        created = bank.request("POST", "/v1/transfers", body, token=token, headers=headers)
        bank.settle()
        confirmed = bank.request(
            "POST",
            f"/v1/transfers/{created.body['id']}/confirmation",
            {"factor": "sms", "code": bank.code_for(payer, created.body["id"])},
            token=token,
            headers={"x-correlation-id": CORRELATION},
        )
        bank.settle()
    # then the answers, every log line and every message carry that name
    assert created.headers["X-Correlation-Id"] == confirmed.headers["X-Correlation-Id"] == CORRELATION
    lines = log_lines(logged.getvalue())
    assert {line["correlation_id"] for line in lines} == {CORRELATION}
    said = [line["message"] for line in lines]
    assert said.count("code sent") == 1
    assert said.count("movement told") == 2
    messages = [
        json.loads(record["body"]) for _, event in tap.events for record in event["Records"] if "body" in record
    ]
    assert len(messages) == 4
    assert {message["correlation_id"] for message in messages} == {CORRELATION}


@pytest.mark.parametrize(
    "given",
    ["", "short", "x" * 65, "with space 1", "换行\n伪造日志", 'quote"};{"level":"X"', "9000010000000000017\r\nX: y"],
)
def test_a_correlation_id_that_could_forge_a_log_is_not_taken(
    shared_bank: Bank, given: str, logged: io.StringIO
) -> None:
    reply = shared_bank.request("GET", "/v1/accounts", headers={"x-correlation-id": given})
    assert reply.code == "not_logged_in"
    assert reply.headers["X-Correlation-Id"] != given
    assert reply.body["correlation_id"] == reply.headers["X-Correlation-Id"]
    lines = log_lines(logged.getvalue())
    assert [line["correlation_id"] for line in lines] == [reply.headers["X-Correlation-Id"]]
