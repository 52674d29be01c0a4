"""The dates that are closed: for who reads them and closes none."""

from __future__ import annotations

from chalicelib.closing.store import BusinessDayItem, closed_between
from chalicelib.closing.store import first_from as first_closed_from
from chalicelib.closing.store import get as closed_day

__all__ = ["BusinessDayItem", "closed_between", "closed_day", "first_closed_from"]
