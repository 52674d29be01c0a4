"""What pages and feeds show of service (what is out or suspended now, is planned, and was) and of the bank."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from chalicelib.maintenance import service as maintenance
from chalicelib.outages import service as outages
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.money import grouped_text
from chalicelib.reports import service as reports
from chalicelib.site import availability, feeds
from chalicelib.site.domain import Standing, standing_of

# How many days the page about availability has.
DAYS = 30
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


def availability_facts(now: dt.datetime) -> dict[str, Any]:
    """The facts of the page about availability and the success of payments: a day each, and all of them together."""
    since = now - dt.timedelta(days=DAYS)
    days = availability.days(outages.spans(since, now), maintenance.spans(since, now), DAYS, now)
    outcomes = [reports.outcome_of(day.date, now) for day in days]
    return {
        "days": days,
        "whole": availability.together(days),
        "bars": [availability.bar(is_empty=False, is_whole=not day.away, is_met=day.is_met) for day in days],
        "outcomes": outcomes,
        "payment_bars": [
            availability.bar(is_empty=day.is_empty, is_whole=not day.failed, is_met=day.is_met) for day in outcomes
        ],
        "payments": reports.together(outcomes),
        "percent": reports.percent,
        "aim": reports.percent(reports.SUCCESS_AIM),
        "bound": reports.percent(reports.FAILURE_BOUND),
        "target": f"{availability.TARGET // 1000}.{availability.TARGET % 1000 // 100}",
        "minutes": availability.minutes,
        "date": lambda day: f"{day[:4]}-{day[4:6]}-{day[6:]}",
        "at": clock.to_local_text(now),
    }


def branches_facts(now: dt.datetime) -> dict[str, Any]:
    """The facts of the page about branches: as two people published them."""
    table = parameters.SITE_BRANCHES
    contact = parameters.value(parameters.CONTACT, now)
    return {
        "branches": table.rows(parameters.value(table, now)),
        "closed": parameters.CLOSED,
        "contact": (contact["zh"], contact["en"]),
    }


def rates_facts(now: dt.datetime) -> dict[str, Any]:
    """The facts of the page about rates and fees: the fees that a payment is quoted now, and published rates."""
    table = parameters.SITE_DEPOSIT_RATES
    fees = (
        (("行内转账", "Transfer within the bank"), parameters.TRANSFER_FEE_FEN),
        (("跨行转账", "Transfer to another bank"), parameters.OTHER_BANK_FEE_FEN),
    )
    return {
        "fees": [(what, parameters.value(fee, now)) for what, fee in fees],
        "money": grouped_text,
        "rates": table.rows(parameters.value(table, now)),
        "today": clock.to_local_text(now)[:10],
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


# ---- feeds -------------------------------------------------------------------------------------------------------
_NAMES = {
    "zh": ("乡村银行停机公告", "乡村银行服务公告", "乡村银行"),
    "en": ("Rural Bank: suspensions", "Rural Bank: service", "Rural Bank"),
}
# What a reader is told before the title of what was taken back, changed, or could not wait.
_MARKS = {
    maintenance.WITHDRAWN: ("【已取消】", "Cancelled: "),
    maintenance.REPLACED: ("【已变更】", "Changed: "),
    maintenance.URGENT: ("【特殊情况】", "Special case: "),
}


def calendar(now: dt.datetime, language: str) -> str:
    """Suspensions as a calendar; one that was taken back or changed stays in it as cancelled."""
    return feeds.calendar(_notice_items(now, language), _NAMES[language][0], language)


def feed(now: dt.datetime, language: str) -> str:
    """Suspensions and explained outages as a feed."""
    items = [*_notice_items(now, language), *(_outage_item(outage, language) for outage in outages.published(now))]
    address = parameters.value(parameters.PUBLIC_ADDRESS, now)
    tag = "zh-CN" if language == "zh" else "en"
    return feeds.atom(items, _NAMES[language][1], _NAMES[language][2], tag, address)


def _notice_items(now: dt.datetime, language: str) -> list[feeds.Item]:
    return [_notice_item(notice, off_at, language) for notice, off_at in maintenance.listed_with_ends(now)]


def _notice_item(notice: maintenance.Notice, off_at: str | None, language: str) -> feeds.Item:
    """A notice; `off_at` is when it was taken back or replaced."""
    place = 0 if language == "zh" else 1
    # By what was decided, not by the clock: nothing changes while only time passes.
    state = notice.state_at("")
    known = [change for change in (notice.shortened_at, off_at) if change is not None]
    mark = _MARKS.get(state) or _MARKS.get(notice.kind) or ("", "")
    what = maintenance.words_of_scope(notice.scope)
    said: list[tuple[str, str]] = [(notice.text.zh, notice.text.en)]
    if notice.scope != maintenance.NOTHING:
        said.insert(0, (f"暂停的服务：{what.zh}。", f"Suspended: {what.en}."))
    for words in (notice.reason, notice.alternatives):
        if words is not None:
            said.append((words.zh, words.en))
    return feeds.Item(
        key=notice.notice_id,
        published_at=notice.published_at,
        changed_at=max([notice.published_at, *known]),
        changes=len(known),
        title=mark[place] + (notice.title.zh, notice.title.en)[place],
        text="\n".join(one[place] for one in said),
        starts_at=notice.starts_at,
        ends_at=notice.ends_at,
        is_off=state in (maintenance.WITHDRAWN, maintenance.REPLACED),
    )


# What of an outage's life its explanation shows.
_SHOWN = frozenset({"publish", "end", "correct"})


def _outage_item(outage: outages.Outage, language: str) -> feeds.Item:
    """An explained outage. It changes when something that is shown is noted, whatever time that says."""
    place, published_at = 0 if language == "zh" else 1, str(outage.published_at)
    title = ("服务中断：", "Out of service: ")[place] + outages.SCOPES[outage.scope][place]
    words = (outage.words.zh, outage.words.en) if outage.words is not None else ("", "")
    since = ("北京时间", "Shanghai time, ")[place] + _local(outage.opened_at)
    until = "" if outage.ended_at is None else (" 至 ", " to ")[place] + _local(outage.ended_at)
    noted = [step.at for step in outages.steps_of(outage.outage_id) if step.action in _SHOWN]
    changes = [at for at in noted if at > published_at]
    return feeds.Item(
        key=outage.outage_id,
        published_at=published_at,
        changed_at=max([published_at, *changes]),
        changes=len(changes),
        title=title,
        text=f"{since}{until}\n{words[place]}",
    )
