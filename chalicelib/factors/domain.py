"""Factors, what each may confirm, codes, and the conditions that a payment's write carries. Pure; no I/O, no clock."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.factors.errors import (
    CodeGuessesExhausted,
    CodesExhausted,
    FactorCeilingExceeded,
    FactorNotActive,
    TokenCodeUsed,
)
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, Rule, n, s
from chalicelib.platform.errors import Refusal
from chalicelib.platform.money import decimal_text

# How a customer confirms. A certificate is carried by a phone (手机盾), the bank (云证书) or a USB key.
SMS, TOKEN, CERTIFICATE, NO_FACTOR = "sms", "token", "certificate", "none"
# No factor: the owner agreed beforehand on how much may go without one (小额免密, XJ-5.3-small).
SMALL = "small"
PHONE, CLOUD, USB_KEY = "phone", "cloud", "usb_key"
CARRIERS = (PHONE, CLOUD, USB_KEY)
METHODS = (SMS, TOKEN, *CARRIERS)
# What a customer may choose when signing up; the others are issued at the counter afterwards.
AT_SIGN_UP = (SMS,)
# One of each method, so that the map on the customer's record stays small; this is the one of SMS codes.
SMS_ID = "sms"
ACTIVE, APPLIED, LOST, REVOKED, EXPIRED = "active", "applied", "lost", "revoked", "expired"
# A cloud certificate after too many wrong PINs: stopped like a lost one.
LOCKED = "locked"
STATES = (ACTIVE, APPLIED, LOST, LOCKED, REVOKED, EXPIRED)

CODE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Given:
    """What a confirmation brings: a code, a signature, or a cloud certificate's PIN; and the bound device, if any."""

    factor: str
    code: str = field(default="", repr=False)
    signature: bytes = b""
    pin: str = field(default="", repr=False)
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The factor that is to confirm an instruction, as the instruction keeps it.

    `valid_until` is when the factor ends, if it does; `kept` are attributes that confirming will need, so that it
    reads nothing. Where the customer holds no such factor, id and method are `none`, which no write admits.
    """

    factor: str
    factor_id: str = NO_FACTOR
    method: str = NO_FACTOR
    valid_until: dt.datetime | None = None
    kept: dict[str, Any] = field(default_factory=dict)


def factor_of(method: str) -> str:
    """What the customer calls it: each carrier's is a certificate."""
    return CERTIFICATE if method in CARRIERS else method


def derive_code(secret: bytes, digest: bytes, attempt: int) -> str:
    """The confirmation code for one instruction digest and sending attempt: 6 digits.

    HMAC-SHA256 with the dynamic truncation of RFC 4226 section 5.3. The code is nowhere stored: who sends
    it and who checks it both compute it (NB-5.3.3-sms).
    """
    mac = hmac.digest(secret, digest + attempt.to_bytes(4, "big"), "sha256")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def download_digest(customer_id: str, factor_id: str, method: str, device_serial: str) -> bytes:
    """What a certificate's download code is derived from."""
    parts = ("rural-bank-download-1", customer_id, factor_id, method, device_serial)
    return hashlib.sha256("\n".join(parts).encode()).digest()


SEAL_BYTES = 16


def seal(secret: bytes, digest: bytes, factor_id: str, session_id: str, posted_at: str) -> bytes:
    """Evidence that the right code for `digest` was entered: only who has the secret of the codes can make it."""
    parts = ("rural-bank-code-entered-1", digest.hex(), factor_id, session_id, posted_at)
    return hmac.digest(secret, "\n".join(parts).encode(), "sha256")[:SEAL_BYTES]


def instruction_seal(secret: bytes, form: bytes) -> bytes:
    """Says that the bank itself stored an instruction as it stands in `form`."""
    return hmac.digest(secret, b"rural-bank-instruction-stored-1\n" + form, "sha256")[:SEAL_BYTES]


