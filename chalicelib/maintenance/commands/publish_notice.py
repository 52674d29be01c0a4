"""Plan to publish, change, take back or end a notice, as a part of the approval that decides it (NB-5.1.8-5).

Each plan writes the notice and the board of suspensions together, the board only if nobody has changed it since it was
read: of two decisions at once, the second is planned anew on what the first one left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.maintenance import domain, store, windows
from chalicelib.maintenance.domain import Notice, Wish
from chalicelib.maintenance.errors import NoticeClosed, NoticeNotRunning
from chalicelib.maintenance.service import BOARD
from chalicelib.parameters import service as parameters
from chalicelib.parameters.commands.change_rider import Rider, read_rider
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule
from chalicelib.platform.errors import NotFound

Write = ItemPut | ItemUpdate


def _board_write(rider: Rider, change: Callable[[windows.Board], windows.Board]) -> list[Write]:
    """The board as `change` makes it of what was read; no write where it stays as it is."""
    before = windows.read_board(rider.text)
    after = change(before)
    return [rider.write(windows.board_text(after))] if after != before else []


@dataclass(frozen=True, slots=True)
class Publication:
    """A notice that can be published until just before `before`; a change of `changes`, where it is one."""

    wish: Wish
    before: dt.datetime
    rider: Rider
    changes: Notice | None = None

    def writes(self, notice_id: str, now: dt.datetime) -> Sequence[Write]:
        """The notice, published at `now`; the one before it, if nobody changed or withdrew it and its time is not over;
        and the board. Raises NoticeBoardFull.
        """
        wish, old = self.wish, self.changes
        notice = Notice(
            notice_id,
            wish.kind,
            clock.to_text(now),
            clock.to_text(wish.starts_at),
            clock.to_text(wish.ends_at),
            wish.affects,
            wish.title,
            wish.text,
            scope=wish.scope,
            reason=wish.reason,
            alternatives=wish.alternatives,
            replaces=old.notice_id if old is not None else None,
        )
        found: list[Write] = [store.notice_put(notice)]
        if old is not None:
            found.append(store.replacement(old.notice_id, notice_id).require(*_open_rules(now)))

        def change(board: windows.Board) -> windows.Board:
            kept = windows.ended(board, old.notice_id, now) if old is not None else board
            return windows.published(kept, notice)

        return [*found, *_board_write(self.rider, change)]


def plan_notice(wish: Wish, now: dt.datetime) -> Publication:
    """Plan a notice: a planned one at least the parameter's hours (never below 72) before it starts, an urgent one
    while its time is not over. Raises NoticeMalformed, NoticeTooLate.
    """
    lead_h = parameters.value(parameters.NOTICE_LEAD_H, now)
    domain.require_publishable(wish, lead_h, now)
    return Publication(wish, domain.publish_before(wish, lead_h), read_rider(BOARD))


def plan_change(notice_id: str, wish: Wish, now: dt.datetime) -> Publication:
    """Plan another version of a notice. Its clock starts anew: a planned one is published as early before its start as
    if it were the first, one that cannot wait so long is a special case. Until then the version before it holds.

    Raises NoticeMalformed, NoticeTooLate, NotFound, NoticeClosed.
    """
    old = _open_notice(notice_id, now)
    plan = plan_notice(wish, now)
    return Publication(plan.wish, min(plan.before, clock.from_text(old.ends_at)), plan.rider, old)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A notice that can be taken back."""

    notice: Notice
    rider: Rider

    def writes(self, now: dt.datetime) -> Sequence[Write]:
        """The notice and what it suspends are withdrawn, if nobody did so or changed it and its time is not over."""
        notice_id = self.notice.notice_id
        update = store.withdrawal(notice_id, clock.to_text(now)).require(*_open_rules(now))
        return [update, *_board_write(self.rider, lambda board: windows.ended(board, notice_id, now))]


def plan_withdrawal(notice_id: str, now: dt.datetime) -> Withdrawal:
    """Plan to take a notice back. Raises NotFound, NoticeClosed."""
    return Withdrawal(_open_notice(notice_id, now), read_rider(BOARD))


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """A notice whose time has begun, and that can end before it was to."""

    notice: Notice
    rider: Rider

    def writes(self, now: dt.datetime) -> Sequence[Write]:
        """The notice and what it suspends end as soon as every instance can know (`windows.PUBLISHED_AHEAD`).

        Only once, and only if nobody changed or withdrew it. Raises NoticeClosed where it ends sooner by itself.
        """
        ends_at = windows.effective(now)
        if self.notice.ends_at <= ends_at:
            raise NoticeClosed()
        notice_id = self.notice.notice_id
        update = store.shortening(self.notice, ends_at, clock.to_text(now))
        update.require(domain.not_shortened_rule(), *_open_rules(now))
        return [update, *_board_write(self.rider, lambda board: windows.ended(board, notice_id, now))]


def plan_early_end(notice_id: str, now: dt.datetime) -> EarlyEnd:
    """Plan to end a suspension that goes on. Raises NotFound, NoticeClosed, NoticeNotRunning."""
    notice = _open_notice(notice_id, now)
    if notice.shortened_at is not None:
        raise NoticeClosed()
    if notice.state_at(clock.to_text(now)) != domain.RUNNING:
        raise NoticeNotRunning()
    return EarlyEnd(notice, read_rider(BOARD))


def _open_notice(notice_id: str, now: dt.datetime) -> Notice:
    """A notice that still says what is to come or goes on; raises NotFound, NoticeClosed."""
    notice = store.read(notice_id)
    if notice is None:
        raise NotFound()
    if notice.state_at(clock.to_text(now)) not in (domain.COMING, domain.RUNNING):
        raise NoticeClosed()
    return notice


def _open_rules(now: dt.datetime) -> Sequence[Rule]:
    """The same as conditions of the write."""
    return (domain.not_withdrawn_rule(), domain.not_replaced_rule(), domain.not_over_rule(clock.to_text(now)))
