"""Run one conditional update of one item, and say plainly what came of it."""

from __future__ import annotations

from botocore.exceptions import ClientError

from chalicelib.platform import aws
from chalicelib.platform.dynamo import Image, ItemUpdate, to_image

_CONTENDED = frozenset(
    {
        "TransactionConflictException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    }
)
_IN_DOUBT = frozenset({"InternalServerError"})


class UpdateContended(Exception):
    """A transaction holds the item, or the engine is busy: nothing was done."""


class UpdateInDoubt(Exception):
    """No answer in time: whether the update was done shows only when the item is read again."""


def run(update: ItemUpdate) -> tuple[bool, Image | None]:
    """Update one item: (True, the new item), or (False, the item that the condition refused, None if absent).

    Raises UpdateContended, UpdateInDoubt.
    """
    try:
        answer = aws.dynamodb().update_item(**update.parameters(), ReturnValues="ALL_NEW")
    except aws.NO_ANSWER as error:
        raise UpdateInDoubt from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            found = error.response.get("Item")
            return False, to_image(found) if found else None  # type: ignore[arg-type]  # a raw item
        if code in _CONTENDED:
            raise UpdateContended from error
        if code in _IN_DOUBT:
            raise UpdateInDoubt from error
        raise
    return True, to_image(answer["Attributes"])
