"""Tell customers: each thing once in the inbox, and at most once on each channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from chalicelib.accounts import service as accounts
from chalicelib.customers import service as customers
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.notifications import domain, store
from chalicelib.notifications.providers import Channel, Outgoing, ProviderRefused, ProviderSilent, provider
from chalicelib.notifications.store import InboxItem
from chalicelib.platform import clock, ids, log
from chalicelib.platform.errors import Retryable

__all__ = ["InboxItem", "inbox_page", "send_code", "tell_movement"]

_AWAITING = "awaiting"


def send_code(entry_id: str, attempt: int, now: dt.datetime) -> bool:
    """Send the code of an instruction that still waits for it; False when it no longer does.

    The code is computed here and goes into the message only. A repeat sends the same code again, which the
    provider recognises by its id.
    """
    image = ledger.read_entry(entry_id)
    if image is None:
        raise Retryable("the instruction is not readable yet")
    valid_until = clock.from_text(image["valid_until"])
    if image["state"] != _AWAITING or image["attempt"] != attempt or valid_until <= now:
        return False
    profile = customers.profile_of(image["customer_id"])
    valid_for = valid_until - clock.from_text(image["created_at"])
    text = domain.code_text(
        code=identity.confirmation_code(image["digest"], attempt),
        payer_account=image["payer_account"],
        payee_account=image["payee_account"],
        payee_name=image["payee_name"],
        amount_fen=image["amount_fen"],
        valid_s=int(valid_for.total_seconds()),
    )
    message_id = f"{image['created_at']}#{entry_id}#code#{attempt}"
    try:
        provider().send(Outgoing(message_id, "sms", profile.phone, None, text))
    except ProviderRefused:
        # No other way to this customer exists: trying again is no use, the instruction will expire.
        log.logger.warning("provider refused a code for good")
        return False
    except ProviderSilent as error:
        # The same code twice does no harm, no code does.
        raise Retryable("the provider did not answer") from error
    return True


def tell_movement(entry_id: str, posting: int, business_date: str, seq: int) -> None:
    """Put a balance-change alert into the owner's inbox and send it, once however often it is told.

    The line is named by its posting in the entry. Raises Retryable while the line is not written, or a
    provider fails for now.
    """
    entry = ledger.read_entry(entry_id)
    if entry is None:
        raise Retryable("the entry is not readable yet")
    account_id = entry["postings"][posting]["a"]
    line = accounts.line_at(account_id, business_date, seq)
    account = ledger.read_accounts([account_id]).get(account_id)
    if line is None or account is None:
        raise Retryable("the line is not readable yet")
    movement = line.movement
    text = domain.movement_text(
        account_id=account_id,
        amount_fen=movement.amount_fen,
        balance_fen=movement.balance_fen,
        kind=movement.kind,
        posted_at=clock.from_text(movement.posted_at),
        payee=line.counterparty_name or "",
    )
    notification_id = f"{movement.posted_at}#{ids.derived_id('movement', entry_id, str(posting))}"
    store.put_once(
        InboxItem(
            account.customer_id,
            notification_id,
            kind="movement",
            text=text,
            created_at=movement.posted_at,
            account_id=account_id,
            entry_id=movement.entry_id,
        )
    )
    profile = customers.profile_of(account.customer_id)
    _send(profile, notification_id, "sms", text)
    if profile.push_address:
        _send(profile, notification_id, "push", text)


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


def inbox_page(
    customer_id: str, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[InboxItem], Mapping[str, Any] | None]:
    """One page of a customer's notifications, newest first."""
    return store.page(customer_id, limit, after)
