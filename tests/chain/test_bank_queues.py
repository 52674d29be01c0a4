"""`bank queue …`: dead letters listed, shown, sent again and set aside."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import boto3
import pytest

from chalicelib.platform import aws, clock
from infra import dead_letters
from infra.cli.shell import NOT_DONE, WHOLE
from tests.chain.bank import ACCOUNT, REGION, Bank
from tests.chain.probe import put_on, queued_bodies, unchanged, wiretap
from tests.chain.test_bank_command import Run, run

__all__ = ["run"]

QUEUE, DEAD = "ReceiptsQueue", "ReceiptsDeadLetterQueue"
MESSAGE = json.dumps(
    {
        "event_id": "e" * 26,
        "event_type": "transfer.posted",
        "schema_version": 1,
        "aggregate_id": "a" * 26,
        "correlation_id": "c" * 26,
        "data": {},
    }
)


def letters_of(bank: Bank) -> dict[str, str]:
    """Body -> message id of the dead letters."""
    with dead_letters.looked_at(bank.references[DEAD], 1000) as letters:
        return {letter.body: letter.message_id for letter in letters}


def test_dead_letters_are_listed_with_the_age_of_the_oldest(bank: Bank, run: Run) -> None:
    for number in range(3):
        put_on(bank, DEAD, f'{{"letter": {number}}}')
    clock.use(clock.FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)))  # the engine's clock is the machine's
    code, out, _ = run("queue", "list")
    assert code == WHOLE
    assert "receipts: 待处理 / waiting 0, 死信 / dead letters 3, 最早 / oldest " in out
    assert out.count("(5.0 h)") == 1
    assert "deferred-legs: 待处理 / waiting 0, 死信 / dead letters 0\n" in out
    assert len(out.splitlines()) == len([name for name in bank.references if name.endswith("DeadLetterQueue")])
    # and nobody is kept from them
    visible = dead_letters.attributes_of(bank.references[DEAD])["ApproximateNumberOfMessages"]
    assert visible == "3"


def test_what_is_shown_are_ids_and_of_what_is_no_message_its_size(bank: Bank, run: Run) -> None:
    put_on(bank, DEAD, MESSAGE)
    put_on(bank, DEAD, '{"name": "赵小明"}')
    for _ in range(2):
        code, out, _ = run("queue", "show", "receipts")
        assert (code, len(out.splitlines())) == (WHOLE, 3)
        assert f"transfer.posted {'a' * 26}, correlation_id {'c' * 26}\n" in out
        assert "不可读 / unreadable: 21 bytes, sha256 " in out
        assert "赵小明" not in out
    assert run("queue", "show", "receipts", "--most", "1")[1].splitlines()[-1] == "死信 / dead letters: 2"


def test_dead_letters_are_sent_again_within_a_bound_and_a_rate_after_a_dry_run(bank: Bank, run: Run) -> None:
    bodies = {f'{{"letter": {number}}}' for number in range(25)}
    for body in bodies:
        put_on(bank, DEAD, body)
    code, out, _ = run("queue", "redrive", "receipts", "--most", "15")
    assert (code, out.splitlines()[-1][-2:]) == (WHOLE, "15")
    assert "未重发" in out
    assert (bank.waiting(QUEUE), bank.waiting(DEAD)) == (0, 25)
    began = clock.monotonic()
    code, out, _ = run("queue", "redrive", "receipts", "--send", "--most", "15", "--per-second", "5")
    assert code == WHOLE
    assert clock.monotonic() - began == pytest.approx(3)
    assert out.splitlines()[-1] == "完成 / done: 15; 剩余死信 / dead letters left: 10"
    assert out.count("已重发 / sent again: ") == 2
    assert (bank.waiting(QUEUE), bank.waiting(DEAD)) == (15, 10)
    assert run("queue", "redrive", "receipts", "--send")[1].splitlines()[-1].startswith("完成 / done: 10;")
    # each letter is there once, as it was
    assert sorted(queued_bodies(bank, QUEUE)) == sorted(bodies)
    assert run("queue", "redrive", "receipts", "--send")[1] == "完成 / done: 0; 剩余死信 / dead letters left: 0\n"


def test_letters_are_sent_by_their_ids_and_unknown_ones_refused(bank: Bank, run: Run) -> None:
    for number in range(12):
        put_on(bank, DEAD, f'{{"letter": {number}}}')
    wanted = letters_of(bank)['{"letter": 7}']
    code, _, err = run("queue", "redrive", "receipts", "--send", "--id", wanted, "--id", "nobody")
    assert (code, err) == (NOT_DONE, "error: 没有这些死信 / there are no such letters: nobody (letter_unknown)\n")
    assert "1\n" in run("queue", "redrive", "receipts", "--id", wanted)[1]
    code, out, _ = run("queue", "redrive", "receipts", "--send", "--id", wanted)
    assert (code, out.splitlines()[-1]) == (WHOLE, "完成 / done: 1; 剩余死信 / dead letters left: 11")
    assert queued_bodies(bank, QUEUE) == ['{"letter": 7}']
    code, _, err = run("queue", "redrive", "receipt")
    assert (code, "(queue_unknown)" in err) == (NOT_DONE, True)


def test_a_queue_that_still_fails_is_sent_nothing_unless_told(bank: Bank, run: Run) -> None:
    put_on(bank, DEAD, MESSAGE)
    watched = boto3.client("cloudwatch")
    # given alarms on the age of this queue and of another; the other's rings
    for queue in (QUEUE, "AlertsQueue"):
        watched.put_metric_alarm(
            AlarmName=f"{queue}Age",
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Dimensions=[{"Name": "QueueName", "Value": bank.references[queue].rpartition("/")[2]}],
            Statistic="Maximum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=300,
            ComparisonOperator="GreaterThanThreshold",
        )
    watched.set_alarm_state(AlarmName="AlertsQueueAge", StateValue="ALARM", StateReason="test")
    watched.set_alarm_state(AlarmName="ReceiptsQueueAge", StateValue="OK", StateReason="test")
    assert "告警中" not in run("queue", "redrive", "receipts")[1]
    # when its own rings, it is refused, and the dry run says so
    watched.set_alarm_state(AlarmName="ReceiptsQueueAge", StateValue="ALARM", StateReason="test")
    assert run("queue", "redrive", "receipts")[:2][1].startswith("告警中 / rings: ReceiptsQueueAge\n")
    code, _, err = run("queue", "redrive", "receipts", "--send")
    assert (code, "(queue_failing)" in err, bank.waiting(QUEUE)) == (NOT_DONE, True, 0)
    assert run("queue", "redrive", "receipts", "--send", "--although-failing")[0] == WHOLE
    assert (bank.waiting(QUEUE), bank.waiting(DEAD)) == (1, 0)


@pytest.mark.usefixtures("bank")
def test_a_queues_worker_is_watched_as_well(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    class Mappings:
        def list_event_source_mappings(self, EventSourceArn: str) -> dict[str, object]:  # noqa: N803  # boto3's name
            assert EventSourceArn.endswith(":" + bank.references[QUEUE].rpartition("/")[2])
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:issue-receipts"
            return {"EventSourceMappings": [{"FunctionArn": arn}]}

    watched = boto3.client("cloudwatch")
    watched.put_metric_alarm(
        AlarmName="IssueReceiptsErrors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "issue-receipts"}],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    watched.set_alarm_state(AlarmName="IssueReceiptsErrors", StateValue="ALARM", StateReason="test")
    client = boto3.client
    monkeypatch.setattr(boto3, "client", lambda name: Mappings() if name == "lambda" else client(name))
    assert dead_letters.alarms_of(bank.references[QUEUE]) == ["IssueReceiptsErrors"]


def test_a_redrive_that_dies_loses_no_letter(bank: Bank, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on(bank, DEAD, "{}")

    def dies(**_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(aws.sqs(), "delete_message", dies)
    assert run("queue", "redrive", "receipts", "--send")[0] == NOT_DONE
    assert (bank.waiting(QUEUE), bank.waiting(DEAD)) == (1, 1)


def test_letters_that_were_handled_before_change_nothing_when_sent_again(bank: Bank, run: Run) -> None:
    # given a transfer of which all was told, and each message of each queue among the dead letters once more
    payer, payee = bank.sign_up("赵小明", deposit="10.00"), bank.sign_up("钱红")
    with wiretap() as tap:
        bank.pay(payer, payee, "1.00", "key-redrive-1")
        bank.settle()
    handled = {
        "codes": tap.of("send_codes"),
        "receipts": tap.of("issue_receipts"),
        "alerts": tap.of("send_alerts"),
        "deferred-legs": tap.of("post_deferred_legs"),
    }
    for name, records in handled.items():
        assert records, name
        queue = "".join(word.capitalize() for word in name.split("-"))
        for record in records:
            put_on(bank, f"{queue}DeadLetterQueue", record["body"])
    # when they are sent again, then nothing is done twice
    with unchanged(bank):
        for name, records in handled.items():
            code, out, _ = run("queue", "redrive", name, "--send")
            assert (code, f"完成 / done: {len(records)};" in out) == (WHOLE, True)
    assert bank.balance(payer.account) == 9_00


def test_what_nobody_can_handle_is_set_aside_in_a_file_and_put_back_from_it(
    bank: Bank, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on(bank, DEAD, MESSAGE)
    put_on(bank, DEAD, "poison 毒")
    poison, file = letters_of(bank)["poison 毒"], tmp_path / "aside.jsonl"
    # a file that cannot be written leaves the letter where it is; so does a deletion that fails
    assert run("queue", "set-aside", "receipts", "--id", poison, "--to", str(tmp_path / "no" / "x"))[0] == NOT_DONE
    assert bank.waiting(DEAD) == 2
    code, out, _ = run("queue", "set-aside", "receipts", "--id", poison, "--to", str(file))
    assert (code, out) == (WHOLE, f"已移到文件 / set aside: 1, {file}\n")
    (kept,) = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert (kept["body"], kept["message_id"], file.stat().st_mode & 0o777) == ("poison 毒", poison, 0o600)
    assert list(letters_of(bank)) == [MESSAGE]
    # no file is written over, and the letters stay
    last = letters_of(bank)[MESSAGE]
    assert run("queue", "set-aside", "receipts", "--id", last, "--to", str(file))[0] == NOT_DONE
    assert bank.waiting(DEAD) == 1
    assert run("queue", "put-back", "receipts", str(file))[0] == WHOLE
    assert (queued_bodies(bank, QUEUE), file.exists()) == (["poison 毒"], True)
    file.write_text("[]\n", encoding="utf-8")
    code, _, err = run("queue", "put-back", "receipts", str(file))
    assert (code, "(file_unreadable)" in err) == (NOT_DONE, True)
