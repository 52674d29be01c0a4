"""The whole bank in one process: moto's AWS from `infra/resources.yaml`, handlers entered as Lambda enters them.

`Bank.settle` plays the part of Lambda's event sources: it reads the streams and queues and calls each worker
with the JSON that Lambda would send, until nothing is left to do.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from app import app
from chalicelib.blanks.commands.receive import receive
from chalicelib.contract.operations import all_apis
from chalicelib.contract.service import refusals_of
from chalicelib.customers.commands.sign_up import AccountWish, SignedUp, SignUp, sign_up
from chalicelib.factors import service as factors
from chalicelib.identity.keys import RING
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.limits.commands.change_limits import change_customer_limits
from chalicelib.limits.service import AccountLimits
from chalicelib.notifications import providers
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, dynamo, ids, queues
from chalicelib.platform.pdf import keys as document_keys
from chalicelib.platform.queues import Message
from chalicelib.receipts import keys as receipt_keys
from chalicelib.reports import service as reports
from chalicelib.seals import keys as seal_keys
from chalicelib.staff import service as staff
from docs.events import channels
from infra.environment import environment_of
from tests import calls, event_schemas
from tests.chain.haste import in_haste
from tests.chain.lambda_events import query_values, sent_body, sqs_record, stream_record
from tests.chain.outbox import texts_to
from tests.chain.resources import created

STACK = "rural-bank-test"
ACCOUNT, REGION = "123456789012", "cn-north-1"
START = dt.datetime(2026, 11, 21, 10, 0, tzinfo=clock.SHANGHAI)
MAX_ROUNDS = 50
MAX_RECEIVED = 10
# What Chalice answers in an operation's place: another media type, or a path of another form.
NEVER_OF_OPERATIONS = {404, 415}
PASSWORD = "Correct-Horse-7"
TELLER = "T0001"
BRANCH = "0001"

LIMITS = AccountLimits(
    single_fen=50_000_00, day_fen=100_000_00, day_count=20, month_fen=500_000_00, year_fen=2_000_000_00
)


# The most that a sign-up may set; beyond it two people go by a request of its own.
CEILING_FEN = 5_000_000_00


@dataclass(frozen=True)
class Reply:
    """What a phone gets."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The refusal's stable code."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self
        return str(self.body["code"])


@dataclass(frozen=True)
class Person:
    """A customer of the test bank."""

    name: str
    phone: str
    login_name: str
    signed: SignedUp

    @property
    def account(self) -> str:
        return self.signed.account_ids[0]

    @property
    def customer_id(self) -> str:
        return self.signed.customer_id


class LambdaContext:
    """What Lambda passes beside the event."""

    function_name = "test"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    invoked_function_arn = "arn:aws:lambda:cn-north-1:123456789012:function:test"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@cache
def handlers_by_source() -> dict[str, list[tuple[str, int]]]:
    """Logical id of a queue or table -> its workers: (handler as packaged, batch size)."""
    found: dict[str, list[tuple[str, int]]] = {}
    for source in app.event_sources:
        declared: Any = source
        arn = getattr(declared, "queue_arn", None) or getattr(declared, "stream_arn", None)
        if arn is not None:
            found.setdefault(arn["Fn::GetAtt"][0], []).append((declared.handler_string, declared.batch_size))
    return found


def entered(handler: str) -> Any:
    """The worker, imported by the name Lambda imports it by."""
    module, _, function = handler.rpartition(".")
    return getattr(importlib.import_module(module), function)


@cache
def statuses_by_operation() -> dict[tuple[str, str], set[int]]:
    """What each operation may answer by its contract."""
    return {
        (operation.method, operation.path): {
            operation.status,
            *operation.also,
            *(refusal.status for refusal in refusals_of(operation)),
        }
        for api in all_apis()
        for operation in api.operations
        if not operation.is_page
    }


def require_of_the_contract(method: str, path: str, status: int) -> None:
    """Fail the test whose request is answered by a status that the contract does not know."""
    known = statuses_by_operation().get((method, path))
    assert known is None or status in known | NEVER_OF_OPERATIONS, f"{method} {path} answered {status}"


