"""Change by which channels a customer is told of what (YQ-4.2.2-alert)."""

from __future__ import annotations

import datetime as dt
import json

from chalicelib.audit import service as audit
from chalicelib.notifications import store
from chalicelib.notifications.channels import BOUND, Settings
from chalicelib.notifications.errors import ChannelNotBound
from chalicelib.notifications.states import Head
from chalicelib.platform.callers import Caller
from chalicelib.stepup import service as stepup


def change_settings(
    caller: Caller, settings: Settings, *, given: str | None, correlation_id: str, now: dt.datetime
) -> Head:
    """Set them; the inbox's head then. Where nothing changes nothing is written.

    To be told of less takes a step-up: a thief would begin with it. The log has every change, and its owner is told.
    Raises ChannelNotBound, StepUpRequired and its kin; TryAgain, OutcomeUnknown (send the same again).
    """
    head = store.head_of(caller.customer_id)
    for channel in BOUND:
        if channel not in head.addresses and any(channel in chosen for chosen in settings.channels.values()):
            raise ChannelNotBound(channel=channel)
    if settings.tells_less_than(head.settings):
        facts = {"settings": json.dumps(settings.to_image(), sort_keys=True, separators=(",", ":"))}
        stepup.require(stepup.Demand(caller, stepup.TELL_LESS, facts, given, correlation_id), now)
    event = audit.event(
        caller.customer_id,
        audit.NOTIFICATIONS_CHANGED,
        now,
        session_id=caller.session_id,
        device_id=caller.device_id,
        changed="settings",
    )
    return store.move_head(caller.customer_id, lambda head: head.with_settings(settings), event)
