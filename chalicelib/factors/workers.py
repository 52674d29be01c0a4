"""The schedule that reminds of tokens and certificates that end."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Cron

from chalicelib.factors.commands import remind
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, log

blueprint = Blueprint(__name__)


# Every hour, on the hour; the parameter says at which of them customers are told.
@blueprint.schedule(Cron(0, "*", "*", "*", "?", "*"), name="remind_of_factors")
def remind_of_factors(event: CloudWatchEvent) -> dict[str, int]:
    """Ask that owners be told of what is due, inside the hours for it; two runs at a time, or a late one, tell nobody
    twice.
    """
    correlation_id, now = str(event.to_dict()["id"]), clock.now()
    log.begin(correlation_id)
    is_time = parameters.is_within(parameters.value(parameters.REMINDER_HOURS, now), now)
    asked = remind.remind(now, correlation_id) if is_time else 0
    log.logger.info("reminders asked for", extra={"count": asked})
    return {"asked": asked}