@dataclass
class Bank:
    """A running bank; see the module."""

    clock: clock.FixedClock
    references: dict[str, str]
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    people: int = 0
    blanks: int = 0
    # Where requests come from, as the gateway sees it.
    address: str = "127.0.0.1"

    # ---- what a phone does ------------------------------------------------------------------
    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw: str | bytes | None = None,
        media_type: str | None = "application/json",
        path_values: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request through API Gateway's event, exactly as Lambda would receive it; bytes arrive in base64.

        `path_values` stand for segments as decoded by the gateway, where they could not be in a path as they are.
        """
        path, _, query = path.partition("?")
        sent = {**({"content-type": media_type} if media_type else {}), **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        found = self.matched(path)
        assert found is not None, f"no route for {path}"
        resource, parameters_ = found
        parameters_ = {k: (path_values or {}).get(v, v) for k, v in parameters_.items()} if parameters_ else None
        event = {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "multiValueQueryStringParameters": query_values(query),
            "pathParameters": parameters_,
            "stageVariables": None,
            "isBase64Encoded": isinstance(raw, bytes),
            "body": sent_body(raw, body),
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": method,
                "requestId": ids.random_id(),
                "identity": {"sourceIp": self.address},
                "path": path,
            },
        }
        answer = app(event, LambdaContext())
        text = answer["body"]
        headers_ = {name: str(value) for name, value in answer["headers"].items()}
        require_of_the_contract(method, resource, answer["statusCode"])
        is_json = "json" in headers_["Content-Type"]
        return Reply(answer["statusCode"], headers_, (json.loads(text) if is_json else text) if text else None)

    @staticmethod
    def matched(path: str) -> tuple[str, dict[str, str] | None] | None:
        """The route API Gateway would choose, and its values: literal segments win over parameters."""
        segments = path.strip("/").split("/")
        best: tuple[int, str, dict[str, str]] | None = None
        for route in app.routes:
            pattern = route.strip("/").split("/")
            if len(pattern) != len(segments):
                continue
            found = {part[1:-1]: given for part, given in zip(pattern, segments, strict=True) if part[0] == "{"}
            literal = all(p[0] == "{" or p == g for p, g in zip(pattern, segments, strict=True))
            if literal and (best is None or len(found) < best[0]):
                best = (len(found), route, found)
        return None if best is None else (best[1], best[2] or None)

    def log_in(self, person: Person) -> str:
        """Log in; the access token."""
        reply = self.request("POST", "/v1/sessions", {"login_name": person.login_name, "password": PASSWORD})
        assert reply.status == 201, reply
        return str(reply.body["access_token"])

    def create(self, token: str, payer: Person, payee: Person, amount: str, key: str, **more: Any) -> Reply:
        """Create a transfer from payer's to payee's first account."""
        body = {
            "payer_account": payer.account,
            "payee_account": payee.account,
            "payee_name": payee.name,
            "amount": amount,
            "purpose": "货款",
            **more,
        }
        return self.request("POST", "/v1/transfers", body, token=token, headers={"idempotency-key": key})

    def confirm(self, token: str, transfer_id: str, code: str) -> Reply:
        """Enter a code."""
        return self.request(
            "POST",
            f"/v1/transfers/{transfer_id}/confirmation",
            {"factor": "sms", "code": code},
            token=token,
        )

    def step_up(self, token: str, person: Person, refused: Reply) -> dict[str, str]:
        """Do what a refusal asks for: read the SMS, confirm; the header for the second request."""
        assert refused.code == "step_up_required", refused
        step_up_id = refused.body["facts"]["step_up"]
        self.settle()
        body = {"factor": "sms", "code": self.code_for(person, step_up_id)}
        confirmed = self.request("POST", f"/v1/step-ups/{step_up_id}/confirmation", body, token=token)
        assert (confirmed.status, confirmed.body["state"]) == (200, "confirmed"), confirmed
        return {"step-up": step_up_id}

    def pay(self, payer: Person, payee: Person, amount: str, key: str) -> str:
        """The whole of a transfer: log in, create, read the SMS, confirm; its id."""
        token = self.log_in(payer)
        created = self.create(token, payer, payee, amount, key)
        assert created.status == 201, created
        self.settle()
        confirmed = self.confirm(token, created.body["id"], self.code_for(payer, created.body["id"]))
        assert confirmed.status == 200, confirmed
        return str(created.body["id"])

    # ---- what the outside world got ---------------------------------------------------------
    def messages(self, person: Person, channel: str = "sms") -> list[str]:
        """Texts the local provider sent to a phone, oldest first."""
        return texts_to(person.phone, channel)

    def code_for(self, person: Person, transfer_id: str) -> str:
        """The six digits of the SMS for a transfer or step-up; of the last one, if it was sent more than once."""
        items = providers.LocalMessageItem.query(person.phone)
        *_, text = [item.text for item in items if f"#{transfer_id}#code#" in item.message_id]
        return str(text.split("验证码")[1][:6])

    # ---- what Lambda's event sources do -----------------------------------------------------
    def settle(self) -> None:
        """Run workers until streams and queues are empty; what fails for good stays for the dead letters."""
        for _ in range(MAX_ROUNDS):
            if not self._streams() + self._queues():
                return
        raise AssertionError("the bank does not come to rest")

    def _streams(self) -> int:
        handled = 0
        for logical_id, handlers in handlers_by_source().items():
            if not logical_id.endswith("Table"):
                continue
            for handler, _ in handlers:
                seen = self.positions.get((logical_id, handler), 0)
                records = [stream_record(record) for record in self._stream(logical_id, seen)]
                if records:
                    self.positions[(logical_id, handler)] = seen + len(records)
                    failures = entered(handler)({"Records": records}, LambdaContext())
                    assert failures["batchItemFailures"] == [], failures
                    handled += len(records)
        return handled

    def _stream(self, logical_id: str, seen: int = 0) -> list[dict[str, Any]]:
        """The records of a table's stream after those seen, straight from the engine in this process.

        moto rolls a cancelled transaction back by putting a copy of the table in place; an iterator of the
        stream would go on reading the discarded one, with the changes that were never made.
        """
        table = dynamodb_backends[ACCOUNT][REGION].tables[self.references[logical_id]]
        assert table.stream_shard is not None
        return [record.to_json() for record in table.stream_shard.items[seen:]]

    def _queues(self) -> int:
        handled = 0
        for logical_id, handlers in handlers_by_source().items():
            if not logical_id.endswith("Queue"):
                continue
            ((handler, batch_size),) = handlers
            url = self.references[logical_id]
            # As many messages a round, however few a worker takes at once.
            for _ in range(max(1, MAX_RECEIVED // batch_size)):
                taken = self._one_batch(url, handler, min(batch_size, MAX_RECEIVED))
                handled += taken
                if not taken:
                    break
        return handled

    @staticmethod
    def _one_batch(url: str, handler: str, most: int) -> int:
        """Give a worker what its queue has, up to so many; how many."""
        if not sqs_backends[ACCOUNT][REGION].queues[url.rpartition("/")[2]].messages:
            return 0  # asking moto's SQS costs more than all else a settling bank does
        sqs = aws.sqs()
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=most, MessageSystemAttributeNames=["ApproximateReceiveCount"]
        )
        received = answer.get("Messages", [])
        if not received:
            return 0
        result = entered(handler)({"Records": [sqs_record(m) for m in received]}, LambdaContext())
        failed = {failure["itemIdentifier"] for failure in result["batchItemFailures"]}
        for message in received:
            if message["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(received)

    def waiting(self, logical_id: str) -> int:
        """Messages in a queue, seen or not."""
        attributes = aws.sqs().get_queue_attributes(QueueUrl=self.references[logical_id], AttributeNames=["All"])[
            "Attributes"
        ]
        return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])

    # ---- what the counter does --------------------------------------------------------------
    def sign_up(self, name: str, *, deposit: str = "0", limits: AccountLimits = LIMITS, **more: Any) -> Person:
        """A new professional customer with one paying account and some cash in it."""
        self.people += 1
        phone = f"139{self.people:08d}"
        login_name = f"customer{self.people}"
        limit_fen = more.pop("limit_outward_fen", 200_000_00)
        form = SignUp(
            name=name,
            phone=phone,
            branch_id=more.pop("branch_id", BRANCH),
            login_name=login_name,
            password=PASSWORD,
            limit_outward_fen=min(limit_fen, CEILING_FEN),
            accounts=more.pop("accounts", (AccountWish("savings", ledger.RIGHT_FULL, limits),)),
            **more,
        )
        person = Person(name, phone, login_name, sign_up(form, teller_id=TELLER, at=self.clock.now()))
        if limit_fen > CEILING_FEN:
            change_customer_limits(person.customer_id, {"limit_outward": limit_fen}, may_raise=True)
        fen = dynamo_fen(deposit)
        if fen:
            self.deposit(person.account, fen)
        return person

    def blank(self, kind: str, serial: str = "", branch_id: str = BRANCH) -> str:
        """A fresh token or USB key in the stock of a branch; its serial number."""
        self.blanks += 1
        serial = serial or f"{kind[0].upper()}K{self.blanks:08d}"
        receive(kind, [serial], branch_id=branch_id, reference="DN-1", staff_id=TELLER, now=self.clock.now())
        return serial

    def deposit(self, account_id: str, amount_fen: int) -> None:
        """Cash over the counter."""
        deposit_cash(
            account_id=account_id,
            branch_id=BRANCH,
            amount_fen=amount_fen,
            reference=ids.random_id(),
            teller_id=TELLER,
            at=self.clock.now(),
        )

    def balance(self, account_id: str) -> int:
        """Booked balance in fen, straight from the ledger."""
        return ledger.read_accounts([account_id])[account_id].posted_fen


def dynamo_fen(text: str) -> int:
    """`"12.34"` -> 1234, by another way than the code under test."""
    yuan, _, fraction = text.partition(".")
    return int(yuan) * 100 + int((fraction + "00")[:2])


_CHANNELS = channels()
# Some tests name entries by hand; what is told of those has no id of the bank's.
_ENTRY, _OF_ENTRIES = re.compile("[a-z2-7]{26}"), ("movement.", "transfer.posted")


def _as_the_contract_has_it(send: Callable[[str, Sequence[Message]], None]) -> Callable[[str, Sequence[Message]], None]:
    """What sends, once each message was held against its schema and its queue: every test of the chain is a test of
    those who send.
    """

    def checked(queue: str, messages: Sequence[Message]) -> None:
        for message in messages:
            if _ENTRY.fullmatch(message.aggregate_id) or not message.event_type.startswith(_OF_ENTRIES):
                event_schemas.check(message.to_json())
            assert message.event_type in _CHANNELS[queue], (queue, message.event_type)
        send(queue, messages)

    return checked


@contextmanager
def running_bank(start: dt.datetime = START) -> Iterator[Bank]:
    """A fresh bank on moto: one branch, one teller, no customer."""
    with in_haste(), mock_aws(config={"core": {"reset_boto3_session": False}}):
        references = created(STACK)
        fixed = clock.FixedClock(start)
        before = clock.use(fixed)
        sends = patch.object(queues, "send", _as_the_contract_has_it(queues.send))
        with patch.dict("os.environ", environment_of(references)), sends, calls.watched(references):
            dynamo.forget_tables()
            parameters.forget()
            RING.forget()
            receipt_keys.RING.forget()
            seal_keys.RING.forget()
            document_keys.RING.forget()
            factors.forget_secret()
            staff.branch_of.cache_clear()
            reports.outcome_over.cache_clear()
            bank = Bank(fixed, references)
            staff.register_branch(staff.Branch(BRANCH, "示范村镇银行总行营业部", "示范县人民路1号", "0990-0000001"))
            staff.appoint_teller(TELLER, "柜员甲", BRANCH, PASSWORD)
            yield bank
        clock.use(before)
