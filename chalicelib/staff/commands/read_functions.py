"""What the system administrator has switched of the roles' functions, and what a caller holds (NB-5.2.3)."""

from __future__ import annotations

import datetime as dt

from chalicelib.platform.callers import StaffCaller
from chalicelib.staff import domain, store
from chalicelib.staff.domain import Switched
from chalicelib.staff.errors import StaffPermissionDenied
from chalicelib.staff.service import branch_of
from chalicelib.staff.store import Member

MAX_STALENESS = dt.timedelta(seconds=30)

_cached: Switched = {}
_cached_at: dt.datetime | None = None


def switches(now: dt.datetime) -> Switched:
    """What is switched, at most 30 s old: every function instance sees a change within that time."""
    global _cached, _cached_at
    if _cached_at is None or not dt.timedelta(0) <= now - _cached_at < MAX_STALENESS:
        _cached, _cached_at = store.switched(), now
    return _cached


def forget() -> None:
    """Drop what is cached, so that the next read is fresh."""
    global _cached_at
    _cached_at = None


def functions_of(actor: StaffCaller, now: dt.datetime) -> list[str]:
    """The functions that the actor holds, in order of name."""
    found = switches(now)
    return sorted(name for name in domain.TABLE if domain.is_allowed(name, actor.role, actor.posts, actor.level, found))


def require_function(actor: StaffCaller, function: str, now: dt.datetime) -> None:
    """Raise StaffPermissionDenied unless the actor holds the function."""
    if not domain.is_allowed(function, actor.role, actor.posts, actor.level, switches(now)):
        raise StaffPermissionDenied()


def holds(member: Member, function: str, now: dt.datetime) -> bool:
    """Whether a member of staff, who need not be the one who asks, holds the function."""
    return domain.is_allowed(function, member.role, member.posts, branch_of(member.branch_id).level, switches(now))
