"""By which channel a payment goes, by the bank's table of the moment."""

from __future__ import annotations

import datetime as dt

from chalicelib.parameters import service as parameters
from chalicelib.routing import domain
from chalicelib.routing.domain import Route, is_working_day

__all__ = ["Route", "is_working_day", "route"]


def route(amount_fen: int, when: dt.datetime, speed: str) -> Route:
    """The channel by which `amount_fen` goes to another bank at `when`; `speed` is realtime, normal or next_day.

    Raises AmountUnroutable, NoChannelOpen, CalendarUnknown.
    """
    table = parameters.channels_of(parameters.value(parameters.ROUTING_CHANNELS, when))
    return domain.choose(table, amount_fen, when, speed)
