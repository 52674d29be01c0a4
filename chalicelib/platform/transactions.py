"""Write several items or none, past a passing conflict; for what is not money (the ledger has its own)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from chalicelib.platform import aws, clock, ids
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import OutcomeUnknown, TryAgain

MAX_ATTEMPTS = 12
LONGEST_PAUSE = dt.timedelta(milliseconds=200)
_REFUSED, _CONFLICT = "ConditionalCheckFailed", "TransactionConflict"
_THROTTLED = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"})
_IN_DOUBT = frozenset({"TransactionInProgressException", "InternalServerError"})


class _Contended(Exception):
    """Nothing was done; a moment later it may pass."""


class _InDoubt(Exception):
    """No answer: the same request, known by its token, is sent again."""


def commit(items: Sequence[ItemPut | ItemUpdate]) -> bool:
    """Write all items and return True; False, with nothing written, when a condition did not hold.

    A payment may have one of the items in its own transaction: that is over in a moment, so it is tried again,
    MAX_ATTEMPTS times. Raises TryAgain when it was not over then, OutcomeUnknown when the engine never answered.
    """
    token = ids.random_id(20)
    try:
        for attempt in Retrying(
            stop=stop_after_attempt(MAX_ATTEMPTS),
            wait=wait_random(max=LONGEST_PAUSE),
            retry=retry_if_exception_type((_Contended, _InDoubt)),
            sleep=clock.sleep,
            reraise=True,
        ):
            with attempt:
                return _send(items, token)
    except _Contended:
        raise TryAgain() from None
    except _InDoubt:
        raise OutcomeUnknown() from None
    raise AssertionError("the retry loop ended without a result")


def _send(items: Sequence[ItemPut | ItemUpdate], token: str) -> bool:
    try:
        aws.dynamodb().transact_write_items(
            TransactItems=[item.to_transact_item() for item in items], ClientRequestToken=token
        )
    except aws.NO_ANSWER as error:
        raise _InDoubt from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "TransactionCanceledException":
            reasons = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if _REFUSED in reasons:
                return False
            # Throttled or held by another transaction; anything else would be a fault of the request.
            if reasons <= {"None", None, _CONFLICT, "ThrottlingError", "ProvisionedThroughputExceeded"}:
                raise _Contended from error
            raise
        if code in _THROTTLED:
            raise _Contended from error
        if code in _IN_DOUBT:
            raise _InDoubt from error
        raise
    return True
