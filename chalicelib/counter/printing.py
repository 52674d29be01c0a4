"""A voucher as text for a printer of 80 columns. Pure; no I/O, no clock."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from chalicelib.counter.vouchers import KINDS, Voucher
from chalicelib.platform import clock
from chalicelib.platform.money import grouped_text

COLUMNS = 80
_LABEL = 16
_RULE = "-" * COLUMNS
# What facts say in the bank's own words elsewhere.
_WORDS = {
    "whole": "全部存款",
    "in_force": "已生效",
    "waiting": "轮候",
    "lifted": "已解除",
    "executed": "已扣划完毕",
    "open": "正常",
    "frozen": "冻结",
    "lost": "挂失",
    "closed": "已注销",
    "express": "快捷版",
    "credit_card": "信用卡版",
    "professional": "专业版",
    "sms": "短信验证码",
    "token": "动态口令牌",
    "phone": "手机证书",
    "cloud": "云证书",
    "usb_key": "USB Key",
    "active": "正常",
    "applied": "已申请",
    "revoked": "已注销",
}


_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")


def width_of(text: str) -> int:
    """Columns that a text takes: Chinese characters, and signs that a Chinese printer sets wide, take two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1 for one in text)


def lines_of(voucher: Voucher, *, bank: str, words: str | None, place: int) -> list[str]:
    """The lines of a voucher's print, none wider than COLUMNS; `words` are its amount in words.

    `place` is the how many-th print it is: every one after the first says so (NB-5.1.6-3).
    """
    kind = KINDS[voucher.kind]
    at = clock.to_local_text(clock.from_text(voucher.at))
    facts = {fact: _told(value) for fact, value in voucher.facts.items()}
    rows = [(label, facts[fact]) for fact, label in kind.words.items() if fact in facts]
    if voucher.amount_fen is not None:
        rows.append(("金额（小写）", f"RMB {grouped_text(voucher.amount_fen)}"))
    if words is not None:
        rows.append(("金额（大写）", words))
    lines = [_centred(bank), _centred(kind.zh)]
    if place > 1:
        lines.append(_centred(f"*** 补打 第 {place} 次打印，与原凭证同号，不得重复使用 ***"))
    lines.append(_sides(f"凭证号：{voucher.number}", f"机构：{voucher.branch_id}"))
    lines.append(_sides(f"时间：{at}", f"会计日期：{voucher.business_date}"))
    lines.append(_RULE)
    for label, value in rows:
        lines += _row(label, value)
    if voucher.entry_id:
        lines += _row("分录编号", voucher.entry_id)
    lines.append(_RULE)
    lines.append(_sides(f"经办：{voucher.teller_id}", f"复核：{voucher.checker_id or '—'}"))
    lines.append(_sides("客户签名：__________________", "业务章：____________"))
    return lines


def _told(value: str) -> str:
    """A fact as it is printed: known words in the bank's own, moments in Shanghai's time."""
    if _MOMENT.fullmatch(value):
        return clock.to_local_text(clock.from_text(value))
    return _WORDS.get(value, value)


def _row(label: str, value: str) -> Iterator[str]:
    head = _padded(label, _LABEL)
    for piece in _wrapped(value, COLUMNS - _LABEL):
        yield head + piece
        head = " " * _LABEL


def _wrapped(text: str, columns: int) -> Iterator[str]:
    """The text in pieces of at most so many columns; an empty text is one empty piece."""
    piece, taken = "", 0
    for one in text:
        if taken + width_of(one) > columns:
            yield piece
            piece, taken = "", 0
        piece, taken = piece + one, taken + width_of(one)
    yield piece


def _padded(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width_of(text))


def _centred(text: str) -> str:
    return " " * max(0, (COLUMNS - width_of(text)) // 2) + text


def _sides(left: str, right: str) -> str:
    return left + " " * max(1, COLUMNS - width_of(left) - width_of(right)) + right
