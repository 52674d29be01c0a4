"""What tests of suspensions share: publishing one by two people, several function instances, and calls counted."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.approvals.domain import Approval
from chalicelib.maintenance.workers import announce_notices
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws
from tests.chain.bank import Bank, LambdaContext
from tests.chain.probe import scheduled
from tests.chain.two_people import approved, asked, notice_of

HOUR, SECOND, MS = dt.timedelta(hours=1), dt.timedelta(seconds=1), dt.timedelta(milliseconds=1)
# From when on what is published now holds.
AHEAD = 60 * SECOND


def payload(bank: Bank, ahead: dt.timedelta, scope: str = "transfers", **changes: Any) -> dict[str, Any]:
    """A notice that begins so long from now and lasts two hours."""
    return {**notice_of(bank.clock.now(), milliseconds=int(ahead / MS)), "scope": scope, **changes}


def published(bank: Bank, ahead: dt.timedelta, scope: str = "transfers", **changes: Any) -> str:
    """The id of such a notice, published now."""
    return approved(asked("notice.publish", payload(bank, ahead, scope, **changes))).approval_id


def urgent(bank: Bank, ahead: dt.timedelta, scope: str = "transfers", **changes: Any) -> str:
    """The same as a special case."""
    return published(bank, ahead, scope, kind="urgent", **changes)


def changed(bank: Bank, notice_id: str, ahead: dt.timedelta, **changes: Any) -> Approval:
    """Another version of a notice, published now."""
    return approved(asked("notice.change", {**payload(bank, ahead, **changes), "notice_id": notice_id}))


class Instance:
    """A function instance: it knows what it has read, when it has read it."""

    def __init__(self) -> None:
        self._known: Any = ({}, None)

    @contextmanager
    def runs(self) -> Iterator[None]:
        """What is done inside the `with` is done by this instance."""
        others = (parameters._cached, parameters._cached_at)
        parameters._cached, parameters._cached_at = self._known
        try:
            yield
        finally:
            self._known = (parameters._cached, parameters._cached_at)
            parameters._cached, parameters._cached_at = others


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Every call to DynamoDB inside the `with`, by operation."""
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    events = aws.dynamodb().meta.events
    events.register("before-call.dynamodb", count)
    try:
        yield calls
    finally:
        events.unregister("before-call.dynamodb", count)


def tell(bank: Bank) -> int:
    """The schedule fires, and all customers are told; how many occasions were news."""
    answer: Any = announce_notices(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    return int(answer["asked"])
