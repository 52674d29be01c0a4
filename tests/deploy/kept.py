"""What a release leaves behind in a stack: items of tables, messages in queues, and the keys and secrets behind them.

`python -m tests.deploy.kept --write` lives a bank's days with the present code and writes `kept.json` beside this file.
Do it once a release, with its version; from then on the file is that release's word, and no later change of the code
may need it written anew. All in it is made up.

Its days are long past when a test runs: what it had begun may be ended (a month's bills, say). One transfer waits for
its code in the year 2090, as what waits for three minutes has to be waiting then.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from moto.kms.models import kms_backends

import tests.conftest
from chalicelib.accounts import workers as account_workers
from chalicelib.closing import workers as closing_workers
from chalicelib.contract.operations import API_VERSION
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.platform import aws, clock
from chalicelib.receipts import workers as receipt_workers
from chalicelib.seals import workers as seal_workers
from chalicelib.statements import workers as statement_workers
from infra.environment import RESOURCES_FILE, is_dead_letter_queue, read_template, table_ids
from tests.chain.bank import (
    ACCOUNT,
    LIMITS,
    PASSWORD,
    REGION,
    Bank,
    LambdaContext,
    Person,
    handlers_by_source,
    running_bank,
)
from tests.chain.probe import queued_bodies, scheduled
from tests.engine.all_stories import live_a_day
from tests.engine.conftest import NOON

assert tests.conftest  # its environment leads to no cloud
FILE = Path(__file__).with_name("kept.json")
# Of the local stage alone: texts of SMS, and who stands in for the population register.
LOCAL_ONLY = ("LocalMessagesTable", "LocalPeopleTable")
OPENED = dt.datetime(2026, 6, 21, 10, 0, tzinfo=clock.SHANGHAI)
MONTH_OVER = dt.datetime(2026, 7, 1, 2, 0, tzinfo=clock.SHANGHAI)
WAITING_SINCE = dt.datetime(2090, 6, 1, 4, 0, tzinfo=dt.UTC)
TABLE, QUEUE, KEY, SECRET = "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::KMS::Key", "AWS::SecretsManager::Secret"


def kept() -> dict[str, Any]:
    """What the last release left, as `write` put it."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def ids_of(kind: str) -> list[str]:
    """Logical ids of the template's resources of a kind; of queues those that workers read."""
    resources = read_template(RESOURCES_FILE)["Resources"]
    return [name for name, item in resources.items() if item["Type"] == kind and not is_dead_letter_queue(name)]


def tables_now() -> dict[str, dict[str, Any]]:
    """Of each table: what CloudFormation cannot change without making another, and what hangs on it."""
    resources = read_template(RESOURCES_FILE)["Resources"]
    return {name: _shape(resources[name]["Properties"]) for name in table_ids()}


def _shape(properties: dict[str, Any]) -> dict[str, Any]:
    types = {one["AttributeName"]: one["AttributeType"] for one in properties["AttributeDefinitions"]}
    return {
        "name": properties["TableName"]["Fn::Sub"],
        "keys": [
            [key["KeyType"], key["AttributeName"], types[key["AttributeName"]]] for key in properties["KeySchema"]
        ],
        "indexes": sorted(index["IndexName"] for index in properties.get("GlobalSecondaryIndexes", [])),
        "stream": properties.get("StreamSpecification", {}).get("StreamViewType"),
        "expires": properties.get("TimeToLiveSpecification", {}).get("AttributeName"),
    }


