"""Names, session ids and refresh tokens. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import string
from dataclasses import dataclass

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase  # in the order of their bytes
_TIME_DIGITS = 7  # milliseconds until the year 2081


def session_id(began_at: dt.datetime, unique: str, after: str = "") -> str:
    """The id of a session that began then: ids order by time, so that one id can say `all before this one`.

    It orders after session `after`, even where that began in the same millisecond or on a machine whose clock is
    ahead: a log-in that ended all before `after` ends none that begins once it is noted.
    Unique among the customer's own sessions is enough; what nobody may guess is the refresh token's secret.
    """
    rest, digits = max(int(began_at.timestamp() * 1000), _began_ms(after) + 1), ""
    for _ in range(_TIME_DIGITS):
        rest, digit = divmod(rest, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits + unique


def _began_ms(session: str) -> int:
    began = 0
    for digit in session[:_TIME_DIGITS]:
        began = began * len(_DIGITS) + _DIGITS.index(digit)
    return began


def normal_name(login_name: str) -> str:
    """A log-in name as it is looked up; a blank one is nobody's, as the engine takes no empty key."""
    return login_name.strip().lower() or "-"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`<customer id>.<session id>.<secret>`; only the secret's hash is stored."""

    customer_id: str
    session_id: str
    secret: str

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """None for what cannot be one."""
        parts = text.split(".")
        if len(parts) != 3 or not text.isascii() or not all(part.isalnum() for part in parts):
            return None
        return cls(*parts)

    def hash(self) -> bytes:
        """SHA-256 of the secret: it has 256 random bits, so a slow hash would add nothing."""
        return hashlib.sha256(self.secret.encode()).digest()

    def __str__(self) -> str:
        return f"{self.customer_id}.{self.session_id}.{self.secret}"
