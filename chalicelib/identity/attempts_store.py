"""LoginTriesTable and CaptchasTable: tries by who was tried, and captchas given out; rows die of age.

A row of tries belongs to a customer, or to a name that nobody has: both are counted, locked and let go by the very
same calls, so that no answer and no time tells them apart. A row counts all tries; those under way, whose password
is being looked at, are named, too, so that what is known to be wrong is told from what may turn out right.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import DeleteError, UpdateError
from pynamodb.expressions.update import Action

from chalicelib.audit import service as audit
from chalicelib.parameters import service as parameters
from chalicelib.platform import ids, settings, transactions
from chalicelib.platform.dynamo import Item, ItemPut, ItemUpdate, Rule, is_refused, n, s, to_raw
from chalicelib.platform.errors import NotFound

# A day after the last try nobody is guessing any more; unknown names cost no more room than that.
TRIES_KEPT_S = 86_400
_NOBODYS_LOG_KEPT_S = 3600
_CLAIM_BYTES = 5


class LoginTriesItem(Item):
    class Meta:
        logical_name = "login_tries"

    subject = UnicodeAttribute(hash_key=True)
    tries = NumberAttribute(null=True)
    wrong = NumberAttribute(null=True)
    open = UnicodeSetAttribute(null=True)
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
    """Who is tried: the key of the row, and whose log says when it is locked: a customer's, a member of staff's, or
    (neither id) nobody's.

    `locked` and `unlocked` are the kinds of those rows; `device_id` and `facts` stand in them. `most` and `lock_s` are
    the parameters of how many tries there are, and of how long a lock lasts.
    """

    key: str
    customer_id: str | None
    locked: audit.Kind = audit.LOCKED
    unlocked: audit.Kind = audit.UNLOCKED
    device_id: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    staff_id: str | None = None
    most: parameters.Parameter = parameters.LOGIN_TRIES
    lock_s: parameters.Parameter = parameters.LOGIN_LOCK_S


@dataclass(frozen=True, slots=True)
class Count:
    """How the counting stands: `tries` are those known to be `wrong` and those under way (`open`: id -> since when,
    in epoch seconds); `locked_until` is the lock's end in epoch seconds (0: not locked).
    """

    tries: int = 0
    wrong: int = 0
    locked_until: int = 0
    open: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A try that was taken: its id, and how the counting stands with it."""

    claim_id: str
    count: Count


def claim(subject: Subject, most: int, now_epoch_s: int, *, also_locked: bool) -> Claim | None:
    """Take one try *before* the password is looked at, so that parallel guesses cannot pass.

    None, and nothing taken, when `most` are known to be wrong or under way. Past that a try is taken only where a
    lock is over, or (`also_locked`) where there is one: its owner looks at `locked_until`, and tries nothing.
    """
    item = LoginTriesItem(subject.key)
    is_over = LoginTriesItem.locked_until <= now_epoch_s
    claim_id = f"{now_epoch_s}.{ids.random_id(_CLAIM_BYTES)}"
    try:
        item.update(
            actions=[
                LoginTriesItem.tries.add(1),
                LoginTriesItem.open.add({claim_id}),
                LoginTriesItem.expires_at.set(now_epoch_s + TRIES_KEPT_S),
            ],
            condition=LoginTriesItem.tries.does_not_exist()
            | (LoginTriesItem.tries < most)
            | (LoginTriesItem.locked_until.exists() if also_locked else is_over),
        )
    except UpdateError as error:
        if not is_refused(error):
            raise
        return None
    return Claim(claim_id, _count(item))


def mark_wrong(subject: Subject, claim_id: str) -> Count | None:
    """A try that was under way is known to be wrong; None when it was forgotten meanwhile."""
    item = LoginTriesItem(subject.key)
    try:
        item.update(
            actions=[LoginTriesItem.wrong.add(1), LoginTriesItem.open.delete({claim_id})],
            condition=LoginTriesItem.open.contains(claim_id),
        )
    except UpdateError as error:
        if not is_refused(error):
            raise
        return None
    return _count(item)


