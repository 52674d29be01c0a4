"""Amounts in Chinese capital words (人民币大写), as vouchers state them beside the figures. Pure.

The rule is the annex of the central bank's 《支付结算办法》 (银发〔1997〕393号), 《正确填写票据和结算凭证的基本规定》,
clauses two to four. Where clause four leaves a choice, `in_words` states the bank's own.
"""

from __future__ import annotations

from chalicelib.platform.errors import AmountOutOfRange
from chalicelib.platform.money import FEN_PER_YUAN, MAX_FEN

PREFIX = "人民币"
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
_SECTIONS = ("", "万", "亿", "万亿")


def in_words(amount_fen: int) -> str:
    """RMB in words, with 人民币 before them and no space (clause three); 0 to 10^15 fen.

    整 stands after 元 alone (clause two admits it after 角, too, and forbids it after 分). Zeros between digits are
    one 零 (four, first and second). Where 万 or 元 stands at a zero and 仟 or 角 follows, both ways are right (four,
    third): ours are no 零 between 万 and 仟, and one between 元 and 角. 元 with 分 and no 角 has its 零 (four, fourth).
    So 107,000.53 is 人民币壹拾万柒仟元零伍角叁分. Raises AmountOutOfRange.
    """
    if not 0 <= amount_fen <= MAX_FEN:
        raise AmountOutOfRange()
    yuan, rest = divmod(amount_fen, FEN_PER_YUAN)
    jiao, fen = divmod(rest, 10)
    words = PREFIX + (_integer(yuan) + "元" if yuan else "")
    if not rest:
        return words + ("整" if yuan else "零元整")
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
