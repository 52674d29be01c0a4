"""Run one conditional update, or several writes as one, and say plainly what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from chalicelib.platform import aws, clock, ids
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, lowest, to_image
from chalicelib.platform.errors import OutcomeUnknown, TryAgain

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


# A customer waits at most this long for writes that meet others.
TIME_BUDGET_S = 8
MAX_ATTEMPTS = 12
_LONGEST_PAUSE = dt.timedelta(milliseconds=100)
_CONDITION = "ConditionalCheckFailed"
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_TOGETHER_IN_DOUBT = _IN_DOUBT | {"TransactionInProgressException"}


class Overtaken(Exception):
    """A condition did not hold through nobody's fault: nothing was done; read and plan again."""


def run_together(writes: Sequence[ItemPut | ItemUpdate]) -> None:
    """Write all items or none, once, in one transaction; the refusal of the lowest rank that a rule names.

    Waits for other transactions and after silence sends the same request with the same token again, inside
    TIME_BUDGET_S. Raises a Refusal of the rules, Overtaken, TryAgain (nothing was done), OutcomeUnknown.
    """
    token, in_doubt = ids.random_id(), False
    give_up_at = clock.monotonic() + TIME_BUDGET_S

    def is_over(_: RetryCallState) -> bool:
        return clock.monotonic() >= give_up_at

    try:
        for attempt in Retrying(
            stop=is_over,
            wait=wait_random(max=_LONGEST_PAUSE),
            retry=retry_if_exception_type((UpdateContended, UpdateInDoubt)),
            sleep=clock.sleep,
            reraise=True,
        ):
            with attempt:
                try:
                    _transact(writes, token)
                except UpdateInDoubt:
                    in_doubt = True
                    raise
    except (UpdateContended, UpdateInDoubt):
        raise (OutcomeUnknown if in_doubt else TryAgain)() from None


def _transact(writes: Sequence[ItemPut | ItemUpdate], token: str) -> None:
    try:
        aws.dynamodb().transact_write_items(
            TransactItems=[write.to_transact_item() for write in writes], ClientRequestToken=token
        )
    except aws.NO_ANSWER as error:
        raise UpdateInDoubt from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "TransactionCanceledException":
            _judge(writes, error.response["CancellationReasons"])
        if code in _CONTENDED:
            raise UpdateContended from error
        if code in _TOGETHER_IN_DOUBT:
            raise UpdateInDoubt from error
        raise


def _judge(writes: Sequence[ItemPut | ItemUpdate], reasons: Sequence[Mapping[str, Any]]) -> None:
    """Why the engine cancelled: conflict or throttle first, then what the rules say. Always raises, or lets the
    caller raise what it does not know.
    """
    codes = {reason["Code"] for reason in reasons} - {"None", _CONDITION}
    if codes - _PASSING:
        return
    if codes:
        raise UpdateContended
    refusal = lowest(
        breach
        for write, reason in zip(writes, reasons, strict=True)
        if reason["Code"] == _CONDITION
        for breach in write.breaches(to_image(reason["Item"]) if reason.get("Item") else None)
    )
    raise refusal if refusal is not None else Overtaken


def insist(update: ItemUpdate) -> Image:
    """Run one update, again while a transaction holds the item: the new item.

    Raises what its rules refuse, TryAgain (nothing was done), OutcomeUnknown.
    """
    try:
        for attempt in Retrying(
            stop=stop_after_attempt(MAX_ATTEMPTS),
            wait=wait_random(max=_LONGEST_PAUSE),
            retry=retry_if_exception_type(UpdateContended),
            sleep=clock.sleep,
            reraise=True,
        ):
            with attempt:
                done, image = run(update)
    except UpdateContended:
        raise TryAgain() from None
    except UpdateInDoubt:
        raise OutcomeUnknown() from None
    if done and image is not None:
        return image
    refusal = lowest(update.breaches(image))
    raise refusal if refusal is not None else TryAgain()


def together(writes: Sequence[ItemPut | ItemUpdate]) -> None:
    """`run_together` for what is not planned again: TryAgain where a write no longer fits."""
    try:
        run_together(writes)
    except Overtaken:
        raise TryAgain() from None
