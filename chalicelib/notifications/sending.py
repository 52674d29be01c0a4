"""One thing told: once in the inbox, and at most once on each channel."""

from __future__ import annotations

import datetime as dt

from botocore.exceptions import ClientError

from chalicelib.customers import service as customers
from chalicelib.notifications import store
from chalicelib.notifications.providers import Channel, Outgoing, ProviderRefused, ProviderSilent, provider
from chalicelib.notifications.store import BANK, InboxItem
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, log, metrics
from chalicelib.platform.errors import Retryable

# What is told of by SMS however many there were: it is what a thief would have drowned in others.
UNCAPPED = frozenset({"security"})
_COUNT_KEPT = dt.timedelta(days=40)


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
            _send(profile, row, channel)
        except Retryable as error:
            failed = error
    if failed is not None:
        raise failed


def _send(profile: customers.Profile, row: InboxItem, channel: Channel) -> None:
    """Claim, send, note: a crash or silence in between loses one message rather than sending it twice."""
    customer_id, notification_id = profile.customer_id, row.notification_id
    if not store.claim(customer_id, notification_id, channel):
        return
    now = clock.now()
    try:
        if channel == "sms" and not _counted(customer_id, row.kind, now):
            log.logger.warning("no SMS: there were as many as there may be", extra={"kind": row.kind})
            store.settle(customer_id, notification_id, channel, store.CAPPED)
            return
    except (*aws.NO_ANSWER, ClientError):
        # Nothing was sent: what comes again may.
        store.settle(customer_id, notification_id, channel, None)
        raise
    message_id = f"{notification_id}#{channel}"
    try:
        provider().send(Outgoing(message_id, channel, profile.phone, profile.push_address, row.text))
    except Retryable:
        store.settle(customer_id, notification_id, channel, None)
        if channel == "sms":
            _uncount(customer_id, row.kind, now)
        raise
    except ProviderSilent:
        # It may be on its way; giving the claim back would send it again. The inbox has it in any case.
        log.logger.warning("provider did not answer; the message is not sent again", extra={"channel": channel})
        return
    except ProviderRefused:
        log.logger.warning("provider refused a message for good", extra={"channel": channel})
        store.settle(customer_id, notification_id, channel, store.REFUSED)
        return
    store.settle(customer_id, notification_id, channel, store.SENT)


def _counted(customer_id: str, kind: str, now: dt.datetime) -> bool:
    """Count an SMS before it is sent, for the customer and for the bank; False where either has had all of its day's.

    The inbox, and push, have what no SMS tells of.
    """
    day, expires_at = clock.business_date(now), int((now + _COUNT_KEPT).timestamp())
    if kind in UNCAPPED:
        return store.count_sms(BANK, day, None, expires_at)
    if not store.count_sms(customer_id, day, parameters.value(parameters.SMS_ALERTS_DAY, now), expires_at):
        return False
    if store.count_sms(BANK, day, parameters.value(parameters.SMS_BANK_DAY, now), expires_at):
        return True
    metrics.count(metrics.SMS_CAPPED)
    store.uncount_sms(customer_id, day)
    return False


def _uncount(customer_id: str, kind: str, now: dt.datetime) -> None:
    day = clock.business_date(now)
    store.uncount_sms(BANK, day)
    if kind not in UNCAPPED:
        store.uncount_sms(customer_id, day)


def count_code(now: dt.datetime) -> None:
    """Count an SMS with a code, which no cap holds back: who waits for it has bounds of their own. One that was sent is
    sent, counted or not.
    """
    try:
        store.count_sms(BANK, clock.business_date(now), None, int((now + _COUNT_KEPT).timestamp()))
    except (*aws.NO_ANSWER, ClientError):
        log.logger.warning("an SMS is not counted", exc_info=True)
