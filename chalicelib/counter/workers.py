"""The schedule that ends orders of courts whose last date is over."""

from __future__ import annotations

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.counter.commands import expire_court_orders as command
from chalicelib.platform import clock, log

blueprint = Blueprint(__name__)

EXPIRE_EVERY_H = 1


@blueprint.schedule(Rate(EXPIRE_EVERY_H, unit=Rate.HOURS), name="expire_court_orders")
def expire_court_orders(event: CloudWatchEvent) -> dict[str, int]:
    """End the orders whose last date is over; an order outlives it by an hour at most."""
    log.begin(str(event.to_dict()["id"]))
    ended = command.expire_court_orders(clock.now())
    log.logger.info("court orders ended", extra={"count": ended})
    return {"ended": ended}
