"""Access tokens of staff, who a request of theirs comes from, and whether they may do what it asks.

The tokens are of their own kind and for their own audience, so that no customers' route takes one, and the reverse.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chalicelib.audit import service as audit
from chalicelib.customers.errors import SessionEnded
from chalicelib.identity import service as identity
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import Refusal
from chalicelib.platform.texts import printable
from chalicelib.staff import domain, session_store, store
from chalicelib.staff.commands.emergencies import case_under_which
from chalicelib.staff.commands.read_functions import switches
from chalicelib.staff.errors import PurposeRequired, StaffPasswordExpired, StaffPermissionDenied
from chalicelib.staff.service import branch_of
from chalicelib.staff.store import Member

if TYPE_CHECKING:
    from chalicelib.platform.http import Call

TOKEN_TYPE = "staff-at+jwt"  # noqa: S105  # a token's kind
MIN_PURPOSE, MAX_PURPOSE = 2, 100
DAY_S = 86_400
# Not allowed, not there or out of scope, not as things stand.
ON_RECORD = frozenset({403, 404, 409, 422})


def audience() -> str:
    """Whom the tokens are for: this stage's staff routes."""
    return identity.token_issuer() + "-staff"


def issue_token(staff_id: str, session_id: str, issued_at: int, expires_at: int) -> str:
    """A signed access token; times in epoch seconds."""
    claims = {"sub": staff_id, "sid": session_id, "iat": issued_at, "exp": expires_at}
    return identity.sign_token(claims, TOKEN_TYPE, audience())


def checks_session(call: Call) -> StaffCaller:
    """Which member of staff the request comes from, once session, permission and, where it is asked for, purpose hold.

    The `auth` of every operation of staff. A look at a customer's data is on record before it is taken (NB-4-audit).
    Raises NotLoggedIn, TokenExpired, SessionEnded, StaffPasswordExpired, StaffPermissionDenied, PurposeRequired.
    """
    now = clock.now()
    member, session_id = _logged_in(identity.bearer_token(call), now)
    caller = acting_as(member, session_id, call.correlation_id)
    if has_old_password(member, now) and call.permission not in domain.WITH_OLD_PASSWORD:
        raise StaffPasswordExpired()
    on = ",".join(call.path_values.values())
    case_id = None
    if not domain.is_allowed(call.permission, caller.role, caller.posts, caller.level, switches(now)):
        case_id = case_under_which(member, call.permission, now)
        if case_id is None:
            name = call.operation.name
            audit.record_staff_action(caller, call.permission, now, on=on, outcome="refused", operation=name)
            raise StaffPermissionDenied()
    shows_customers = domain.TABLE[call.permission].shows_customers
    if shows_customers or case_id is not None:
        purpose = stated_purpose(call.header("purpose")) if shows_customers else ""
        caller = dataclasses.replace(caller, purpose=purpose, case_id=case_id)
        audit.record_staff_action(caller, call.permission, now, on=on, operation=call.operation.name)
    call.note_refusals(lambda refusal: _note_refusal(caller, call, on, refusal))
    return caller


def _note_refusal(caller: StaffCaller, call: Call, on: str, refusal: Refusal) -> None:
    """That somebody asked for what they may not see or do, or what could not be done; a slip of the pen is none."""
    if refusal.status in ON_RECORD:
        facts = {"operation": call.operation.name, "code": refusal.code}
        audit.record_staff_action(caller, call.permission, clock.now(), on=on, outcome="refused", **facts)


def _logged_in(token: str, now: dt.datetime) -> tuple[Member, str]:
    """Whose token it is, and the session, which counts as used from now on. Raises NotLoggedIn, TokenExpired,
    SessionEnded: suspension and a changed role end every session with their own write.
    """
    now_s = int(now.timestamp())
    claims = identity.verified_claims(token, TOKEN_TYPE, audience(), now_s)
    staff_id, session_id = claims["sub"], claims["sid"]
    member = store.read(staff_id)
    if member is None or member.state != domain.ACTIVE:
        raise SessionEnded()
    session = session_store.update_of(staff_id, session_id).require(session_store.live_rule(member.standing, now_s))
    updates.insist(session_store.used(session, now_s + parameters.value(parameters.STAFF_SESSION_IDLE_S, now)))
    return member, session_id


def acting_as(member: Member, session_id: str, correlation_id: str) -> StaffCaller:
    """The member of staff in that session."""
    return StaffCaller(
        member.staff_id,
        session_id,
        member.branch_id,
        branch_of(member.branch_id).level,
        member.role,
        member.posts,
        member.standing,
        correlation_id,
    )


def has_old_password(member: Member, now: dt.datetime) -> bool:
    """Whether the password must be changed before anything else (NB-5.2.4)."""
    lives_s = parameters.value(parameters.STAFF_PASSWORD_D, now) * DAY_S
    return member.must_change or member.password_at + lives_s <= int(now.timestamp())


def stated_purpose(header: str | None) -> str:
    """The purpose as stated in the header, percent-encoded as headers are ASCII; raises PurposeRequired."""
    try:
        purpose = printable(unquote(header or "", errors="strict")).strip()
    except ValueError:
        raise PurposeRequired() from None
    if not MIN_PURPOSE <= len(purpose) <= MAX_PURPOSE:
        raise PurposeRequired()
    return purpose
