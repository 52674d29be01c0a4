"""What Lambda is sent: the parts of its events, as the services send them."""

from __future__ import annotations

import base64
import json
from typing import Any


def sent_body(raw: str | bytes | None, body: Any) -> str | None:
    if isinstance(raw, bytes):
        return base64.b64encode(raw).decode()
    if raw is not None:
        return raw
    return None if body is None else json.dumps(body)


def query_values(query: str) -> dict[str, list[str]] | None:
    found: dict[str, list[str]] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        found.setdefault(name, []).append(value)
    return found or None


def stream_record(record: Any) -> dict[str, Any]:
    body = {
        name: _as_json(value) if name in ("Keys", "NewImage", "OldImage") else value
        for name, value in record["dynamodb"].items()
        if name != "ApproximateCreationDateTime"
    }
    return json.loads(  # type: ignore[no-any-return]  # proves that it is JSON, as Lambda's events are
        json.dumps(
            {
                "eventID": record["eventID"],
                "eventName": record["eventName"],
                "eventSource": "aws:dynamodb",
                "awsRegion": "cn-north-1",
                "dynamodb": body,
                "eventSourceARN": "arn:aws:dynamodb:cn-north-1:123456789012:table/test/stream/1",
            }
        )
    )


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return value


def sqs_record(message: Any) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": message["Attributes"]["ApproximateReceiveCount"]},
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:cn-north-1:123456789012:test",
        "awsRegion": "cn-north-1",
    }
