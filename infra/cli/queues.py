"""`bank queue …`: what waits in the queues, and dead letters sent again."""

import json
import os
from typing import Annotated, Any

import typer

from chalicelib.platform import aws
from infra.cli.shell import CannotBeDone, group, tell, use_bank

app = group("队列与死信 / queues and dead letters")

_SUFFIX = "_QUEUE_URL"
AT_ONCE = 10
# A letter that is being sent again is hidden from others so long.
HIDDEN_S = 60


def _queues() -> dict[str, str]:
    """Name -> URL of every queue of the bank, in order; `deferred-legs` is DeferredLegsQueue."""
    named = {name: url for name, url in os.environ.items() if name.endswith(_SUFFIX) and url}
    return {name.removesuffix(_SUFFIX).lower().replace("_", "-"): named[name] for name in sorted(named)}


def _attributes(url: str) -> dict[str, Any]:
    names: Any = ["RedrivePolicy", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found: Any = aws.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return dict(found)


def _dead_letters_of(url: str) -> str:
    """The URL of a queue's dead-letter queue, from its own wiring."""
    arn = json.loads(_attributes(url)["RedrivePolicy"])["deadLetterTargetArn"]
    return str(aws.sqs().get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


def _count(attributes: dict[str, Any]) -> int:
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


@app.command("list")
def list_command() -> None:
    """各队列与死信队列的消息数（近似值）/ messages in each queue, and its dead letters; SQS counts approximately."""
    use_bank()
    for name, url in _queues().items():
        dead = _count(_attributes(_dead_letters_of(url)))
        tell(f"{name}: 待处理 / waiting {_count(_attributes(url))}, 死信 / dead letters {dead}")


@app.command()
def redrive(
    name: Annotated[str, typer.Argument(help="队列，见 list / a queue, as listed")],
    most: Annotated[int, typer.Option(min=1, max=100_000, help="最多重发条数 / send so many at most")] = 100,
) -> None:
    """把死信重新发回队列；消息可能重复，处理者对重复无害 / send dead letters again; who reads them stands repeats.

    Repair the cause first: what fails again comes back as a dead letter after its tries.
    """
    use_bank()
    url = _queues().get(name)
    if url is None:
        raise CannotBeDone(f"没有这个队列，见 bank queue list / no such queue, see bank queue list: {name}")
    dead_url = _dead_letters_of(url)
    # What fails again and comes back meanwhile is not sent a second time by this command.
    bound = min(most, _count(_attributes(dead_url)))
    sent = 0
    while sent < bound:
        letters = aws.sqs().receive_message(
            QueueUrl=dead_url, MaxNumberOfMessages=min(AT_ONCE, bound - sent), VisibilityTimeout=HIDDEN_S
        )
        found = letters.get("Messages", [])
        if not found:
            break
        for letter in found:
            # Sent before it is deleted: a command that dies in between leaves it twice, never lost.
            aws.sqs().send_message(QueueUrl=url, MessageBody=letter["Body"])
            aws.sqs().delete_message(QueueUrl=dead_url, ReceiptHandle=letter["ReceiptHandle"])
        sent += len(found)
        tell(f"已重发 / sent again: {sent}/{bound}")
    tell(f"完成 / done: {sent}; 剩余死信 / dead letters left: {_count(_attributes(dead_url))}")
