"""Change the query password: the old one is asked for, and every other session ends."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.identity import service, sessions, store
from chalicelib.identity.commands.personal import personal_of
from chalicelib.identity.errors import OldPasswordWrong, PasswordUnchanged
from chalicelib.identity.password_rules import check
from chalicelib.parameters import service as parameters
from chalicelib.platform import passwords
from chalicelib.platform.callers import Caller


def change_password(caller: Caller, old: str, new: str, now: dt.datetime) -> int:
    """Set a new query password (NB-5.3.2); how many other sessions were ended.

    A wrong old password counts as a wrong log-in does, up to the lock. Raises OldPasswordWrong (also when locked),
    PasswordUnchanged, and what `password_rules.check` raises; TryAgain when it was changed meanwhile. Then nothing
    is changed: the sessions end in the very write that changes the password.
    """
    stored_hash = service.checked_password(caller, old, now)
    if stored_hash is None:
        raise OldPasswordWrong()
    if new == old:
        raise PasswordUnchanged()
    check(new, personal_of(caller.customer_id), parameters.value(parameters.PASSWORD_MIN_LENGTH, now))
    noted = audit.event(caller.customer_id, audit.PASSWORD_CHANGED, now, session_id=caller.session_id)
    changed = store.change_password(caller.customer_id, stored_hash, passwords.hash_password(new))
    along = sessions.Along([changed, noted])
    return sessions.end_sessions_with(along, caller.customer_id, caller.session_id, now=now)
