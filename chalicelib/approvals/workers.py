"""The schedule that ends requests whose time is over."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.approvals.commands import expire_requests
from chalicelib.platform import clock, log

blueprint = Blueprint(__name__)

EXPIRE_EVERY_MIN = 15


@blueprint.schedule(Rate(EXPIRE_EVERY_MIN, unit=Rate.MINUTES), name="expire_approvals")
def expire_approvals(event: CloudWatchEvent) -> dict[str, int]:
    """End the requests that nobody decided on in time; one that is over is refused before that, too."""
    run_id = str(event.to_dict()["id"])
    log.begin(run_id)
    ended = expire_requests.expire_requests(clock.now(), run_id)
    log.logger.info("requests expired", extra={"count": ended})
    return {"expired": ended}
