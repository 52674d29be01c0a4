"""Receipt numbers. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import re

from stdnum.iso7064 import mod_97_10

_NUMBER_DIGITS = 16
_NUMBER = re.compile(r"[0-9]{26}")


def receipt_number(business_date: str, entry_id: str) -> str:
    """26 digits: business date, 16 digits of the entry's SHA-256, and two check digits (ISO 7064 MOD 97-10).

    Derived from the entry, so there is no counter that every receipt would wait for.
    """
    number = int.from_bytes(hashlib.sha256(entry_id.encode()).digest()) % 10**_NUMBER_DIGITS
    body = f"{business_date}{number:0{_NUMBER_DIGITS}d}"
    return body + mod_97_10.calc_check_digits(body)


def is_receipt_number(text: str) -> bool:
    """Whether it can be a receipt's number: what was mistyped is not looked up."""
    return _NUMBER.fullmatch(text) is not None and bool(mod_97_10.is_valid(text))