def is_same(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def months_after(moment: dt.datetime, months: int) -> dt.datetime:
    """The Shanghai midnight so many months after the day of `moment`; the last day where a month is too short.

    A factor of 24 months issued on 30 September 2026, at whatever hour, is valid until 30 September 2028 begins.
    """
    local = moment.astimezone(clock.SHANGHAI)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return dt.datetime(year, month + 1, day, tzinfo=clock.SHANGHAI)


# What the owner is reminded of: that renewing is possible and needed, and that it is over (NB-5.3.4).
OPENING, ENDED = "opening", "ended"
STAGES = (OPENING, ENDED)
# From a day of a month that the month before has not: 28 February opens what ends on 28 to 31 March.
_SHARED_DAYS = 5


def opens_at(valid_until: dt.datetime, months: int) -> dt.datetime:
    """When a factor that ends at `valid_until` is to be renewed: the Shanghai midnight so many months before."""
    return months_after(valid_until, -months)


def first_not_open(now: dt.datetime, months: int) -> dt.datetime:
    """The first Shanghai midnight at which a factor may end without being open for renewal at `now`.

    What ends before it is open: `opens_at` never falls as its moment rises.
    """
    day = months_after(now, months)
    for _ in range(_SHARED_DAYS):
        if opens_at(day, months) > now:
            return day
        day += dt.timedelta(days=1)
    raise AssertionError("a month shares its last day with five others")


# ---- what each factor may confirm ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Policy:
    """How much each method may confirm in one transfer, in fen; and, where there is one, the day's total without a
    certificate (`None`: the customer's own limit alone rules)."""

    name: str
    ceilings_fen: Mapping[str, int]
    no_certificate_day_fen: int | None

    def ceiling_fen(self, method: str) -> int:
        """The most that one transfer confirmed by `method` may be."""
        return self.ceilings_fen[method]

    def methods_for(self, amount_fen: int) -> list[str]:
        """The methods that may confirm `amount_fen`, weakest first."""
        return [method for method in METHODS if amount_fen <= self.ceilings_fen[method]]


# Also what the parameter `factor.policy` may be.
STANDARD, STRICT = "standard", "strict"


def strict_policy(standard: Policy, single_fen: int, day_fen: int) -> Policy:
    """The bank's ceilings, lowered to what the law allows without a certificate or electronic signature."""
    lowered = {
        method: ceiling_fen if method in CARRIERS else min(ceiling_fen, single_fen)
        for method, ceiling_fen in standard.ceilings_fen.items()
    }
    return Policy(STRICT, lowered, day_fen)


# ---- what the customer's record must satisfy ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of a payment at the moment: fewer wrong codes than this a day, and the policy of factors."""

    wrong_codes_day: int
    policy: Policy


def active_rule(factor_id: str) -> Rule:
    """The factor is active: one that was reported lost or revoked stops at once, everywhere (NB-5.3.6).

    `factors` on the customer's record maps the id of each active factor to its method.
    """
    return Rule(
        f"attribute_exists(#factors.#{factor_id})",
        {},
        lambda image: factor_id in image.get("factors", {}),
        lambda image: FactorNotActive(factors=held_text(image)),
    )


def same_factors_rule(held: Mapping[str, str] | None) -> Rule:
    """The customer's active factors are those that were read, None for a record that has no map of them.

    Who read plans again.
    """
    if held is None:
        return Rule("attribute_not_exists(#factors)", {}, lambda image: "factors" not in image, None)
    return Rule(
        "#factors = :factors_read",
        {":factors_read": {"M": {factor_id: s(method) for factor_id, method in held.items()}}},
        lambda image: bool(image.get("factors") == held),
        None,
    )


def unlost_rule(refuse: Callable[[], Refusal]) -> Rule:
    """The factor's row does not say that it is lost, or locked after wrong PINs."""
    return Rule(
        "#state <> :lost AND #state <> :locked",
        {":lost": s(LOST), ":locked": s(LOCKED)},
        lambda image: image["state"] not in (LOST, LOCKED),
        lambda _: refuse(),
    )


def unlost_since_rule(confirmed_at: str, refuse: Callable[[], Refusal]) -> Rule:
    """No loss of the factor has ended since it confirmed something: what whoever found it confirmed stays void.

    Nothing is confirmed while a factor is lost. So what came before a loss came before its end as well, which is an
    act of staff long after; a report made in the same instant as a confirmation could bear the earlier time.
    """
    return Rule(
        "attribute_not_exists(#lost_until) OR #lost_until < :confirmed_at",
        {":confirmed_at": s(confirmed_at)},
        lambda image: bool(image.get("lost_until", "") < confirmed_at),
        lambda _: refuse(),
    )


def unlifted_rule(confirmed_at: str) -> Rule:
    """On the customer's record: no loss was lifted since; so what a factor confirmed came after the last (NB-5.3.6).

    Whichever factor it was: who confirmed something within minutes of a lifted loss confirms it again.
    """
    return Rule(
        "attribute_not_exists(#loss_lifted_at) OR #loss_lifted_at < :unlifted_since",
        {":unlifted_since": s(confirmed_at)},
        lambda image: bool(image.get("loss_lifted_at", "") < confirmed_at),
        lambda image: FactorNotActive(factors=held_text(image)),
    )


def guesses_rule(business_date: str, most: int) -> Rule:
    """Fewer than `most` wrong codes were entered today, over all instructions."""
    bucket = f"wrong_{business_date}"
    return Rule(
        f"attribute_not_exists(#{bucket}) OR #{bucket} < :wrong_codes",
        {":wrong_codes": n(most)},
        lambda image: bool(image.get(bucket, 0) < most),
        lambda _: CodeGuessesExhausted(),
    )


def codes_rule(business_date: str, most: int) -> Rule:
    """Fewer than `most` instructions were made today that a code confirms: each gives tries to who guesses."""
    bucket = f"codes_{business_date}"
    return Rule(
        f"attribute_not_exists(#{bucket}) OR #{bucket} < :codes",
        {":codes": n(most)},
        lambda image: bool(image.get(bucket, 0) < most),
        lambda _: CodesExhausted(),
    )


def step_rule(step: int) -> Rule:
    """The token's code is of a later minute than the last one accepted: used once (NB-5.3.3-token)."""
    return Rule(
        "attribute_not_exists(#token_step) OR #token_step < :step",
        {":step": n(step)},
        lambda image: bool(image.get("token_step", -1) < step),
        lambda _: TokenCodeUsed(),
    )


def ceiling_rule(factor_id: str, amount_fen: int, policy: Policy) -> Rule:
    """The factor's method may confirm so much to somebody else, by the policy in force when the money moves."""
    would_do = policy.methods_for(amount_fen)
    # No factor is of the method `none`: where nothing would do, nothing passes.
    values = {f":may_{method}": s(method) for method in would_do or [NO_FACTOR]}
    return Rule(
        f"#factors.#{factor_id} IN ({', '.join(values)})",
        values,
        lambda image: image.get("factors", {}).get(factor_id) in would_do,
        lambda image: _over_ceiling(image, factor_id, would_do, policy),
    )


def _over_ceiling(image: Image, factor_id: str, would_do: list[str], policy: Policy) -> Refusal:
    """Names the methods that would do, and those of them that the customer holds."""
    held = image.get("factors", {})
    method = held.get(factor_id)
    if method not in policy.ceilings_fen:
        return FactorNotActive(factors=held_text(image))
    return FactorCeilingExceeded(
        method=method,
        ceiling=decimal_text(policy.ceiling_fen(method)),
        factors=words(would_do, nothing="branch"),
        yours=words(one for one in would_do if one in held.values()),
    )


_DAILY = ("wrong_", "codes_")


def expired_counts(image: Image, business_date: str) -> list[str]:
    """This context's buckets of days before yesterday: no write can name them any more."""
    day = dt.datetime.strptime(business_date, "%Y%m%d").replace(tzinfo=clock.SHANGHAI) - dt.timedelta(days=1)
    oldest = f"{day:%Y%m%d}"
    return sorted(name for name in image if name.startswith(_DAILY) and name[-8:] < oldest)


def held_text(image: Image) -> str:
    """The methods of the active factors on a customer's record, weakest first, as a refusal's fact."""
    held = set(image.get("factors", {}).values())
    return words(method for method in METHODS if method in held)


def words(methods: Iterable[str], nothing: str = NO_FACTOR) -> str:
    """Methods as one fact of a refusal."""
    return ",".join(methods) or nothing
