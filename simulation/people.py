"""Who the customers of a run are."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.platform.callers import Caller

PASSWORD = "Simulated-Horse-7"  # noqa: S105  # of customers that exist for a second


@dataclass(slots=True)
class Person:
    """A customer: accounts that may pay first. `session` is None until logged in."""

    name: str
    phone: str
    login_name: str
    customer_id: str
    accounts: tuple[str, ...]
    session: Caller | None = None
