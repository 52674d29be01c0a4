"""The schedule that reminds of tokens and certificates that end."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Cron

from chalicelib.factors.commands import remind
from chalicelib.platform import clock, log

blueprint = Blueprint(__name__)


# On the hour from 09:00 to 20:00 in Shanghai: factors end at midnight, when nobody wants an SMS.
@blueprint.schedule(Cron(0, "1-12", "*", "*", "?", "*"), name="remind_of_factors")
def remind_of_factors(event: CloudWatchEvent) -> dict[str, int]:
    """Ask that owners be told of what is due; two runs at a time, or a late one, tell nobody twice."""
    correlation_id = str(event.to_dict()["id"])
    log.begin(correlation_id)
    asked = remind.remind(clock.now(), correlation_id)
    log.logger.info("reminders asked for", extra={"count": asked})
    return {"asked": asked}
