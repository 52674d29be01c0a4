"""Every night the day before is closed."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Cron

from chalicelib.closing import service
from chalicelib.platform import clock, log
from chalicelib.platform.errors import Refusal

blueprint = Blueprint(__name__)


# 16:30 UTC is 00:30 in Shanghai: the workers have had half an hour to pass midnight.
@blueprint.schedule(Cron(30, 16, "*", "*", "?", "*"), name="close_business_days")
def close_business_days(event: CloudWatchEvent) -> dict[str, list[str]]:
    """Close yesterday, and what is open before it; a refusal is logged and raised, so that the alarm sounds.

    The date comes from the event's own time: a late or repeated event closes the day it was for, or finds
    it closed.
    """
    raw = event.to_dict()
    log.begin(str(raw["id"]))
    try:
        closed = service.close_open_days(clock.from_text(raw["time"]), clock.now())
    except Refusal as refusal:
        # An answer, not a fault: its trace would tell nothing.
        log.logger.error(
            "a business date cannot be closed", extra={"code": refusal.code, **refusal.facts}
        )  # a refusal is an answer, its trace tells nothing
        raise
    log.logger.info("business dates closed", extra={"dates": closed})
    return {"closed": closed}
