"""Plan to publish or take back a notice, as a part of the approval that decides it (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.maintenance import domain, store
from chalicelib.maintenance.domain import Notice, Wish
from chalicelib.maintenance.errors import NoticeClosed
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound


@dataclass(frozen=True, slots=True)
class Publication:
    """A notice that can be published until just before `before`."""

    wish: Wish
    before: dt.datetime

    def write(self, notice_id: str, now: dt.datetime) -> ItemPut:
        """The notice's row, published at `now`."""
        wish = self.wish
        return store.notice_put(
            Notice(
                notice_id,
                wish.kind,
                clock.to_text(now),
                clock.to_text(wish.starts_at),
                clock.to_text(wish.ends_at),
                wish.affects,
                wish.title,
                wish.text,
            )
        )


def plan_notice(wish: Wish, now: dt.datetime) -> Publication:
    """Plan a notice: a planned one at least the parameter's hours (never below 72) before it starts, an urgent one
    while its time is not over. Raises NoticeMalformed, NoticeTooLate.
    """
    lead_h = parameters.value(parameters.NOTICE_LEAD_H, now)
    domain.require_publishable(wish, lead_h, now)
    return Publication(wish, domain.publish_before(wish, lead_h))


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A notice that can be taken back."""

    notice: Notice

    def write(self, now: dt.datetime) -> ItemUpdate:
        """The notice is withdrawn, if nobody did so and its time is not over."""
        at = clock.to_text(now)
        update = store.withdrawal(self.notice.notice_id, at)
        return update.require(domain.not_withdrawn_rule(), domain.not_over_rule(at))


def plan_withdrawal(notice_id: str, now: dt.datetime) -> Withdrawal:
    """Plan to take a notice back. Raises NotFound, NoticeClosed."""
    notice = store.read(notice_id)
    if notice is None:
        raise NotFound()
    if notice.state_at(clock.to_text(now)) in (domain.WITHDRAWN, domain.OVER):
        raise NoticeClosed()
    return Withdrawal(notice)
