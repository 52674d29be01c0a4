"""A stack with the data of the last release is upgraded in place: nothing is lost, and the new code handles all of it.

The stack before is today's package with another description and another archive, so that CloudFormation has functions
to change; what it holds is the release's own word (`kept.py`).
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.accounts.commands.verify_chain import verify_chain
from infra import evidence
from infra.build import ARCHIVE, TEMPLATE, build
from infra.environment import RESOURCES_FILE, is_dead_letter_queue, read_template, table_ids
from infra.local import walk as walking
from infra.local.deploy import STACK, deploy
from infra.local.engine import Engine, free_port
from infra.local.messages import sent_to
from infra.local.stack import BUILD_DIR, Bank, find_bank, quiet
from tests.deploy.conftest import pointed_at
from tests.deploy.kept import LOCAL_ONLY, QUEUE, kept
from tests.deploy.kept_state import put_into
from tests.deploy.phone import Phone

# As long as a busy machine takes to start a function.
PATIENCE_S = 600
TABLES = [table for table in table_ids() if table not in LOCAL_ONLY]


@pytest.fixture(scope="module")
def package_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that differs from today's in its template and in every function's code."""
    build("local", BUILD_DIR, tell=quiet)
    folder = tmp_path_factory.mktemp("before")
    for path in (*BUILD_DIR.glob("*.zip"), BUILD_DIR / TEMPLATE):
        shutil.copy(path, folder)
    template = json.loads((folder / TEMPLATE).read_text(encoding="utf-8"))
    template["Description"] = "Rural Bank, the release before"
    (folder / TEMPLATE).write_text(json.dumps(template), encoding="utf-8")
    with zipfile.ZipFile(folder / ARCHIVE, "a") as archive:
        archive.writestr("release.txt", kept()["release"])
    return folder


@pytest.fixture(scope="module")
def upgraded(package_before: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bank, Any, Any]]:
    """The upgraded bank, and what the stack was before and after."""
    state = tmp_path_factory.mktemp("upgrade") / "state"
    engine = Engine(free_port(), state, state.with_name("engine.log"))
    with patch.multiple(walking, TIMEOUT_S=PATIENCE_S, MAX_WAIT_S=PATIENCE_S):
        try:
            engine.start(quiet)
            deploy(engine.url, package_before, quiet)
            engine.stop(quiet)
            put_into(state, kept())
            engine.start(quiet)
            bank = find_bank(engine.url)
            switch_queues(bank, on=False)
            for queue, bodies in kept()["messages"].items():
                for body in bodies:
                    bank.client("sqs").send_message(QueueUrl=bank.resources[queue], MessageBody=body)
            before = facts_of(bank)
            assert deploy(engine.url, BUILD_DIR, quiet)
            after = facts_of(bank)
            switch_queues(bank, on=True)
            with pointed_at(bank):
                yield bank, before, after
        finally:
            engine.stop(quiet)


def switch_queues(bank: Bank, *, on: bool) -> None:
    """Let the workers of queues take messages, or leave them where they are."""
    for mapping in mappings(bank):
        if ":sqs:" in mapping["EventSourceArn"]:
            bank.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)


def mappings(bank: Bank) -> list[dict[str, Any]]:
    """What feeds the functions."""
    pages = bank.client("lambda").get_paginator("list_event_source_mappings").paginate()
    return [mapping for page in pages for mapping in page["EventSourceMappings"]]


def facts_of(bank: Bank) -> dict[str, Any]:
    """What an upgrade may not change, and the code, which it must."""
    dynamodb, functions = bank.client("dynamodb"), bank.client("lambda")
    tables = {table: dynamodb.describe_table(TableName=bank.resources[table])["Table"] for table in TABLES}
    stack = bank.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {
        "resources": dict(find_bank(bank.endpoint_url).resources),
        "tables": {name: (one["TableId"], one.get("LatestStreamArn")) for name, one in tables.items()},
        "items": {
            name: dynamodb.scan(TableName=one["TableName"], Select="COUNT")["Count"] for name, one in tables.items()
        },
        "messages": {name: waiting(bank, name) for name in queues() if not is_dead_letter_queue(name)},
        "sources": sorted((one["EventSourceArn"], one["FunctionArn"]) for one in mappings(bank)),
        "code": functions.get_function(FunctionName=bank.resources["APIHandler"])["Configuration"]["CodeSha256"],
        "description": stack.get("Description"),
    }


def queues() -> list[str]:
    """Logical ids of all queues."""
    resources = read_template(RESOURCES_FILE)["Resources"]
    return [name for name, item in resources.items() if item["Type"] == QUEUE]


