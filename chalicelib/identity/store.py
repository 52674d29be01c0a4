"""LoginNamesTable, CredentialsTable, SessionsTable."""

from __future__ import annotations

from dataclasses import dataclass

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError, UpdateError

from chalicelib.platform.dynamo import Item, is_refused

ACTIVE = "active"
ENDED = "ended"


class LoginNameItem(Item):
    class Meta:
        logical_name = "login_names"

    login_name = UnicodeAttribute(hash_key=True)
    customer_id = UnicodeAttribute()


class CredentialItem(Item):
    class Meta:
        logical_name = "credentials"

    customer_id = UnicodeAttribute(hash_key=True)
    password_hash = UnicodeAttribute()
    tries = NumberAttribute(default=0)
    locked_until = NumberAttribute(default=0)


class SessionItem(Item):
    class Meta:
        logical_name = "sessions"

    session_id = UnicodeAttribute(hash_key=True)
    customer_id = UnicodeAttribute()
    edition = UnicodeAttribute()
    state = UnicodeAttribute()
    refresh_hash = BinaryAttribute(legacy_encoding=False)
    refresh_until = NumberAttribute()
    ends_at = NumberAttribute()
    expires_at = NumberAttribute()


@dataclass(frozen=True, slots=True)
class Session:
    """A session's facts; times in epoch seconds."""

    session_id: str
    customer_id: str
    edition: str
    ends_at: int


def customer_by_login_name(login_name: str) -> str | None:
    """Whose log-in name or account number this is."""
    try:
        return LoginNameItem.get(login_name).customer_id
    except DoesNotExist:
        return None


def put_login_name(login_name: str, customer_id: str) -> bool:
    """False when the name is another customer's."""
    try:
        LoginNameItem(login_name, customer_id=customer_id).save(
            LoginNameItem.login_name.does_not_exist() | (LoginNameItem.customer_id == customer_id)
        )
    except PutError as error:
        if is_refused(error):
            return False
        raise
    return True


def put_credential(customer_id: str, password_hash: str) -> None:
    """Set the query password and forget wrong tries."""
    CredentialItem(customer_id, password_hash=password_hash).save()


def claim_try(customer_id: str, max_tries: int, lock_s: int, now_epoch_s: int) -> str | None:
    """Take one try *before* the password is looked at, so that parallel guesses cannot pass.

    Returns the stored hash, or None when locked. The try that reaches `max_tries` sets the lock; once the
    lock's time has passed, counting starts anew.
    """
    item = CredentialItem(customer_id)
    try:
        item.update(
            actions=[CredentialItem.tries.add(1)],
            condition=(CredentialItem.tries < max_tries) & CredentialItem.password_hash.exists(),
        )
    except UpdateError as error:
        if not is_refused(error):
            raise
        return _claim_after_lock(customer_id, lock_s, now_epoch_s)
    if item.tries >= max_tries:
        item.update(actions=[CredentialItem.locked_until.set(now_epoch_s + lock_s)])
    return item.password_hash


def _claim_after_lock(customer_id: str, lock_s: int, now_epoch_s: int) -> str | None:
    item = CredentialItem(customer_id)
    try:
        item.update(
            actions=[CredentialItem.tries.set(1), CredentialItem.locked_until.set(0)],
            condition=(CredentialItem.locked_until > 0) & (CredentialItem.locked_until <= now_epoch_s),
        )
    except UpdateError as error:
        if not is_refused(error):
            raise
        _lock_if_unlocked(customer_id, now_epoch_s + lock_s)
        return None
    return item.password_hash


def _lock_if_unlocked(customer_id: str, until_epoch_s: int) -> None:
    """Give the lock its end where tries ran out without one.

    A crash between counting and locking, or a policy lowered below what is counted, leaves such a record;
    without an end it would be locked for ever.
    """
    item = CredentialItem(customer_id)
    try:
        item.update(
            actions=[CredentialItem.locked_until.set(until_epoch_s)],
            condition=CredentialItem.password_hash.exists() & (CredentialItem.locked_until == 0),
        )
    except UpdateError as error:
        if not is_refused(error):
            raise


def clear_tries(customer_id: str) -> None:
    """After the right password: wrong tries are forgotten."""
    CredentialItem(customer_id).update(actions=[CredentialItem.tries.set(0), CredentialItem.locked_until.set(0)])


def put_session(session: Session, refresh_hash: bytes, refresh_until: int) -> None:
    """Write a new session; the row goes by time-to-live a day after its end."""
    SessionItem(
        session.session_id,
        customer_id=session.customer_id,
        edition=session.edition,
        state=ACTIVE,
        refresh_hash=refresh_hash,
        refresh_until=refresh_until,
        ends_at=session.ends_at,
        expires_at=session.ends_at + 86_400,
    ).save()


def rotate(session_id: str, old_hash: bytes, new_hash: bytes, now_epoch_s: int, refresh_until: int) -> Session | None:
    """Exchange the refresh token once; None unless it is the session's last one and in time."""
    item = SessionItem(session_id)
    try:
        item.update(
            actions=[
                SessionItem.refresh_hash.set(new_hash),
                SessionItem.refresh_until.set(refresh_until),
            ],
            condition=(SessionItem.state == ACTIVE)
            & (SessionItem.refresh_hash == old_hash)
            & (SessionItem.refresh_until > now_epoch_s)
            & (SessionItem.ends_at > now_epoch_s),
        )
    except UpdateError as error:
        if not is_refused(error):
            raise
        return None
    return Session(item.session_id, item.customer_id, item.edition, int(item.ends_at))


def end(session_id: str) -> Session | None:
    """End a session whatever its state; None when there is none."""
    item = SessionItem(session_id)
    try:
        item.update(actions=[SessionItem.state.set(ENDED)], condition=SessionItem.session_id.exists())
    except UpdateError as error:
        if not is_refused(error):
            raise
        return None
    return Session(item.session_id, item.customer_id, item.edition, int(item.ends_at))
