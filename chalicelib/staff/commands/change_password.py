"""Change one's own password: none of the last ones is taken, and every session ends (NB-5.2.4)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers.errors import SessionEnded
from chalicelib.identity import service as identity
from chalicelib.identity.errors import OldPasswordWrong
from chalicelib.parameters import service as parameters
from chalicelib.platform import passwords, transactions
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import TryAgain
from chalicelib.staff import store
from chalicelib.staff.errors import StaffPasswordReused


def change_password(caller: StaffCaller, old: str, new: str, now: dt.datetime) -> None:
    """Set a new password; the caller logs in again with it.

    A wrong old password counts as a wrong log-in does, up to the lock. Raises OldPasswordWrong (also when locked),
    StaffPasswordReused, PasswordTooShort, PasswordPersonal, PasswordPattern, PasswordCommon; then nothing is changed.
    """
    member = store.read(caller.staff_id)
    if member is None:
        raise SessionEnded()
    taken = identity.take_try(identity.staff_log_in(member.staff_id, member.staff_id), now, captcha_passed=True)
    if not passwords.matches(member.password_hash if taken.allowed else None, old):
        identity.was_wrong(taken, now)
        raise OldPasswordWrong()
    identity.was_right(taken, now)
    identity.check_password(new, phone="", id_number=None, login_name=member.staff_id)
    kept = parameters.value(parameters.STAFF_PASSWORD_HISTORY, now)
    past = [member.password_hash, *member.past_hashes][:kept]
    if any(passwords.matches(one, new) for one in past):
        raise StaffPasswordReused()
    update = store.update_of(member.staff_id).require(store.active_rule(), store.password_rule(member.password_hash))
    store.ended_all(update, caller.standing)
    store.changed_password(update, passwords.hash_password(new), past, int(now.timestamp()), is_first=False)
    if not transactions.commit([update, audit.staff_action(caller, "password_changed", now)]):
        raise TryAgain()  # changed, or the sessions ended, meanwhile
