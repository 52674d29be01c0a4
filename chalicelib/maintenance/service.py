"""List maintenance notices, and the way out meanwhile (NB-5.1.8-5, NB-5.1.8-6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.maintenance import store
from chalicelib.maintenance.domain import PLANNED, URGENT, Notice, Wish, Words
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock

__all__ = ["PLANNED", "URGENT", "Notice", "WayOut", "Wish", "Words", "listed", "way_out"]

# A notice stays listed so long after its window, so that customers can read what happened.
LISTED_AFTER_END = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where the bank serves its customers while online service is suspended; hours are Shanghai's."""

    zh: str
    en: str
    working_hours: str


def way_out(now: dt.datetime) -> WayOut:
    """What customers are told to do meanwhile (NB-5.1.8-6)."""
    text = parameters.value(parameters.WAY_OUT, now)
    return WayOut(text["zh"], text["en"], parameters.value(parameters.WORKING_HOURS, now))


def listed(now: dt.datetime) -> list[Notice]:
    """Notices to show: coming, running, withdrawn, and over for less than 30 days; the next first."""
    oldest = clock.to_text(now - LISTED_AFTER_END)
    return sorted(
        (notice for notice in store.all_notices() if notice.ends_at > oldest), key=lambda notice: notice.starts_at
    )
