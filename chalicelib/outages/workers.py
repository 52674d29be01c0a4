"""The schedule that looks whether the bank is well, and that no deadline towards the regulator passes unseen."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.outages.commands import watch
from chalicelib.platform import clock, log

blueprint = Blueprint(__name__)


@blueprint.schedule(Rate(watch.EVERY_MIN, unit=Rate.MINUTES), name="watch_service")
def watch_service(event: CloudWatchEvent) -> dict[str, int]:
    """Look once, and warn. Two runs at once note one look, and tell each warning once."""
    log.begin(str(event.to_dict()["id"]))
    done = watch.watch_all(clock.now())
    log.logger.info("service watched", extra=done)
    return done
