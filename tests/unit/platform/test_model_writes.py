"""What a model's write says when the engine does not: a time-out stays one, whatever the store does with errors."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.exceptions import PutError, PynamoDBException

from chalicelib.identity import attempts_store as attempts
from chalicelib.identity import store as identity
from chalicelib.notifications import store as notifications
from chalicelib.platform import aws, dynamo
from chalicelib.platform.dynamo import is_refused

SILENCE = ReadTimeoutError(endpoint_url="https://dynamodb.invalid")


def engine_said(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "PutItem")


@pytest.mark.parametrize(
    ("cause", "refused"),
    [
        (engine_said("ConditionalCheckFailedException"), True),
        (engine_said("ThrottlingException"), False),
        (SILENCE, False),
        (None, False),
    ],
)
def test_only_a_condition_that_did_not_hold_is_a_refusal(cause: Exception | None, refused: bool) -> None:
    assert is_refused(PutError("failed", cause)) is refused


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    "write",
    [
        lambda: attempts.claim(attempts.Subject("c1", "c1"), 3, 0, also_locked=False),
        lambda: identity.put_login_name("zhaoxiaoming", "c1"),
        lambda: notifications.claim("c1", "n1", "sms"),
    ],
    ids=["claim_log_in", "put_login_name", "claim"],
)
def test_a_time_out_reaches_the_edge_as_a_time_out(
    write: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> None:
        raise SILENCE

    dynamo.forget_tables()
    monkeypatch.setattr(aws, "dynamodb", lambda: SimpleNamespace(_make_api_call=silent))

    with pytest.raises(PynamoDBException) as caught:
        write()

    # so that the edge answers "busy, try again", not "internal error"
    assert caught.value.cause is SILENCE
    dynamo.forget_tables()
