"""Change by which channels a customer is told of what (YQ-4.2.2-alert)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.notifications import store
from chalicelib.notifications.channels import BOUND, Settings
from chalicelib.notifications.errors import ChannelNotBound
from chalicelib.notifications.states import Head
from chalicelib.platform.http import Caller


def change_settings(caller: Caller, settings: Settings, now: dt.datetime) -> Head:
    """Set them; the inbox's head then. Where nothing changes nothing is written.

    The log has it, and its owner is told as of every change that a thief would make. Raises ChannelNotBound; TryAgain,
    OutcomeUnknown (send the same again).
    """

    def changed(head: Head) -> Head:
        for channel in BOUND:
            if channel not in head.addresses and any(channel in chosen for chosen in settings.channels.values()):
                raise ChannelNotBound(channel=channel)
        return head.with_settings(settings)

    event = audit.event(
        caller.customer_id,
        audit.NOTIFICATIONS_CHANGED,
        now,
        session_id=caller.session_id,
        device_id=caller.device_id,
        changed="settings",
    )
    return store.move_head(caller.customer_id, changed, event)
