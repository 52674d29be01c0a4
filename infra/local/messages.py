"""Prints what the local SMS and push provider sent to a phone: `make messages PHONE=13800000001`.

The product has no such route: in the cloud these texts leave the bank and are kept nowhere.
"""

import json
import os
import sys
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.engine import HOST, EngineError, port_from_environment
from infra.local.stack import LOCAL_DIR, Bank, find_bank

MOST_MESSAGES = 10_000


def sent_to(bank: Bank, phone: str) -> list[dict[str, Any]]:
    """Return what was sent to a phone, oldest first: message_id, phone, channel, text, sent_at."""
    read = TypeDeserializer().deserialize
    found: list[dict[str, Any]] = []
    pages = bank.client("dynamodb").get_paginator("query")
    for page in pages.paginate(
        TableName=bank.resources["LocalMessagesTable"],
        KeyConditionExpression="phone = :phone",
        ExpressionAttributeValues={":phone": {"S": phone}},
        ConsistentRead=True,
        PaginationConfig={"MaxItems": MOST_MESSAGES},
    ):
        found += [{name: read(value) for name, value in item.items()} for item in page["Items"]]
    return sorted(found, key=lambda message: int(message.get("sent_ns", 0)))


def running_endpoint() -> str:
    """Return where the bank of this checkout answers: BANK_PORT, else what `make run` wrote down."""
    if not os.environ.get("BANK_PORT"):
        try:
            base_url = (LOCAL_DIR / "base_url").read_text(encoding="utf-8")
            return base_url.split("/restapis/")[0]
        except FileNotFoundError:
            pass
    return f"http://{HOST}:{port_from_environment()}"


def main(arguments: list[str]) -> int:
    """Print the messages as JSON lines, newest last; return the exit code."""
    phone = arguments[0] if arguments else ""
    if not phone:
        print("请给出手机号 / name a phone: make messages PHONE=13800000001", file=sys.stderr)
        return 2
    try:
        messages = sent_to(find_bank(running_endpoint()), phone)
    except EngineError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, KeyError):
        print("银行没有运行，请先在另一个终端执行 make run", file=sys.stderr)
        print("the bank is not running: start it with `make run` in another terminal", file=sys.stderr)
        return 1
    if not messages:
        print(f"没有发给 {phone} 的消息 / nothing was sent to {phone}", file=sys.stderr)
    for message in messages:
        print(json.dumps(message, ensure_ascii=False, sort_keys=True, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
