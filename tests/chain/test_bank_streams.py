"""`bank stream …`: changes that a worker gave up, given to it again from the bucket, the stream or the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.platform import aws
from infra import stream_gaps
from infra.cli.shell import BROKEN, NOT_DONE, PENDING, WHOLE
from tests.chain.bank import ACCOUNT, REGION, STACK, Bank, LambdaContext, entered, handlers_by_source
from tests.chain.lambda_events import stream_record
from tests.chain.probe import unchanged
from tests.chain.test_bank_command import Run, run
from tests.chain.test_sweep_receipts import LIST, RELAY, confirmed, listed, lose_records, receipts

__all__ = ["run"]

KEY = "aws/lambda/mapping/shard/2026/11/21/one"
PREFIX = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


@pytest.fixture(autouse=True)
def invoked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Functions enter their handlers in this process; the names of those invoked."""
    handlers = {name.rpartition(".")[2]: name for found in handlers_by_source().values() for name, _ in found}
    names: list[str] = []

    def enter(function: str, event: dict[str, Any]) -> bool:
        name = function.rpartition(":")[2]
        names.append(name)
        return bool(entered(handlers[name])(event, LambdaContext()) == {"batchItemFailures": []})

    monkeypatch.setattr(stream_gaps, "invoked", enter)
    monkeypatch.setattr(
        stream_gaps, "function_of", lambda worker: {"RelayJournal": "relay_journal"}.get(worker, worker)
    )
    yield names


def set_aside(bank: Bank, worker: str, records: list[Any], *, key: str = KEY, **more: Any) -> None:
    """What Lambda writes when it gives up."""
    stream = aws.dynamodb().describe_table(TableName=bank.references["JournalTable"])["Table"]["LatestStreamArn"]
    shards = boto3.client("dynamodbstreams").describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    said = {
        "requestContext": {"functionArn": PREFIX + worker, "condition": "RetryAttemptsExhausted"},
        "version": "1.0",
        "timestamp": "2026-11-21T04:00:00.000Z",
        "DDBStreamBatchInfo": {
            "shardId": shards[0]["ShardId"],
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[-1],
            "batchSize": len(records),
            "streamArn": stream,
        },
        **more,
    }
    aws.s3().put_object(Bucket=stream_gaps.bucket(), Key=key, Body=json.dumps(said).encode())


def journal_records(bank: Bank) -> list[Any]:
    return [stream_record(record) for record in bank._stream("JournalTable")]


def test_the_bucket_is_the_one_of_the_template(bank: Bank) -> None:
    assert stream_gaps.bucket() == bank.references["StreamFailuresBucket"]
    assert stream_gaps.bucket().startswith(f"{STACK}-")


@pytest.mark.parametrize("is_text", [True, False, None], ids=["payload as text", "payload", "from the stream"])
def test_what_was_given_up_is_replayed_from_the_bucket_or_the_stream(
    bank: Bank, run: Run, invoked: list[str], is_text: bool | None
) -> None:
    # given a transfer of which neither the relay nor the list's worker heard
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    entry_id = confirmed(bank, payer, payee, "30.00", "key-stream-01")
    records = journal_records(bank)
    lose_records(bank, RELAY, LIST)
    bank.settle()
    assert (receipts(bank, entry_id), listed(bank, entry_id)) == (0, ["awaiting"])
    event = {"Records": records}
    more = {} if is_text is None else {"payload": json.dumps(event) if is_text else event}
    for worker in ("relay_journal", "project_transfers"):
        set_aside(bank, worker, records, key=f"aws/lambda/{worker}", **more)
    # when it is listed, tried, and done
    code, out, _ = run("stream", "failures")
    assert (code, out.count("RetryAttemptsExhausted"), out.splitlines()[-1]) == (PENDING, 2, "合计 / in all: 2")
    code, out, _ = run("stream", "replay")
    assert (code, "dry run" in out, invoked) == (WHOLE, True, [])
    code, out, _ = run("stream", "replay", "--send")
    assert (code, out.count(f"已处理 / handled: {len(records)}, 未处理 / not handled: 0")) == (WHOLE, 2)
    bank.settle()
    # then all of it is there, and what is done is noted
    assert (receipts(bank, entry_id), listed(bank, entry_id)) == (1, ["posted"])
    assert run("stream", "failures") == (WHOLE, "合计 / in all: 0\n", "")
    assert run("stream", "failures", "--all")[1].count("已重放 / replayed") == 2
    # by name it may be repeated, which changes nothing
    with unchanged(bank):
        assert run("stream", "replay", "aws/lambda/relay_journal", "--send")[0] == WHOLE


