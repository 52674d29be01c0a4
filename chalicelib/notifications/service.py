"""Tell customers: each thing once in the inbox, and at most once on each channel."""

from __future__ import annotations

import datetime as dt

from chalicelib.accounts import service as accounts
from chalicelib.audit import service as audit
from chalicelib.clearing import service as clearing
from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.factors.commands import download_codes, remind
from chalicelib.ledger import service as ledger
from chalicelib.notifications import domain, store
from chalicelib.notifications.channels import Channel, Outgoing, ProviderRefused, ProviderSilent
from chalicelib.notifications.providers import provider
from chalicelib.notifications.sending import count_code, tell, title_of
from chalicelib.notifications.states import Head
from chalicelib.notifications.store import InboxItem
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, log
from chalicelib.platform.errors import Retryable
from chalicelib.recalls import service as recalls
from chalicelib.stepup import service as stepup

__all__ = [
    "Head",
    "InboxItem",
    "head_of",
    "inbox_page",
    "send_code",
    "send_download_code",
    "send_password_code",
    "send_step_up_code",
    "tell_batch",
    "tell_day_sum",
    "tell_factor_due",
    "tell_movement",
    "tell_order",
    "tell_phone_changed",
    "tell_recall",
    "tell_returned",
    "tell_security_event",
]
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
    if not profile.takes_code(clock.from_text(image["created_at"])):
        return False
    valid_for = valid_until - clock.from_text(image["created_at"])
    zh, _ = domain.code_texts(
        parameters.value(parameters.CODE_TEXTS["transfer"], now),
        code=factors.confirmation_code(image["digest"], attempt),
        payer_account=image["payer_account"],
        payee_account=image["payee_account"],
        payee_name=image["payee_name"],
        payee_bank=clearing.name_of(image["payee_bank"]) if "payee_bank" in image else "",
        amount_fen=image["amount_fen"],
        valid_s=int(valid_for.total_seconds()),
        contact=_contact(now),
    )
    return _send_once_asked(f"{image['created_at']}#{entry_id}#code#{attempt}", profile.phone, zh)


def send_step_up_code(challenge_id: str, attempt: int, now: dt.datetime) -> bool:
    """The same for a sensitive operation that waits for its step-up."""
    challenge = stepup.read_challenge(challenge_id)
    if challenge is None:
        raise Retryable("the challenge is not readable yet")
    valid_until, kind = clock.from_text(challenge.valid_until), challenge.kind
    if challenge.state != _AWAITING or challenge.attempt != attempt or valid_until <= now or not challenge.is_true():
        return False
    zh, _ = domain.step_up_texts(
        parameters.value(parameters.CODE_TEXTS["step_up"], now),
        code=factors.confirmation_code(challenge.digest, attempt),
        what=(kind.zh(challenge.facts), kind.en(challenge.facts)),
        valid_s=int((valid_until - clock.from_text(challenge.created_at)).total_seconds()),
        contact=_contact(now),
    )
    profile = customers.profile_of(challenge.customer_id)
    if not profile.takes_code(clock.from_text(challenge.created_at)):
        return False
    message_id = f"{challenge.created_at}#{challenge_id}#code#{attempt}"
    if kind.email_fact:
        return _send_once_asked(message_id, profile.phone, zh, email=challenge.facts[kind.email_fact])
    phone = challenge.facts[kind.phone_fact] if kind.phone_fact else profile.phone
    return _send_once_asked(message_id, phone, zh)


def tell_phone_changed(challenge_id: str) -> None:
    """Tell the old number that it no longer is the reserved phone (NB-5.3.7-2): if a thief did it, its owner learns."""
    challenge = stepup.read_challenge(challenge_id)
    if challenge is None:
        raise Retryable("the challenge is not readable yet")
    now = clock.now()
    texts = parameters.value(parameters.PHONE_CHANGED_TEXT, now)
    zh, _ = domain.phone_changed_texts(texts, new_phone=challenge.facts["phone"], contact=_contact(now))
    _send_once_asked(f"{challenge.created_at}#{challenge_id}#changed", challenge.facts["old_phone"], zh)


def send_password_code(application_id: str, attempt: int, now: dt.datetime) -> bool:
    """The same for somebody who applies for the query password; nothing where what was stated is not true."""
    from chalicelib.identity.commands import apply_for_password  # noqa: PLC0415  # few codes are for a password

    asked = apply_for_password.code_for(application_id, attempt, now)
    if asked is None:
        return False
    phone, account_id, code, valid_s = asked
    texts = parameters.value(parameters.CODE_TEXTS["password"], now)
    zh, _ = domain.password_texts(texts, code=code, account_id=account_id, valid_s=valid_s, contact=_contact(now))
    return _send_once_asked(f"{clock.to_text(now)[:10]}#{application_id}#code#{attempt}", phone, zh)


