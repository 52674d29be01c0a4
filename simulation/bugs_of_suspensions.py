"""Planted bugs of suspensions: what is to wait does not, instances act at odds, and customers hear what is no news."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.batches.commands import execute_batch
from chalicelib.ledger import workers as ledger_workers
from chalicelib.ledger.commands import post_deferred_legs
from chalicelib.maintenance import domain as notices
from chalicelib.maintenance import service as maintenance
from chalicelib.maintenance import store as notice_rows
from chalicelib.maintenance import windows
from chalicelib.maintenance.commands import announce, publish_notice
from chalicelib.maintenance.domain import Notice
from chalicelib.maintenance.windows import Board, Window
from chalicelib.notifications.commands import tell_notice
from chalicelib.orders import workers as order_workers
from chalicelib.parameters import service as parameters
from chalicelib.parameters import store as parameter_rows
from chalicelib.platform import clock, ids, queues
from chalicelib.transfers import workers as transfer_workers
from simulation.bugs_of_counter import ANYTHING, Patch

SECOND = dt.timedelta(seconds=1)


class _With:
    """A module as one of its users sees it, with something else in it."""

    def __init__(self, module: Any, **others: Any) -> None:
        self._module = module
        self.__dict__.update(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


# ---- what waits, and what does not --------------------------------------------------------------------
_NEVER = _With(maintenance, is_waiting=lambda *_: False, waits_until=lambda *_: None)


def due_transfers_do_not_wait() -> list[Patch]:
    return [(transfer_workers, "maintenance", _NEVER)]


def due_orders_do_not_wait() -> list[Patch]:
    return [(order_workers, "maintenance", _NEVER)]


def batches_do_not_wait() -> list[Patch]:
    return [(execute_batch, "maintenance", _NEVER)]


def deferred_legs_stop() -> list[Patch]:
    """What was confirmed before is left where it is, and nobody asks for it again."""
    own = post_deferred_legs.post_deferred_legs

    def post(entry_ids: Sequence[str]) -> Any:
        return own([] if maintenance.is_waiting(maintenance.TRANSFERS, clock.now()) else entry_ids)

    return [(ledger_workers, "post", post)]


# ---- when it holds --------------------------------------------------------------------------------------
def _held(since: dt.timedelta, until: dt.timedelta) -> list[Patch]:
    def moved(text: str, by: dt.timedelta) -> str:
        return clock.to_text(clock.from_text(text) + by)

    def holds_at(window: Window, now_text: str) -> bool:
        return moved(window.since, since) <= now_text < moved(window.until, until)

    return [(Window, "holds_at", holds_at)]


def gate_a_second_late() -> list[Patch]:
    return _held(SECOND, 0 * SECOND)


def gate_a_second_too_short() -> list[Patch]:
    return _held(0 * SECOND, -SECOND)


def gate_a_second_too_long() -> list[Patch]:
    return _held(0 * SECOND, SECOND)


def instances_know_late() -> list[Patch]:
    """What an instance has read once is good for minutes."""
    return [(parameters, "MAX_STALENESS", dt.timedelta(minutes=3))]


def board_over_another() -> list[Patch]:
    """Of two decisions at once the second writes the board as it was before the first."""
    return [(parameter_rows, "revision_rule", lambda _: ANYTHING)]


def board_unbounded() -> list[Patch]:
    def published(board: Board, notice: Notice) -> Board:
        window = windows.window_of(notice)
        kept = tuple(one for one in board if one.until > notice.published_at)
        return kept if window is None else (*kept, window)

    return [(windows, "published", published)]


def early_end_unknown() -> list[Patch]:
    """Who ends a suspension early tells customers, and no function instance."""

    def writes(plan: publish_notice.EarlyEnd, now: dt.datetime) -> Sequence[Any]:
        return own(plan, now)[:1]

    own = publish_notice.EarlyEnd.writes
    return [(publish_notice.EarlyEnd, "writes", writes)]


# ---- what customers are told ------------------------------------------------------------------------------
def notice_told_again() -> list[Patch]:
    """A page that comes again tells its customers again."""
    return [(tell_notice, "ids", _With(ids, derived_id=lambda *_: ids.random_id()))]


def _as_it_stood(notice: Notice, occasion: str) -> Notice:
    is_off = occasion == notices.TAKEN_BACK
    return notice if is_off else dataclasses.replace(notice, withdrawn_at=None, replaced_by=None)


def withdrawn_notice_still_told() -> list[Patch]:
    """Occasions come for what was withdrawn or replaced, too."""
    own = notices.occasion_at
    return [(notices, "occasion_at", lambda notice, occasion: own(_as_it_stood(notice, occasion), occasion))]


def pages_under_way_go_on() -> list[Patch]:
    """Customers are told what was news when it was asked for, though it was withdrawn or replaced since."""

    def news_at(notice_id: str, occasion: str, now: dt.datetime) -> tuple[Notice, str] | None:
        notice = notice_rows.read(notice_id)
        stood = _as_it_stood(notice, occasion) if notice is not None else None
        at = notices.occasion_at(stood, occasion) if stood is not None else None
        return (stood, at) if stood and at and notices.is_news(stood, occasion, now) else None

    return [(tell_notice, "maintenance", _With(maintenance, news_at=news_at))]


def start_told_after_the_end() -> list[Patch]:
    """Whatever comes within a day is told, whether it is over or not."""

    def is_news(notice: Notice, occasion: str, now: dt.datetime) -> bool:
        at = notices.occasion_at(notice, occasion)
        return at is not None and clock.to_text(now - notices.TOLD_WITHIN) < at <= clock.to_text(now)

    return [(notices, "is_news", is_news)]


def first_page_told_alone() -> list[Patch]:
    return [(tell_notice, "queues", _With(queues, send=lambda *_: None))]


def noted_before_it_is_asked() -> list[Patch]:
    """Who dies in between has told nobody, and nobody looks again."""

    def asked_late(queue: str, messages: Sequence[Any]) -> None:
        notice_id, occasion = messages[0].aggregate_id, messages[0].data["occasion"]
        notice = notice_rows.read(notice_id)
        if notice is not None:
            announce._noted(notice, occasion)
        queues.send(queue, messages)

    return [(announce, "queues", _With(queues, send=asked_late))]


SUSPENSION_BUGS: tuple[Callable[[], list[Patch]], ...] = (
    due_transfers_do_not_wait,
    due_orders_do_not_wait,
    batches_do_not_wait,
    deferred_legs_stop,
    gate_a_second_late,
    gate_a_second_too_short,
    gate_a_second_too_long,
    instances_know_late,
    board_over_another,
    board_unbounded,
    early_end_unknown,
    notice_told_again,
    withdrawn_notice_still_told,
    pages_under_way_go_on,
    start_told_after_the_end,
    first_page_told_alone,
    noted_before_it_is_asked,
)
