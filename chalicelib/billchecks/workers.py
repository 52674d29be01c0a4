"""The schedule that follows up what customers have not answered."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Cron

from chalicelib.billchecks.commands.follow_up import follow_up
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, log

blueprint = Blueprint(__name__)


# Every hour, at half past; the parameter says at which of them customers are told.
@blueprint.schedule(Cron(30, "*", "*", "*", "?", "*"), name="follow_up_bills")
def follow_up_bills(event: CloudWatchEvent) -> dict[str, int]:
    """Remind, note what stays unanswered, and have resolved disputes told, inside the hours for it; two runs at a time,
    or a late one, do nothing twice.
    """
    correlation_id, now = str(event.to_dict()["id"]), clock.now()
    log.begin(correlation_id)
    is_time = parameters.is_within(parameters.value(parameters.REMINDER_HOURS, now), now)
    done = follow_up(now, correlation_id) if is_time else {}
    log.logger.info("bills followed up", extra=done)
    return done