def waiting(bank: Bank, queue: str) -> int:
    """Messages in a queue, hidden ones too."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = bank.client("sqs").get_queue_attributes(QueueUrl=bank.resources[queue], AttributeNames=names)
    return sum(int(value) for value in answer["Attributes"].values())


class Patient(Phone):
    """Repeats what the bank of a busy machine had no time for, as an app does."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The first answer below 500."""

        def once() -> tuple[int, Any] | None:
            status, answer = super(Patient, self).call(method, path, body, **headers)
            return None if status >= HTTPStatus.INTERNAL_SERVER_ERROR else (status, answer)

        found: tuple[int, Any] = walking.wait_for("an answer", once)
        return found


def logged_in(bank: Bank) -> Phone:
    """The first of the kept customers, by the password of before."""
    phone, who = Patient(bank.base_url), kept()["customers"][0]
    answer = phone.expect(201, "POST", "/v1/sessions", {name: who[name] for name in ("login_name", "password")})
    phone.authorize(answer["access_token"])
    return phone


def test_the_upgrade_changes_the_code_and_loses_nothing(upgraded: tuple[Bank, Any, Any]) -> None:
    _, before, after = upgraded
    assert (before["code"], before["description"]) != (after["code"], after["description"])
    assert before["code"] != after["code"]
    # no table, queue, key or secret was replaced, no stream began anew, and each still feeds its worker
    for name in ("resources", "tables", "items", "messages", "sources"):
        assert after[name] == before[name], name
    assert before["items"] | {table: len(rows) for table, rows in kept()["items"].items()} == before["items"]
    assert before["messages"] | {queue: len(all_) for queue, all_ in kept()["messages"].items()} == before["messages"]


def test_a_customer_logs_in_and_sees_what_the_release_wrote(upgraded: tuple[Bank, Any, Any]) -> None:
    bank, paid = upgraded[0], kept()["paid"]
    phone, account = logged_in(bank), kept()["customers"][0]["accounts"][0]
    # the statement, and its chain of hashes
    lines = phone.expect(200, "GET", f"/v1/accounts/{account}/movements?limit=50")["movements"]
    assert [line["amount"] for line in lines][::-1][:2] == ["1000.00", "-30.00"]
    for person in kept()["customers"]:
        for one in person["accounts"]:
            assert verify_chain(one).broken is None
    # the bill of the month, the inbox, the transfer and its receipt, which is genuine
    (bill,) = phone.expect(200, "GET", f"/v1/accounts/{account}/bills")["bills"]
    assert (bill["incoming"], bill["outgoing"], bill["closing"]) == ("1000.00", "30.00", "970.00")
    assert any(row["transfer_id"] == paid for row in phone.expect(200, "GET", "/v1/notifications")["notifications"])
    receipt = phone.expect(200, "GET", f"/v1/transfers/{paid}/receipt")
    asked = {"number": receipt["number"], "code": receipt["code"]}
    answer = Patient(bank.base_url).expect(200, "POST", "/v1/receipt-verifications", asked)
    assert answer["amount"] == "30.00"
    # who confirmed it, verified with nothing but the evidence and the secret of before
    document = json.loads(json.dumps(evidence.export(paid)))
    verdict = evidence.verify(document, code_secrets=[kept()["secrets"]["CodeSecret"].encode()])
    assert (verdict.wrong, verdict.code) == ([], evidence.VALID)


def test_every_message_of_before_is_handled_and_a_transfer_of_before_is_confirmed(
    upgraded: tuple[Bank, Any, Any],
) -> None:
    bank, transfer = upgraded[0], kept()["waiting"]
    phone = logged_in(bank)
    # the message that waited in the queue brings the code
    body = {"factor": "sms", "code": code_sent(bank, kept()["customers"][0]["phone"], transfer)}
    posted = phone.expect(200, "POST", f"/v1/transfers/{transfer}/confirmation", body)
    assert (posted["state"], posted["amount"]) == ("posted", "25.00")
    # streams and queues are alive: what follows on it follows
    receipt = walking.wait_for("the receipt", lambda: found(phone, f"/v1/transfers/{transfer}/receipt"))
    assert receipt["amount"] == "25.00"
    walking.wait_for(
        "the queues", lambda: True if not any(waiting(bank, name) for name in kept()["messages"]) else None
    )
    assert [name for name in queues() if is_dead_letter_queue(name) and waiting(bank, name)] == []
    # and each account is what its lines say
    for person in kept()["customers"]:
        for account in person["accounts"]:
            assert verify_chain(account).broken is None


def code_sent(bank: Bank, phone: str, transfer: str) -> str:
    """The code that came for a transfer."""

    def look() -> str | None:
        texts = [one["text"] for one in sent_to(bank, phone) if f"#{transfer}#code#" in one["message_id"]]
        return texts[-1] if texts else None

    return walking.wait_for("the code", look).partition("验证码")[2][:6]


def found(phone: Phone, path: str) -> Any:
    """The answer, or None while it is not there yet."""
    status, answer = phone.call("GET", path)
    return answer if status == HTTPStatus.OK else None