def forget_row(subject: Subject, count: Count) -> bool:
    """Forget all tries, if they still are those of `count`: nobody began or ended one meanwhile."""
    try:
        LoginTriesItem(subject.key).delete(
            (LoginTriesItem.tries == count.tries) & (LoginTriesItem.open == set(count.open))
        )
    except DeleteError as error:
        if not is_refused(error):
            raise
        return False
    return True


def forget_wrong(subject: Subject, count: Count, ended: Collection[str]) -> bool:
    """Forget the wrong tries of `count` and those that `ended`; others stay under way.

    False when another try ended meanwhile: then read and forget again.
    """
    unchanged = LoginTriesItem.wrong == count.wrong if count.wrong else LoginTriesItem.wrong.does_not_exist()
    for claim_id in ended:
        unchanged = unchanged & LoginTriesItem.open.contains(claim_id)
    actions: list[Action] = [
        LoginTriesItem.tries.set(LoginTriesItem.tries - (count.wrong + len(ended))),
        LoginTriesItem.wrong.remove(),
        LoginTriesItem.open.delete(set(ended)),
    ]
    try:
        LoginTriesItem(subject.key).update(actions=actions, condition=unchanged)
    except UpdateError as error:
        if not is_refused(error):
            raise
        return False
    return True


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


def used_up_rule(max_tries: int) -> Rule:
    """All tries are still counted: a right password that came in between leaves nothing to lock for."""
    return Rule(
        "#tries >= :max_tries",
        {":max_tries": n(max_tries)},
        lambda image: bool(image.get("tries", -1) >= max_tries),
        None,
    )


def lock(subject: Subject, until_epoch_s: int, max_tries: int, now: dt.datetime) -> bool:
    """Lock and note it in the owner's log in one write; False when somebody else did (XJ-4.2-pw)."""
    update = _update(subject).require(unlocked_rule(), used_up_rule(max_tries))
    update.set("#locked_until = :until", until=n(until_epoch_s))
    return transactions.commit([update, _noted(subject, subject.locked, now)])


def start_anew(subject: Subject, locked_until: int, first: Claim | None, now: dt.datetime, *, by: str) -> bool:
    """End a lock, by time or by staff: counting starts with the try `first`, or with none.

    False when it is not that lock any more.
    """
    return transactions.commit(anew_writes(subject, locked_until, first, now, by=by))


def anew_writes(
    subject: Subject, locked_until: int, first: Claim | None, now: dt.datetime, *, by: str
) -> list[ItemPut | ItemUpdate]:
    """The same as parts of another write."""
    update = _update(subject).require(locked_rule(locked_until)).remove("locked_until", "wrong")
    update.set("#tries = :tries", tries=n(1 if first else 0))
    if first is None:
        update.remove("open")
    else:
        update.set("#open = :open", open={"SS": [first.claim_id]})
    return [update, _noted(subject, subject.unlocked, now, by=by)]


def read(subject: Subject) -> Count:
    """How the counting stands."""
    for item in LoginTriesItem.query(subject.key, limit=1, consistent_read=True):
        return _count(item)
    return Count()


def _count(item: LoginTriesItem) -> Count:
    under_way = {one: int(one.partition(".")[0]) for one in item.open or ()}
    return Count(int(item.tries or 0), int(item.wrong or 0), int(item.locked_until or 0), under_way)


def forget(subject: Subject) -> None:
    """Forget all tries and a lock: after a reset, which proved more than a password."""
    LoginTriesItem(subject.key).delete()


def _update(subject: Subject) -> ItemUpdate:
    return ItemUpdate(settings.table("login_tries"), {"subject": s(subject.key)}, missing=NotFound)


def _noted(subject: Subject, kind: audit.Kind, now: dt.datetime, **facts: str) -> ItemPut:
    """The row in the log of who was tried; for nobody's name one of as little use, so all are one kind of write."""
    if subject.customer_id is not None:
        return audit.event(subject.customer_id, kind, now, device_id=subject.device_id, **subject.facts, **facts)
    if subject.staff_id is not None:
        return audit.staff_event(subject.staff_id, kind.code, now, **facts)
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
