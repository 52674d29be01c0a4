"""Log in with staff number, password and token code; log out (NB-5.2.4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.identity import service as identity
from chalicelib.parameters import service as parameters
from chalicelib.platform import ids, log, passwords, totp, transactions, vault
from chalicelib.platform.callers import StaffCaller
from chalicelib.staff import domain, session_store, store
from chalicelib.staff.commands.check_session import acting_as, has_old_password, issue_token
from chalicelib.staff.errors import StaffLoginRefused
from chalicelib.staff.store import Member

# Refusals of numbers that nobody has are noted under this one, so that they cost what those of staff cost.
_NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a log-in gives: who it is, a token, how many seconds it lives at most, and idle."""

    caller: StaffCaller
    access_token: str
    access_token_s: int
    idle_s: int
    must_change_password: bool


def log_in(staff_id: str, password: str, code: str, now: dt.datetime, *, correlation_id: str = "") -> Grant:
    """A new session for who knows the password and holds the token; both are judged together, as one try.

    Raises StaffLoginRefused, the same for an unknown number, a wrong password or code, a code used before, a lock, and
    who is suspended; TryAgain. The code is used up in the write that begins the session.
    """
    number = domain.normal_id(staff_id)
    member = store.read(number)
    subject = identity.staff_log_in(number, member.staff_id if member else None)
    taken = identity.take_try(subject, now, captcha_passed=True)
    step = _accepted_step(member, code, now)
    is_right = passwords.matches(member.password_hash if member and taken.allowed else None, password)
    if member is None or member.token_serial is None or step is None or not is_right:
        raise _refused(member, taken, now)
    grant, session = _begun(member, now, correlation_id)
    used = store.used_step(store.update_of(number), step).require(
        store.active_rule(),
        store.standing_rule(member.standing),
        store.password_rule(member.password_hash),
        store.unused_step_rule(member.token_serial, step),
    )
    noted = audit.staff_action(grant.caller, "logged_in", now)
    if not transactions.commit([session_store.put_of(session), used, noted]):
        raise _refused(member, taken, now)
    identity.was_right(taken, now)
    return grant


def _begun(member: Member, now: dt.datetime, correlation_id: str) -> tuple[Grant, session_store.Session]:
    now_s = int(now.timestamp())
    idle_s = parameters.value(parameters.STAFF_SESSION_IDLE_S, now)
    ends_at = now_s + parameters.value(parameters.STAFF_SESSION_MAX_S, now)
    session = session_store.Session(member.staff_id, ids.random_id(), member.standing, now_s, now_s + idle_s, ends_at)
    caller = acting_as(member, session.session_id, correlation_id)
    token = issue_token(member.staff_id, session.session_id, now_s, ends_at)
    return Grant(caller, token, ends_at - now_s, idle_s, has_old_password(member, now)), session


def _accepted_step(member: Member | None, code: str, now: dt.datetime) -> int | None:
    """The minute of the code; asks KMS once in any case, so that no time tells whose number exists."""
    if member is None or member.seed is None or member.token_serial is None:
        vault.encrypt(bytes(totp.SEED_BYTES), staff_id=_NOBODY)
        return None
    seed = vault.decrypt(member.seed, **store.seed_owner(member.staff_id, member.token_serial))
    return totp.accepted_step(seed, code, now)


def _refused(member: Member | None, taken: identity.Try, now: dt.datetime) -> StaffLoginRefused:
    log.logger.info("staff log-in refused")
    identity.was_wrong(taken, now)
    audit.record_refused_staff_log_in(member.staff_id if member else _NOBODY, now)
    return StaffLoginRefused()


def log_out(caller: StaffCaller, now: dt.datetime) -> None:
    """End the caller's session at once; a session that ended meanwhile stays so."""
    session = session_store.update_of(caller.staff_id, caller.session_id)
    session.require(session_store.live_rule(caller.standing, int(now.timestamp())))
    transactions.commit([session_store.ended(session), audit.staff_action(caller, "logged_out", now)])
