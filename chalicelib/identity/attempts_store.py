"""LoginTriesTable and CaptchasTable: wrong tries by who was tried, and captchas given out; rows die of age.

A row of wrong tries belongs to a customer, or to a name that nobody has: both are counted, locked and let go by the
very same calls, so that no answer and no time tells them apart.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.audit import service as audit
from chalicelib.platform import ids, settings, transactions
from chalicelib.platform.dynamo import Item, ItemPut, ItemUpdate, Rule, is_refused, n, s, to_raw
from chalicelib.platform.errors import NotFound

# A day after the last try nobody is guessing any more; unknown names cost no more room than that.
TRIES_KEPT_S = 86_400
_NOBODYS_LOG_KEPT_S = 3600


class LoginTriesItem(Item):
    class Meta:
        logical_name = "login_tries"

    subject = UnicodeAttribute(hash_key=True)
    tries = NumberAttribute(null=True)
    locked_until = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class CaptchaItem(Item):
    class Meta:
        logical_name = "captchas"

    captcha_id = UnicodeAttribute(hash_key=True)
    name_hash = BinaryAttribute(legacy_encoding=False)
    expires_at = NumberAttribute()
    used = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is tried: a customer, or a name that is nobody's (`customer_id` is None)."""

    key: str
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A try that was taken: the how many-th it is, and the lock's end in epoch seconds (0: not locked)."""

    tries: int
    locked_until: int


def claim(subject: Subject, free_tries: int | None, now_epoch_s: int) -> Claim | None:
    """Take one try *before* the password is looked at, so that parallel guesses cannot pass.

    None, and nothing taken, when `free_tries` (those without a captcha) are used up; None there asks for no captcha.
    """
    item = LoginTriesItem(subject.key)
    condition = None
    if free_tries is not None:
        over = (LoginTriesItem.locked_until > 0) & (LoginTriesItem.locked_until <= now_epoch_s)
        condition = LoginTriesItem.tries.does_not_exist() | (LoginTriesItem.tries < free_tries) | over
    try:
        item.update(
            actions=[LoginTriesItem.tries.add(1), LoginTriesItem.expires_at.set(now_epoch_s + TRIES_KEPT_S)],
            condition=condition,
        )
    except UpdateError as error:
        if not is_refused(error):
            raise
        return None
    return Claim(int(item.tries), int(item.locked_until or 0))


def locked_rule(locked_until: int) -> Rule:
    """The lock is still the one that was seen; a breach is nobody's fault: who comes too late leaves it."""
    return Rule(
        "#locked_until = :seen_lock",
        {":seen_lock": n(locked_until)},
        lambda image: bool(image.get("locked_until") == locked_until),
        None,
    )


def unlocked_rule() -> Rule:
    """There is no lock yet: of many that reach the last try at once, one locks."""
    return Rule(
        "attribute_not_exists(#locked_until)",
        {},
        lambda image: "locked_until" not in image,
        None,
    )


def lock(subject: Subject, until_epoch_s: int, now: dt.datetime) -> bool:
    """Lock and note it in the owner's log in one write; False when somebody else did (XJ-4.2-pw)."""
    update = _update(subject).require(unlocked_rule()).set("#locked_until = :until", until=n(until_epoch_s))
    return transactions.commit([update, _noted(subject, audit.LOCKED, now)])


def start_anew(subject: Subject, locked_until: int, first_tries: int, now: dt.datetime, *, by: str) -> bool:
    """End a lock, by time or by staff: counting starts at `first_tries`. False when it is not that lock any more."""
    update = _update(subject).require(locked_rule(locked_until)).remove("locked_until")
    update.set("#tries = :tries", tries=n(first_tries))
    return transactions.commit([update, _noted(subject, audit.UNLOCKED, now, by=by)])


def read(subject: Subject) -> Claim:
    """How the counting stands."""
    for item in LoginTriesItem.query(subject.key, limit=1, consistent_read=True):
        return Claim(int(item.tries or 0), int(item.locked_until or 0))
    return Claim(0, 0)


def forget(subject: Subject) -> None:
    """After the right password: wrong tries are forgotten."""
    LoginTriesItem(subject.key).delete()


def _update(subject: Subject) -> ItemUpdate:
    return ItemUpdate(settings.table("login_tries"), {"subject": s(subject.key)}, missing=NotFound)


def _noted(subject: Subject, kind: audit.Kind, now: dt.datetime, **facts: str) -> ItemPut:
    """The row in the customer's log; for nobody's name a row of as little use, so that both are one kind of write."""
    if subject.customer_id is not None:
        return audit.event(subject.customer_id, kind, now, **facts)
    dies_at = int(now.timestamp()) + _NOBODYS_LOG_KEPT_S
    row = {"subject": f"{subject.key}#{ids.random_id()}", "expires_at": dies_at}
    return ItemPut(settings.table("login_tries"), "subject", to_raw(row))


def put_captcha(captcha_id: str, name_hash: bytes, expires_at: int) -> None:
    """Give out a captcha; the answer is nowhere: it is derived from the id."""
    CaptchaItem(captcha_id, name_hash=name_hash, expires_at=expires_at).save(CaptchaItem.captcha_id.does_not_exist())


def use_captcha(captcha_id: str, name_hash: bytes, now_epoch_s: int) -> bool:
    """Use a captcha up, whatever the answer; False when it is used, too old, or was given for another name."""
    try:
        CaptchaItem(captcha_id).update(
            actions=[CaptchaItem.used.set(1)],
            condition=CaptchaItem.used.does_not_exist()
            & (CaptchaItem.name_hash == name_hash)
            & (CaptchaItem.expires_at > now_epoch_s),
        )
    except UpdateError as error:
        if not is_refused(error):
            raise
        return False
    return True