def send_download_code(customer_id: str, factor_id: str, attempt: int, now: dt.datetime) -> bool:
    """Send the code that downloads a certificate (NB-5.3.3-dl); False when it is no longer of use."""
    found = download_codes.download_of(customer_id, factor_id, attempt, now)
    if found is None:
        return False
    method, code, until = found
    message_id = f"{until}#{factor_id}#download#{attempt}"
    phone = customers.profile_of(customer_id).phone
    texts = parameters.value(parameters.CODE_TEXTS["download"], now)
    zh, _ = domain.download_texts(texts, method=method, code=code, contact=_contact(now))
    return _send_once_asked(message_id, phone, zh)


def _contact(now: dt.datetime) -> domain.Both:
    """How a customer reaches the bank, in Chinese and English."""
    contact = parameters.value(parameters.CONTACT, now)
    return contact["zh"], contact["en"]


def _send_once_asked(message_id: str, phone: str, text: str, *, email: str | None = None) -> bool:
    """Send a code by SMS, or to the address that it proves; raises Retryable when the provider does not answer."""
    channel: Channel = "email" if email else "sms"
    try:
        provider().send(Outgoing(message_id, channel, phone, email or phone, text, title_of(channel, "code")))
    except ProviderRefused:
        # No other way to this customer exists: trying again is no use, what waits for the code will expire.
        log.logger.warning("provider refused a code or an announcement for good")
        return False
    except ProviderSilent as error:
        # The same code twice does no harm, no code does.
        raise Retryable("the provider did not answer") from error
    if not email:
        count_code(clock.now())
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
    payee = line.counterparty_name or ""
    zh, en = domain.movement_texts(
        parameters.value(parameters.MOVEMENT_TEXTS[domain.movement_occasion(payee)], clock.now()),
        account_id=account_id,
        amount_fen=movement.amount_fen,
        balance_fen=movement.balance_fen,
        verb=accounts.words_of(movement.kind, movement.amount_fen),
        posted_at=clock.from_text(movement.posted_at),
        payee=payee,
    )
    notification_id = store.movement_id(movement.posted_at, entry_id, posting)
    tell(
        InboxItem(
            account.customer_id,
            notification_id,
            kind="movement",
            text=zh,
            text_en=en,
            created_at=movement.posted_at,
            account_id=account_id,
            entry_id=movement.entry_id,
        ),
        amount_fen=movement.amount_fen,
    )


def tell_security_event(customer_id: str, event_key: str) -> None:
    """Tell the owner of a log what happened in it, by inbox, SMS and push, once however often it is told.

    Raises Retryable while the row is not readable, or a provider fails for now.
    """
    event = audit.event_at(customer_id, event_key)
    if event is None:
        raise Retryable("the event is not readable yet")
    now = clock.now()
    zh, en = domain.security_texts(
        parameters.value(parameters.SECURITY_TEXT, now),
        what=(event.kind.zh, event.kind.en),
        at=clock.from_text(event.at),
        contact=_contact(now),
    )
    notification_id = f"{event.at}#{ids.derived_id('security', customer_id, event_key)}"
    tell(InboxItem(customer_id, notification_id, kind="security", text=zh, text_en=en, created_at=event.at))


def tell_factor_due(customer_id: str, factor_id: str, stage: str, now: dt.datetime) -> bool:
    """Remind the owner that a token or certificate is to be renewed, or has ended (NB-5.3.4); False when that is no
    longer so.

    Told once however often. Raises Retryable while a provider fails for now; TryAgain, OutcomeUnknown.
    """
    due = remind.due(customer_id, factor_id, stage, now)
    if due is None:
        return False
    row = parameters.FACTOR_TEXTS[domain.factor_occasion(due.method, has_ended=due.has_ended)]
    zh, en = domain.factor_due_texts(
        parameters.value(row, now), method=due.method, tail=due.tail, valid_until=due.valid_until
    )
    notification_id = f"{due.at}#{ids.derived_id('factor-due', customer_id, factor_id, stage)}"
    tell(InboxItem(customer_id, notification_id, kind="factor", text=zh, text_en=en, created_at=due.at))
    return True


def tell_recall(recall_id: str, state: str) -> bool:
    """Tell the side that did not act of a recall's new state; False when that is no longer its state, as then the
    later one is told.

    Told once however often. Raises Retryable while the recall is not readable, or a provider fails for now.
    """
    recall = recalls.read(recall_id)
    if recall is None:
        raise Retryable("the recall is not readable yet")
    if recall.state != state:
        return False
    is_to_payee = state in (recalls.ASKED, recalls.WITHDRAWN)
    account_id = recall.payee_account if is_to_payee else recall.payer_account
    zh, en = domain.recall_texts(
        parameters.value(parameters.RECALL_TEXTS[state], clock.now()),
        account_id=account_id,
        counterparty=recall.payer_name if is_to_payee else recall.payee_name,
        amount_fen=recall.amount_fen,
        transferred_at=clock.from_text(recall.transferred_at),
        expires_at=clock.from_text(recall.expires_at),
    )
    row = InboxItem(
        recall.payee_customer if is_to_payee else recall.payer_customer,
        f"{recall.changed_at}#{ids.derived_id('recall', recall_id, state)}",
        kind="recall",
        text=zh,
        text_en=en,
        created_at=recall.changed_at,
        account_id=account_id,
    )
    tell(row)
    return True


