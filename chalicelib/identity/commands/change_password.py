"""Change the query password: the old one is asked for, and every other session ends."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.identity import service, sessions, store
from chalicelib.identity.commands.personal import personal_of
from chalicelib.identity.errors import OldPasswordWrong, PasswordUnchanged
from chalicelib.identity.password_rules import check
from chalicelib.platform import passwords
from chalicelib.platform.errors import TryAgain
from chalicelib.platform.http import Caller


def change_password(caller: Caller, old: str, new: str, now: dt.datetime) -> int:
    """Set a new query password (NB-5.3.2); how many other sessions were ended.

    A wrong old password counts as a wrong log-in does, up to the lock. Raises OldPasswordWrong (also when locked),
    PasswordUnchanged, and what `password_rules.check` raises; then nothing is changed.
    """
    stored_hash = service.checked_password(caller, old, now)
    if stored_hash is None:
        raise OldPasswordWrong()
    if new == old:
        raise PasswordUnchanged()
    check(new, personal_of(caller.customer_id))
    noted = audit.event(caller.customer_id, audit.PASSWORD_CHANGED, now, session_id=caller.session_id)
    if not store.change_password(caller.customer_id, stored_hash, passwords.hash_password(new), noted):
        raise TryAgain()  # changed by another session meanwhile
    return sessions.end_sessions(caller.customer_id, except_session=caller.session_id, now=now)
