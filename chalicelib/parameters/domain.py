"""The known parameters: name, unit in the name, default, and the bounds a value must keep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    """A whole-number parameter; `low <= value <= high` always holds for what a reader gets."""

    name: str
    default: int
    low: int
    high: int
    source: str

    def admits(self, value: int) -> bool:
        """Whether `value` keeps the bounds."""
        return self.low <= value <= self.high


_FEN_MAX = 10**12

# XJ-4.2-limit is the default policy for factors; the stricter law is a row in the table away.
SMS_CEILING_FEN = Parameter("factor.sms.ceiling_fen", 50_000_00, 0, _FEN_MAX, "XJ-4.2-limit")
SMS_CODE_VALID_S = Parameter("factor.sms.valid_s", 180, 30, 600, "NB-5.3.3-sms")
SMS_CODE_TRIES = Parameter("factor.sms.tries", 5, 1, 10, "NB-5.3.3-sms")
LOGIN_TRIES = Parameter("login.tries", 5, 3, 10, "XJ-4.2-pw")
LOGIN_LOCK_S = Parameter("login.lock_s", 1800, 60, 86_400, "XJ-4.2-pw")
ACCESS_TOKEN_S = Parameter("session.access_token_s", 300, 60, 900, "XJ-4.2-pw")
REFRESH_TOKEN_S = Parameter("session.refresh_token_s", 600, 60, 3600, "XJ-4.2-pw")
SESSION_MAX_S = Parameter("session.max_s", 43_200, 600, 86_400, "XJ-4.2-pw")
TRANSFER_FEE_FEN = Parameter("fee.transfer.own_bank_fen", 0, 0, 100_00, "NB-5.1.6-4")
NO_CERTIFICATE_DAY_FEN = Parameter(
    "limit.customer.day_without_certificate_fen", 50_000_00, 0, _FEN_MAX, "PBoC notice 261"
)
NOTICE_LEAD_H = Parameter("notice.lead_h", 72, 72, 720, "NB-5.1.8-5")

ALL = {
    parameter.name: parameter
    for parameter in (
        SMS_CEILING_FEN,
        SMS_CODE_VALID_S,
        SMS_CODE_TRIES,
        LOGIN_TRIES,
        LOGIN_LOCK_S,
        ACCESS_TOKEN_S,
        REFRESH_TOKEN_S,
        SESSION_MAX_S,
        TRANSFER_FEE_FEN,
        NO_CERTIFICATE_DAY_FEN,
        NOTICE_LEAD_H,
    )
}
