"""List maintenance notices, and the way out meanwhile (NB-5.1.8-5, NB-5.1.8-6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.maintenance import store
from chalicelib.maintenance.domain import PLANNED, URGENT, Notice, Wish, Words
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock

__all__ = ["PLANNED", "URGENT", "Notice", "WayOut", "Wish", "Words", "listed", "way_out"]


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where the bank serves its customers while online service is suspended, and how to reach it; hours are
    Shanghai's.
    """

    zh: str
    en: str
    contact_zh: str
    contact_en: str
    working_hours: str


def way_out(now: dt.datetime) -> WayOut:
    """What customers are told to do meanwhile (NB-5.1.8-6)."""
    text, contact = parameters.value(parameters.WAY_OUT, now), parameters.value(parameters.CONTACT, now)
    hours = parameters.value(parameters.WORKING_HOURS, now)
    return WayOut(text["zh"], text["en"], contact["zh"], contact["en"], hours)


def listed(now: dt.datetime) -> list[Notice]:
    """Notices to show: coming, running, withdrawn, and over for less than the parameter's days; the next first."""
    oldest = clock.to_text(now - dt.timedelta(days=parameters.value(parameters.NOTICE_LISTED_D, now)))
    return sorted(
        (notice for notice in store.all_notices() if notice.ends_at > oldest), key=lambda notice: notice.starts_at
    )
