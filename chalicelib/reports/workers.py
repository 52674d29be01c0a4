"""The schedule that looks whether all that should follow on a transaction has followed, and how a day went."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.platform import clock, log
from chalicelib.reports.commands import find_stuck, watch_outcome

blueprint = Blueprint(__name__)

SETTLE_EVERY_MIN = 5


@blueprint.schedule(Rate(SETTLE_EVERY_MIN, unit=Rate.MINUTES), name="settle_transactions")
def settle_transactions(event: CloudWatchEvent) -> dict[str, int]:
    """Close the transactions that lack nothing; what is stuck rings, and so does a day before on which too
    many payments failed. Two runs at once close each once.
    """
    log.begin(str(event.to_dict()["id"]))
    now = clock.now()
    closed, stuck = find_stuck.settle_open(now)
    watch_outcome.watch_outcome(now)
    log.logger.info("transactions settled", extra={"closed": closed, "stuck": stuck})
    return {"closed": closed, "stuck": stuck}
