"""What a query password must not be. Pure; no I/O, no clock.

Strength is what zxcvbn estimates (its lists of common passwords, keyboard rows, runs, repeats, dates): the number of
guesses a stranger needs. What somebody who knows the customer would try first is judged here.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.identity.errors import PasswordCommon, PasswordPattern, PasswordPersonal, PasswordTooShort

# Eight random letters and digits: with the lock and argon2id on top, online and offline guessing are out of reach.
_LEAST_GUESSES = 10**8
# zxcvbn's time grows with the length; what is longer is strong by its beginning already.
_JUDGED_LENGTH = 72
_SHARED_DIGITS = 6
_LEAST_NAME = 4
# Words of this very bank, which a guesser tries first (docs/security.md); zxcvbn finds them in any case and spelling.
BANK_WORDS = (
    "ruralbank",
    "rural-bank",
    "rural",
    "bank",
    "banking",
    "teller",
    "xiangcunyinhang",
    "xiangcun",
    "yinhang",
    "chaxunmima",
    "乡村银行",
    "乡村",
    "银行",
    "手机银行",
    "网上银行",
    "查询密码",
)
_PATTERNS = frozenset({"repeat", "sequence", "spatial", "date", "regex"})


@dataclass(frozen=True, slots=True)
class Personal:
    """What others know of a customer; any may be missing."""

    phone: str = ""
    id_number: str = ""
    login_name: str = ""
    account_ids: tuple[str, ...] = ()


def check(password: str, personal: Personal, min_length: int) -> None:
    """Raise PasswordTooShort, PasswordPersonal, PasswordPattern or PasswordCommon for a password that will not do."""
    if len(password) < min_length:
        raise PasswordTooShort(min_length=str(min_length))
    if _is_personal(password, personal):
        raise PasswordPersonal()
    from zxcvbn import zxcvbn  # noqa: PLC0415  # its lists take a while to load, and few requests need them

    judged = zxcvbn(password[:_JUDGED_LENGTH], user_inputs=BANK_WORDS)
    if judged["guesses"] >= _LEAST_GUESSES:
        return
    weak = max(
        (match for match in judged["sequence"] if match["pattern"] != "bruteforce"),
        key=lambda match: len(match["token"]),
    )
    raise PasswordPattern() if weak["pattern"] in _PATTERNS else PasswordCommon()


def check_digits(password: str, personal: Personal) -> None:
    """The same for six digits or more, as a payment password or PIN is: no six in a row that repeat or run, nothing
    personal.
    """
    if _is_personal(password, personal):
        raise PasswordPersonal()
    if any(_is_pattern(part) for part in _windows(password)):
        raise PasswordPattern()


def _is_pattern(six: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(six)}
    return steps in ({0}, {1}, {-1}) or six[:3] == six[3:] or len(set(six)) == 2


def _is_personal(password: str, personal: Personal) -> bool:
    folded = _fold(password)
    numbers = (personal.phone, personal.id_number.lower(), *personal.account_ids)
    if any(part in folded for number in numbers for part in _windows(number)):
        return True
    if any(form in folded for form in _birthdays(personal.id_number)):
        return True
    name = _fold(personal.login_name)
    return len(name) >= _LEAST_NAME and (name in folded or name[::-1] in folded)


def _fold(text: str) -> str:
    """Small letters and digits alone, so that 1990-01-02 is 19900102."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _windows(number: str) -> Iterator[str]:
    """Every run of six digits of a number."""
    return (number[i : i + _SHARED_DIGITS] for i in range(len(number) - _SHARED_DIGITS + 1))


def _birthdays(id_number: str) -> set[str]:
    """The birthday of an identity number (digits 7 to 14) as people write it, without separators."""
    try:
        day = dt.datetime.strptime(id_number[6:14], "%Y%m%d").replace(tzinfo=dt.UTC)
    except ValueError:
        return set()
    year, short, padded, plain = f"{day:%Y}", f"{day:%y}", (f"{day:%m}", f"{day:%d}"), (str(day.month), str(day.day))
    forms = set()
    for month, date in (padded, plain):
        for full in (year, short):
            forms |= {full + month + date, full + date + month, date + month + full, month + date + full}
    # Shorter ones would be found in passwords that have nothing to do with them.
    return {form for form in forms if len(form) >= _SHARED_DIGITS}