def tell_day_sum(customer_id: str, business_date: str, now: dt.datetime) -> None:
    """Remind a payer that what they have paid to others on a day is more than the bank's mark (PBoC notice 261).

    Told once a day however often, so its place in the inbox is the beginning of that day. Raises Retryable while a
    provider fails for now.
    """
    mark_fen = parameters.value(parameters.TRANSFER_REMINDER_DAY_FEN, now)
    texts = parameters.value(parameters.DAY_SUM_TEXT, now)
    zh, en = domain.day_sum_texts(texts, business_date=business_date, mark_fen=mark_fen, contact=_contact(now))
    begins = clock.to_text(clock.start_of_day(business_date))
    notification_id = f"{begins}#{ids.derived_id('day-sum', customer_id, business_date)}"
    tell(InboxItem(customer_id, notification_id, kind="reminder", text=zh, text_en=en, created_at=clock.to_text(now)))


def tell_returned(entry_id: str) -> None:
    """Tell the payer that a transfer which was to arrive later was not executed, and why.

    Told once however often. Raises Retryable while the entry is not readable, or a provider fails for now.
    """
    image = ledger.read_entry(entry_id)
    if image is None or "reason_zh" not in image:
        raise Retryable("the entry is not readable yet")
    zh, en = domain.returned_texts(
        parameters.value(parameters.RETURNED_TEXT, clock.now()),
        payer_account=image["payer_account"],
        payee_account=image["payee_account"],
        payee_name=image["payee_name"],
        amount_fen=image["amount_fen"],
        confirmed_at=clock.from_text(image["confirmed_at"]),
        reason=(image["reason_zh"], image["reason_en"]),
    )
    tell(
        InboxItem(
            image["customer_id"],
            f"{image['ended_at']}#{ids.derived_id('returned', entry_id)}",
            kind="transfer",
            text=zh,
            text_en=en,
            created_at=image["ended_at"],
            account_id=image["payer_account"],
        )
    )


def tell_order(order_id: str, revision: int) -> None:
    """Tell the owner of a standing order that a date was not paid, or is tried again that day, once however often it is
    told (YQ-4.2.2-sched).

    Raises Retryable while the row is not readable, or a provider fails for now.
    """
    from chalicelib.orders import service as orders  # noqa: PLC0415  # few alerts are of orders

    told = orders.told(order_id, revision)
    if told is None:
        raise Retryable("the order's history is not readable yet")
    order, event = told
    zh, en = domain.order_texts(
        parameters.value(parameters.ORDER_TEXTS[event.kind], clock.now()),
        payee_name=order.terms.payee_name,
        payee_account=order.terms.payee_account,
        payer_account=order.terms.payer_account,
        amount_fen=event.amount_fen,
        due_date=event.due_date,
        next_due=event.next_due,
        reason=(event.zh, event.en),
    )
    notification_id = f"{event.at}#{ids.derived_id('order', order_id, str(revision))}"
    tell(
        InboxItem(
            order.customer_id,
            notification_id,
            kind="order",
            text=zh,
            text_en=en,
            created_at=event.at,
            account_id=order.terms.payer_account,
        )
    )


def tell_batch(batch_id: str) -> None:
    """Tell the payer of a batch, once however often it is told, that some of it was not paid; raises as tell_order."""
    from chalicelib.batches import service as batches  # noqa: PLC0415  # few alerts are of batches

    told = batches.told(batch_id)
    if told is None:
        raise Retryable("the batch's end is not readable yet")
    batch, lines = told
    first = next(line for line in lines if line.code)
    paid_fen = sum(line.amount_fen for line in lines if not line.code)
    zh, en = domain.batch_texts(
        parameters.value(parameters.BATCH_TEXT, clock.now()),
        payer_account=batch.payer_account,
        created_at=clock.from_text(batch.created_at),
        paid=(batch.paid, paid_fen),
        refused=(batch.refused, batch.total_fen - paid_fen),
        first=(first.number, first.zh, first.en),
    )
    tell(
        InboxItem(
            batch.customer_id,
            f"{batch.ended_at}#{ids.derived_id('batch', batch_id)}",
            kind="batch",
            text=zh,
            text_en=en,
            created_at=batch.ended_at,
            account_id=batch.payer_account,
        )
    )


inbox_page = store.page
head_of = store.head_of
