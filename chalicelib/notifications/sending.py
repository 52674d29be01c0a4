"""One thing told: once in the inbox, and at most once on each channel."""

from __future__ import annotations

from chalicelib.customers import service as customers
from chalicelib.notifications import store
from chalicelib.notifications.providers import Channel, Outgoing, ProviderRefused, ProviderSilent, provider
from chalicelib.notifications.store import InboxItem
from chalicelib.platform import log
from chalicelib.platform.errors import Retryable


def tell(row: InboxItem) -> None:
    """Put the row into the inbox and send its text on each channel, whatever of it was done before.

    A channel that fails for now keeps none of the others back; Retryable is raised once all were tried.
    """
    store.put_once(row)
    profile = customers.profile_of(row.customer_id)
    failed: Retryable | None = None
    channels: tuple[Channel, ...] = ("sms", "push") if profile.push_address else ("sms",)
    for channel in channels:
        try:
            _send(profile, row.notification_id, channel, row.text)
        except Retryable as error:
            failed = error
    if failed is not None:
        raise failed


def _send(profile: customers.Profile, notification_id: str, channel: Channel, text: str) -> None:
    """Claim, send, note: a crash or silence in between loses one message rather than sending it twice."""
    if not store.claim(profile.customer_id, notification_id, channel):
        return
    message_id = f"{notification_id}#{channel}"
    try:
        provider().send(Outgoing(message_id, channel, profile.phone, profile.push_address, text))
    except Retryable:
        store.settle(profile.customer_id, notification_id, channel, None)
        raise
    except ProviderSilent:
        # It may be on its way; giving the claim back would send it again. The inbox has it in any case.
        log.logger.warning("provider did not answer; the message is not sent again", extra={"channel": channel})
        return
    except ProviderRefused:
        log.logger.warning("provider refused a message for good", extra={"channel": channel})
        store.settle(profile.customer_id, notification_id, channel, store.REFUSED)
        return
    store.settle(profile.customer_id, notification_id, channel, store.SENT)
