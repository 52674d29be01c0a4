"""Write one item, or several as one, past what passes by itself, and say plainly what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError

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


T = TypeVar("T")


class UpdateContended(Exception):
    """A transaction holds the item, or the engine is busy: nothing was done."""


class UpdateInDoubt(Exception):
    """No answer in time: whether the update was done shows only when the item is read again."""


def run(update: ItemUpdate) -> tuple[bool, Image | None]:
    """Update one item: (True, the new item), or (False, the item that the condition refused, None if absent).

    Raises UpdateContended, UpdateInDoubt.
    """
    try:
        answer = _sent(lambda: aws.dynamodb().update_item(**update.parameters(), ReturnValues="ALL_NEW"))
    except _Refused as refused:
        return False, refused.item
    return True, to_image(answer["Attributes"])


class _Refused(Exception):
    """The condition did not hold for `item`, None if there is none."""

    def __init__(self, item: Image | None) -> None:
        super().__init__()
        self.item = item


def _sent(send: Callable[[], T]) -> T:
    try:
        return send()
    except aws.NO_ANSWER as error:
        raise UpdateInDoubt from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            found = error.response.get("Item")
            raise _Refused(to_image(found) if found else None) from error  # type: ignore[arg-type]  # a raw item
        if code in _CONTENDED:
            raise UpdateContended from error
        if code in _IN_DOUBT:
            raise UpdateInDoubt from error
        raise


# A customer waits at most this long for writes that meet others: no attempt begins later, but for the last pause.
# One that meets silence takes up to 6 s (platform.aws).
TIME_BUDGET_S = 8
# The same for one item, whose write often goes before a transaction: both together end before the gateway's 29 s.
ITEM_TIME_BUDGET_S = 4
_LONGEST_PAUSE = dt.timedelta(milliseconds=100)
_CONDITION = "ConditionalCheckFailed"
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_TOGETHER_IN_DOUBT = _IN_DOUBT | {"TransactionInProgressException"}


def _patiently(act: Callable[[], T], budget_s: int, *, repeats_silence: bool) -> T:
    """What `act` returns, past contention; past silence too where the same may be sent again.

    Raises TryAgain when the budget is over and nothing was done, OutcomeUnknown when any attempt met silence.
    """
    # A worker that only reads starts without it.
    from tenacity import Retrying, retry_if_exception_type, wait_random  # noqa: PLC0415

    again = (UpdateContended, UpdateInDoubt) if repeats_silence else (UpdateContended,)
    in_doubt = False
    give_up_at = clock.monotonic() + budget_s

    def is_over(_: object) -> bool:
        return clock.monotonic() >= give_up_at

    try:
        for attempt in Retrying(
            stop=is_over,
            wait=wait_random(max=_LONGEST_PAUSE),
            retry=retry_if_exception_type(again),
            sleep=clock.sleep,
            reraise=True,
        ):
            with attempt:
                try:
                    return act()
                except UpdateInDoubt:
                    in_doubt = True
                    raise
    except (UpdateContended, UpdateInDoubt):
        raise (OutcomeUnknown if in_doubt else TryAgain)() from None
    raise AssertionError("the retry loop ended without a result")


class Overtaken(Exception):
    """A condition did not hold through nobody's fault: nothing was done; read and plan again."""


class TogetherRefused(Exception):
    """A condition did not hold: nothing was done. `reasons` has one row a write, in order."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__([reason.get("Code") for reason in reasons])
        self.reasons = reasons


def settle(writes: Sequence[ItemPut | ItemUpdate]) -> None:
    """Write all items or none, once, in one transaction.

    Waits for other transactions and after silence sends the same request with the same token again, inside
    TIME_BUDGET_S. Raises TogetherRefused, TryAgain (nothing was done), OutcomeUnknown.
    """
    token = ids.random_id()
    _patiently(lambda: _transact(writes, token), TIME_BUDGET_S, repeats_silence=True)


def replanned(attempt: Callable[[], T]) -> T:
    """What `attempt` returns, made anew past contention and silence, inside TIME_BUDGET_S: it reads, plans and writes
    by `once`, and finds what an attempt that was not answered has done.

    Raises TryAgain (nothing was done), OutcomeUnknown.
    """

    def planned() -> T:
        try:
            return attempt()
        except Overtaken:
            raise UpdateContended from None

    return _patiently(planned, TIME_BUDGET_S, repeats_silence=True)


def once(writes: Sequence[ItemPut | ItemUpdate]) -> None:
    """Write all items or none, by one attempt. Raises TogetherRefused, UpdateContended, UpdateInDoubt."""
    _transact(writes, ids.random_id())


def run_together(writes: Sequence[ItemPut | ItemUpdate]) -> None:
    """`settle`, and the refusal of the lowest rank that a rule names where a condition did not hold.

    Raises a Refusal of the rules, Overtaken, TryAgain (nothing was done), OutcomeUnknown.
    """
    try:
        settle(writes)
    except TogetherRefused as refused:
        refusal = lowest(
            breach
            for write, reason in zip(writes, refused.reasons, strict=True)
            if reason["Code"] == _CONDITION
            for breach in write.breaches(to_image(reason["Item"]) if reason.get("Item") else None)
        )
        raise (refusal if refusal is not None else Overtaken()) from None


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
            _judge(error.response["CancellationReasons"])
        if code in _CONTENDED:
            raise UpdateContended from error
        if code in _TOGETHER_IN_DOUBT:
            raise UpdateInDoubt from error
        raise


def _judge(reasons: Sequence[Mapping[str, Any]]) -> None:
    """Why the engine cancelled: conflict or throttle first, then a condition. Returns where it is our own fault."""
    codes = {reason["Code"] for reason in reasons} - {"None", _CONDITION}
    if codes - _PASSING:
        return
    if codes:
        raise UpdateContended
    raise TogetherRefused(reasons)


def insist(update: ItemUpdate) -> Image:
    """Run one update, again while a transaction holds the item or the engine is busy: the new item.

    Inside ITEM_TIME_BUDGET_S. Not sent again after silence, as it may count. Raises what its rules refuse, TryAgain
    (nothing was done), OutcomeUnknown.
    """
    done, image = _patiently(lambda: run(update), ITEM_TIME_BUDGET_S, repeats_silence=False)
    if done and image is not None:
        return image
    refusal = lowest(update.breaches(image))
    raise refusal if refusal is not None else TryAgain()


def put(write: ItemPut) -> Image | None:
    """Put an item that must not exist: None when it was written, else the one that is there.

    Sent again past contention and silence, inside ITEM_TIME_BUDGET_S: the one that is there may be its own. Raises
    TryAgain (nothing was done), OutcomeUnknown.
    """
    try:
        _patiently(
            lambda: _sent(lambda: aws.dynamodb().put_item(**write.parameters())),
            ITEM_TIME_BUDGET_S,
            repeats_silence=True,
        )
    except _Refused as refused:
        return refused.item
    return None


def together(writes: Sequence[ItemPut | ItemUpdate]) -> None:
    """`run_together` for what is not planned again: TryAgain where a write no longer fits."""
    try:
        run_together(writes)
    except Overtaken:
        raise TryAgain() from None