def encoded(value: Any) -> Any:
    """A DynamoDB value as JSON has it, bytes in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: encoded(inner) for name, inner in value.items()}
    return [encoded(inner) for inner in value] if isinstance(value, list) else value


def _items(bank: Bank) -> dict[str, list[Any]]:
    pages = aws.dynamodb().get_paginator("scan")
    found = {
        table: [
            encoded(item) for page in pages.paginate(TableName=bank.references[table]) for item in page.get("Items", [])
        ]
        for table in table_ids()
        if table not in LOCAL_ONLY
    }
    return {table: items for table, items in found.items() if items}


def _samples(bank: Bank) -> dict[str, list[Any]]:
    """One item of each set of attributes that the code writes into a table and leaves there, whatever is done."""
    # Its seconds go on: what the stories do one after the other is not of one moment.
    clock.use(NOON)
    live_a_day(with_seal=False)
    found = {}
    for table, items in _items(bank).items():
        by_names = {tuple(sorted(item)): item for item in items}
        found[table] = [by_names[names] for names in sorted(by_names)]
    return found


def _live(bank: Bank) -> dict[str, Any]:
    """A month of two customers; then work that is not done yet: it waits in the queues."""
    wishes = tuple(AccountWish("savings", ledger.RIGHT_FULL, LIMITS) for _ in range(2))
    payer, payee = bank.sign_up("甲某", deposit="1000.00", accounts=wishes), bank.sign_up("乙某")
    bank.settle()
    paid = bank.pay(payer, payee, "30.00", "kept-transfer-01")
    bank.settle()
    bank.clock.set(MONTH_OVER)
    statement_workers.start_bill_run(scheduled(bank.clock.now()), LambdaContext())
    closing_workers.close_business_days(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    seal_workers.start_seals(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    waiting = _leave_work(bank, payer, payee)
    return {"customers": [_named(one) for one in (payer, payee)], "paid": paid, "waiting": waiting}


def _leave_work(bank: Bank, payer: Person, payee: Person) -> str:
    """What the streams and schedules tell the queues of, before anybody has taken it; the transfer without its code."""
    token = bank.log_in(payer)
    own = {"factor": "none", "valid_until": clock.to_text(bank.clock.now() + dt.timedelta(minutes=10))}
    account = payer.signed.account_ids[1]
    made = bank.create(token, payer, payer, "10.00", "kept-transfer-02", payee_account=account, **own)
    assert made.status == 201, made
    bank.deposit(payee.account, 100_00)
    for start in (
        statement_workers.start_bill_run,
        account_workers.start_sweep,
        receipt_workers.start_receipt_sweep,
        seal_workers.start_seals,
    ):
        start(scheduled(bank.clock.now()), LambdaContext())
    bank.clock.set(WAITING_SINCE)
    created = bank.create(bank.log_in(payer), payer, payee, "25.00", "kept-transfer-03")
    assert created.status == 201, created
    bank._streams()
    return str(created.body["id"])


def _named(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "phone": person.phone,
        "login_name": person.login_name,
        "password": PASSWORD,
        "accounts": list(person.signed.account_ids),
    }


def _private_keys(bank: Bank) -> dict[str, str]:
    """PEM of each key pair that signs, by logical id."""
    found = {}
    for name in ids_of(KEY):
        key: Any = kms_backends[ACCOUNT][REGION].keys[bank.references[name]]
        if key.key_usage == "SIGN_VERIFY":
            private = key.private_key.private_key
            found[name] = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return found


def _secrets(bank: Bank) -> dict[str, str]:
    client = aws.secretsmanager()
    return {name: client.get_secret_value(SecretId=bank.references[name])["SecretString"] for name in ids_of(SECRET)}


def write(file: Path = FILE) -> None:
    """Live the days with the present code, and write what is left."""
    with running_bank(OPENED) as bank:
        lived = _live(bank)
        queues = [name for name in handlers_by_source() if name.endswith("Queue")]
        messages = {name: sorted(queued_bodies(bank, name)) for name in queues}
        document = {
            "release": API_VERSION,
            **lived,
            "keys": _private_keys(bank),
            "secrets": _secrets(bank),
            "tables": tables_now(),
            "messages": {name: bodies for name, bodies in messages.items() if bodies},
            "items": _items(bank),
        }
    with running_bank() as other:
        document["samples"] = _samples(other)
    file.write_text(_text(document), encoding="utf-8")


def _text(document: dict[str, Any]) -> str:
    """JSON with a line for each thing that a reader may look for."""
    parts = []
    for name, value in document.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"  {_compact(one)}: {_compact(value[one])}" for one in sorted(value))
            parts.append(f"{_compact(name)}: {{\n{inner}\n}}")
        else:
            parts.append(f"{_compact(name)}: {_compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def main() -> int:
    """Write the file anew, where that is asked for."""
    parser = argparse.ArgumentParser(description="what a release leaves behind in a stack")
    parser.add_argument("--write", action="store_true", required=True, help="write kept.json from the present code")
    parser.parse_args()
    write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
