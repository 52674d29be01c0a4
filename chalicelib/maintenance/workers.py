"""The schedule by which customers hear of notices."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.platform import clock, log

blueprint = Blueprint(__name__)

ANNOUNCE_EVERY_MIN = 1


@blueprint.schedule(Rate(ANNOUNCE_EVERY_MIN, unit=Rate.MINUTES), name="announce_notices")
def announce_notices(event: CloudWatchEvent) -> dict[str, int]:
    """Have customers told of what was published, comes within a day, began, ended or was withdrawn."""
    # The API registers every worker and calls none: it starts without what only they need.
    from chalicelib.maintenance.commands import announce  # noqa: PLC0415

    correlation_id = str(event.to_dict()["id"])
    log.begin(correlation_id)
    asked = announce.announce(clock.now(), correlation_id)
    log.logger.info("notices announced", extra={"count": asked})
    return {"asked": asked}
