"""Who is logged in, as use cases are told: apart from the edge over HTTP, which workers need not load."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is logged in: a customer, the session it came by, the edition that session has, the bound device if any."""

    customer_id: str
    session_id: str
    edition: str
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class StaffCaller:
    """Which member of staff is logged in, as the bank's records are now, and why they ask.

    `standing` counts what ended all of their sessions: a write that names it holds for just this appointment.
    `purpose` is what they stated, empty where none is asked for; `case_id` is the emergency that opened the way, if
    one did.
    """

    staff_id: str
    session_id: str
    branch_id: str
    level: str
    role: str
    posts: frozenset[str]
    standing: int
    correlation_id: str = ""
    purpose: str = ""
    case_id: str | None = None
