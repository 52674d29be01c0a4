"""StaffSessionsTable: where staff are logged in."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.customers.errors import SessionEnded
from chalicelib.platform import settings
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule, n, s, to_raw
from chalicelib.staff.domain import ACTIVE

ENDED = "ended"
# Time-to-live takes a row a day after the session's end.
KEPT_S = 86_400


@dataclass(frozen=True, slots=True)
class Session:
    """A session's facts; times in epoch seconds."""

    staff_id: str
    session_id: str
    standing: int
    created_at: int
    idle_until: int
    ends_at: int


def put_of(session: Session) -> ItemPut:
    """A new session's row."""
    row = {name: getattr(session, name) for name in Session.__dataclass_fields__}
    row |= {"state": ACTIVE, "expires_at": session.ends_at + KEPT_S}
    return ItemPut(settings.table("staff_sessions"), "staff_id", to_raw(row))


def update_of(staff_id: str, session_id: str) -> ItemUpdate:
    """A conditional update of a session's row."""
    key = {"staff_id": s(staff_id), "session_id": s(session_id)}
    return ItemUpdate(settings.table("staff_sessions"), key, missing=SessionEnded)


def live_rule(standing: int, now_epoch_s: int) -> Rule:
    """The session is of this standing, was not ended, not idle for too long, and is not past its end."""
    return Rule(
        "#state = :active AND #standing = :standing AND #idle_until > :now AND #ends_at > :now",
        {":active": s(ACTIVE), ":standing": n(standing), ":now": n(now_epoch_s)},
        lambda image: bool(
            image["state"] == ACTIVE
            and image["standing"] == standing
            and image["idle_until"] > now_epoch_s
            and image["ends_at"] > now_epoch_s
        ),
        lambda _: SessionEnded(),
    )


def used(update: ItemUpdate, idle_until: int) -> ItemUpdate:
    """The session is in use: it is idle from now on."""
    return update.set("#idle_until = :idle_until", idle_until=n(idle_until))


def ended(update: ItemUpdate) -> ItemUpdate:
    """The session ends."""
    return update.set("#state = :ended", ended=s(ENDED))
