"""What the pages about service show: what is out or suspended now, what is planned, and what was."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from chalicelib.maintenance import service as maintenance
from chalicelib.outages import service as outages
from chalicelib.platform import clock
from chalicelib.site.domain import Standing, standing_of

# Of what is planned the page about now shows the next ones; the other page has them all.
NEXT = 3


class Suspension(NamedTuple):
    """A notice as pages show it: its times are Shanghai's, `what` is what it suspends in Chinese and English."""

    notice: maintenance.Notice
    state: str
    what: tuple[str, str]
    starts: str
    ends: str
    published: str
    was_to_end: str

    @property
    def suspends(self) -> bool:
        """Whether it suspends anything: some only announce."""
        return self.notice.scope != maintenance.NOTHING


class Disturbance(NamedTuple):
    """An outage as pages show it: what is out, since and until when, and the bank's explanation where there is one."""

    what: tuple[str, str]
    words: tuple[str, str] | None
    began: str
    ended: str


def status_facts(now: dt.datetime) -> dict[str, Any]:
    """The facts of the page about now: how service stands, what is out and suspended, and what is planned next."""
    shown, disturbances = _suspensions(now), _disturbances(now)
    out = [one for one in disturbances if not one.ended]
    running = [one for one in shown if one.state == maintenance.RUNNING]
    suspended = [one for one in running if one.suspends]
    return {
        "standing": standing_of(bool(out), bool(suspended)),
        "standings": Standing,
        "out": out,
        "running": running,
        "coming": [one for one in shown if one.state == maintenance.COMING][:NEXT],
        "explained": [one for one in disturbances if one.ended],
        "way": maintenance.way_out(now),
        "at": clock.to_local_text(now),
    }


def maintenance_facts(now: dt.datetime) -> dict[str, Any]:
    """The facts of the page about suspensions: coming, running and past, the latest of the past first."""
    shown = _suspensions(now)
    return {
        "running": [one for one in shown if one.state == maintenance.RUNNING],
        "coming": [one for one in shown if one.state == maintenance.COMING],
        "past": [one for one in reversed(shown) if one.state not in (maintenance.RUNNING, maintenance.COMING)],
        "way": maintenance.way_out(now),
        "at": clock.to_local_text(now),
    }


def _suspensions(now: dt.datetime) -> list[Suspension]:
    return [_suspension(notice, clock.to_text(now)) for notice in maintenance.listed(now)]


def _suspension(notice: maintenance.Notice, now_text: str) -> Suspension:
    what = maintenance.words_of_scope(notice.scope)
    return Suspension(
        notice,
        notice.state_at(now_text),
        (what.zh, what.en),
        _local(notice.starts_at),
        _local(notice.ends_at),
        _local(notice.published_at),
        _local(notice.planned_ends_at),
    )


def _disturbances(now: dt.datetime) -> list[Disturbance]:
    return [_disturbance(outage) for outage in outages.shown(now)]


def _disturbance(outage: outages.Outage) -> Disturbance:
    words = outage.words if outage.published_at is not None else None
    return Disturbance(
        outages.SCOPES[outage.scope],
        (words.zh, words.en) if words is not None else None,
        _local(outage.opened_at),
        _local(outage.ended_at),
    )


def _local(text: str | None) -> str:
    return clock.to_local_text(clock.from_text(text)) if text is not None else ""
