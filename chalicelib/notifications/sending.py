"""One thing told: once in the inbox, and at most once on each channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.customers import service as customers
from chalicelib.notifications import store
from chalicelib.notifications.channels import INSTEAD, USUAL, Channel, Outgoing, ProviderRefused, ProviderSilent
from chalicelib.notifications.providers import provider
from chalicelib.notifications.states import Head
from chalicelib.notifications.store import BANK, InboxItem
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, log, metrics
from chalicelib.platform.errors import Retryable

# What is told of by SMS however many there were: it is what a thief would have drowned in others.
UNCAPPED = frozenset({"security"})
# After so many times that a channel failed for now, another one takes its place. What is left of the queue's deliveries
# is for when that fails as well.
GIVEN_UP_AT = 3
_COUNT_KEPT = dt.timedelta(days=40)
# What a channel can be left at, and another one takes its place.
_PASSED_OVER = frozenset({store.REFUSED, store.CAPPED, store.FAILED})


def tell(row: InboxItem, *, amount_fen: int | None = None) -> None:
    """Put the row into the inbox and send its text on each channel that its owner chose, whatever was done before.

    `amount_fen` is what a movement moved. A channel that refuses it for good, or failed time after time, gives way to
    the next one of INSTEAD. One that fails for now keeps none of the others back; Retryable is raised once all were
    tried.
    """
    profile = customers.find_profile(row.customer_id)
    if profile is None:
        raise Retryable("the customer is not readable yet")
    now = clock.now()
    head, stored = store.put_once(row, lambda head: head.settings.channels_for(row.kind, now, amount_fen))
    letter = _Letter(row, profile.phone, _addresses(profile, head), stored)
    # A row of the release before there was a choice says nothing of channels.
    wanted: list[Channel] = stored.get("channels", list(USUAL))
    chosen = [channel for channel in wanted if channel in letter.addresses]
    others = [channel for channel in INSTEAD if channel in letter.addresses and channel not in wanted]
    if wanted and not chosen:
        chosen, others = others[:1], others[1:]
    failed: Retryable | None = None
    for channel in chosen:
        try:
            letter.send(channel, others)
        except Retryable as error:
            failed = error
    if failed is not None:
        raise failed


def _addresses(profile: customers.Profile, head: Head) -> dict[Channel, str]:
    # What was bound before the reserved phone changed was perhaps bound by who had it.
    bound = {channel: one.to for channel, one in head.addresses.items() if profile.takes_code(clock.from_text(one.at))}
    found: dict[Channel, str | None] = {"sms": profile.phone, "push": profile.push_address, **bound}
    return {channel: address for channel, address in found.items() if address}


class _Letter:
    """What is sent of a row, and what became of it on each channel so far."""

    def __init__(self, row: InboxItem, phone: str, addresses: Mapping[Channel, str], stored: Mapping[str, Any]) -> None:
        self.addresses = addresses
        self._row, self._phone, self._stored = row, phone, stored

    def send(self, channel: Channel, others: list[Channel]) -> bool:
        """Send on a channel, or where that will not do on the next of the others, which are used up; whether somebody
        may have been told. Raises Retryable where the channel failed for now, and no other one told instead.
        """
        if channel not in self._stored and self._has_replaced(channel, others):
            return True
        try:
            outcome = self._outcome(channel)
        except Retryable:
            failures = [*self._stored.get("failures", ()), channel].count(channel)
            if failures < GIVEN_UP_AT or not others or not self.send(others.pop(0), others):
                raise
            # It was told: when the message comes once more, it is not told again by the one that had failed.
            self._settle(channel, store.FAILED)
            return True
        if outcome not in _PASSED_OVER:
            return True
        return bool(others) and self.send(others.pop(0), others)

    def _has_replaced(self, channel: Channel, others: Sequence[Channel]) -> bool:
        """Whether another channel told in place of one that was given up, and a crash kept that from being noted."""
        failures = self._stored.get("failures", ())
        return failures.count(channel) >= GIVEN_UP_AT - 1 and any(
            self._stored.get(other) == store.SENT for other in others
        )

    def _outcome(self, channel: Channel) -> str:
        """What became of it there, now or before."""
        before = self._stored.get(channel)
        if before is not None:
            return str(before)
        if not store.claim(self._row.customer_id, self._row.notification_id, channel):
            # Another delivery of the same message is at it in this moment.
            return store.CLAIMED
        return self._send_claimed(channel)

    def _send_claimed(self, channel: Channel) -> str:
        """Send, and note it: a crash or silence in between loses one message rather than sending it twice."""
        customer_id, kind, now = self._row.customer_id, self._row.kind, clock.now()
        try:
            outgoing = self._outgoing(f"{self._row.notification_id}#{channel}", channel)
            if channel == "sms" and not _counted(customer_id, kind, now):
                log.logger.warning("no SMS: there were as many as there may be", extra={"kind": kind})
                return self._settle(channel, store.CAPPED)
        except (*aws.NO_ANSWER, ClientError):
            # Nothing was sent: what comes again may.
            self._give_back(channel)
            raise
        try:
            provider().send(outgoing)
        except Retryable:
            self._give_back(channel)
            if channel == "sms":
                _uncount(customer_id, kind, now)
            raise
        except ProviderSilent:
            # It may be on its way; giving the claim back would send it again. The inbox has it in any case.
            log.logger.warning("provider did not answer; the message is not sent again", extra={"channel": channel})
            return store.CLAIMED
        except ProviderRefused:
            log.logger.warning("provider refused a message for good", extra={"channel": channel})
            return self._settle(channel, store.REFUSED)
        return self._settle(channel, store.SENT)

    def _outgoing(self, message_id: str, channel: Channel) -> Outgoing:
        at = clock.to_local_text(clock.from_text(self._row.created_at))
        title = title_of(channel, self._row.kind)
        return Outgoing(message_id, channel, self._phone, self.addresses[channel], self._row.text, title, at)

    def _settle(self, channel: Channel, outcome: str) -> str:
        store.settle(self._row.customer_id, self._row.notification_id, channel, outcome)
        return outcome

    def _give_back(self, channel: Channel) -> None:
        store.settle(self._row.customer_id, self._row.notification_id, channel, None)


def title_of(channel: Channel, kind: str) -> str:
    """What stands above a text of that kind, or in place of it; empty where the channel shows the text alone."""
    if channel not in ("email", "wechat"):
        return ""
    row = parameters.SUBJECT_TEXT if channel == "email" else parameters.TITLE_TEXTS[kind]
    return parameters.value(row, clock.now())["zh"]


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