def test_every_workers_changes_may_come_again(bank: Bank, run: Run) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    bank.pay(payer, payee, "30.00", "key-stream-02")
    bank.settle()
    count = 0
    for table, handlers in handlers_by_source().items():
        if table.endswith("Table") and (records := [stream_record(one) for one in bank._stream(table)]):
            for handler, _ in handlers:
                count += 1
                name = handler.rpartition(".")[2]
                set_aside(bank, name, records, key=f"aws/lambda/{name}", payload={"Records": records})
    assert count >= 4
    with unchanged(bank):
        code, out, _ = run("stream", "replay", "--send")
        assert (code, out.count("未处理 / not handled: 0")) == (WHOLE, count)


def a_day_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream answers as it does for records that it no longer keeps; moto keeps all."""

    class Trimmed:
        def get_shard_iterator(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "GetShardIterator")

    client = boto3.client
    monkeypatch.setattr(boto3, "client", lambda name: Trimmed() if name == "dynamodbstreams" else client(name))


def test_what_the_stream_has_lost_is_said_and_replayed_from_the_table(
    bank: Bank, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    entry_id = confirmed(bank, payer, payee, "30.00", "key-stream-03")
    lose_records(bank, RELAY)
    bank.settle()
    set_aside(bank, "relay_journal", journal_records(bank))
    a_day_later(monkeypatch)
    code, out, _ = run("stream", "replay", "--send")
    assert (code, "(records_trimmed)" in out, receipts(bank, entry_id)) == (PENDING, True, 0)
    assert run("stream", "failures")[0] == PENDING
    span = ("--since", "2026-11-21T00:00:00+08:00", "--until", "2026-11-22T00:00:00+08:00")
    code, out, _ = run("stream", "replay-table", "RelayJournal", *span)
    assert (code, "变更 / changes: 2, 未处理" in out, receipts(bank, entry_id)) == (WHOLE, True, 0)
    code, out, _ = run("stream", "replay-table", "RelayJournal", *span, "--send")
    bank.settle()
    assert (code, receipts(bank, entry_id)) == (WHOLE, 1)
    # once more it changes nothing; before and after the span there is nothing
    with unchanged(bank):
        assert run("stream", "replay-table", "RelayJournal", *span, "--send")[0] == WHOLE
    other = ("--since", "2026-11-22T00:00:00+08:00", "--until", "2026-11-23T00:00:00+08:00")
    assert "changes: 0," in run("stream", "replay-table", "RelayJournal", *other)[1]


def test_a_worker_that_gives_up_again_is_said(bank: Bank, run: Run) -> None:
    bank.sign_up("赵小明", deposit="500.00")
    bad = journal_records(bank)[0]
    bad["dynamodb"]["NewImage"] = {"entry_id": {"S": "x"}}
    set_aside(bank, "relay_journal", [bad], payload={"Records": [bad]})
    code, out, _ = run("stream", "replay", KEY, "--send")
    assert (code, "未处理 / not handled: 1" in out) == (BROKEN, True)
    assert run("stream", "failures")[0] == PENDING


@pytest.mark.usefixtures("bank")
def test_what_cannot_be_replayed_is_refused_by_its_code(run: Run) -> None:
    aws.s3().put_object(Bucket=stream_gaps.bucket(), Key="other", Body=b"{}")
    span = ("--since", "2026-11-21T00:00:00+08:00", "--until", "2026-11-22T00:00:00+08:00")
    for arguments, refused in (
        (("replay", "nobody"), "failure_unknown"),
        (("replay", "other"), "failure_unreadable"),
        (("replay-table", "WriteMovements", *span), "worker_unknown"),
        (("replay-table", "RelayJournal", "--since", "2026-11-21", "--until", "x"), "time_malformed"),
    ):
        code, _, err = run("stream", *arguments)
        assert (code, f"({refused})" in err) == (NOT_DONE, True), arguments


def test_each_table_of_a_replay_has_the_times_that_are_asked_for() -> None:
    from tests.deploy.kept import kept  # noqa: PLC0415  # read by this test alone

    samples = kept()["samples"]
    for table, times in stream_gaps.TABLES.values():
        logical_id = "".join(word.capitalize() for word in table.split("_")) + "Table"
        assert set(times) <= {name for item in samples[logical_id] for name in item}, table
