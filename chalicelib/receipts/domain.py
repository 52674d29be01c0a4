"""Receipt number and amount in words. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import re

from stdnum.iso7064 import mod_97_10

from chalicelib.platform.money import FEN_PER_YUAN, MAX_FEN

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
_SECTIONS = ("", "万", "亿", "万亿")
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


def amount_in_words(amount_fen: int) -> str:
    """RMB in words (人民币大写) by the central bank's rules for vouchers; 0 to 10^15 fen.

    A zero between digits is written. Where the rules leave a choice, this is ours: no 零 between 万 and a
    following 仟, 零 between a yuan figure that ends in 0 and 角, 整 after 元 only. So 107,000.53 is
    壹拾万柒仟元零伍角叁分. Raises ValueError out of range.
    """
    if not 0 <= amount_fen <= MAX_FEN:
        raise ValueError("out of range")
    yuan, rest = divmod(amount_fen, FEN_PER_YUAN)
    jiao, fen = divmod(rest, 10)
    words = _integer(yuan) + "元" if yuan else ""
    if not rest:
        return (words or "零元") + "整"
    if yuan and (jiao == 0 or yuan % 10 == 0):
        words += "零"
    if jiao:
        words += _DIGITS[jiao] + "角"
    if fen:
        words += _DIGITS[fen] + "分"
    return words


def _integer(number: int) -> str:
    sections = []
    while number:
        number, section = divmod(number, 10_000)
        sections.append(section)
    words, skipped = "", False
    for power in range(len(sections) - 1, -1, -1):
        section = sections[power]
        if section == 0:
            skipped = True
            continue
        if words and (section < 1000 or skipped):
            words += "零"
        words += _section(section) + _unit(power, sections)
        skipped = False
    return words


def _unit(power: int, sections: list[int]) -> str:
    # 万亿 is written once: 壹万亿 when nothing follows in 亿, 壹万贰仟亿 when something does.
    if power == 3 and sections[2]:
        return "万"
    return _SECTIONS[power]


def _section(section: int) -> str:
    words, pending_zero = "", False
    for place, digit in zip(_PLACES, f"{section:04d}", strict=True):
        if digit == "0":
            pending_zero = bool(words)
            continue
        words += ("零" if pending_zero else "") + _DIGITS[int(digit)] + place
        pending_zero = False
    return words
