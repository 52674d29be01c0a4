"""What a statement says, whatever the format: whose it is, for when, and its lines in the words people read. Pure."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from chalicelib.accounts.service import Line, words_of
from chalicelib.platform import clock
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.receipts import service as receipts
from chalicelib.statements.domain import Figures

ZH, EN = "zh", "en"
# What stands where a purpose has a character that XML cannot hold, or that would hide or reorder the others.
_SIGN = "\N{REPLACEMENT CHARACTER}"
_NONCHARACTERS = frozenset({0xFFFE, 0xFFFF})
_REORDERING = frozenset(map(chr, (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))


@dataclass(frozen=True, slots=True)
class Statement:
    """All but the lines. Amounts in fen; `bank_names` is by language.

    `figures` and `month` are a bill's, which knows its sums beforehand. `print_number` counts the prints of it, 1 the
    first; 0 where this is none.

    `is_over`: whether the period had ended when this was made; else it says up to when it is.
    """

    language: str
    account_id: str
    holder: str
    branch: str
    bank_names: Mapping[str, str]
    bank_code: str
    first_date: dt.date
    last_date: dt.date
    made_at: dt.datetime
    is_over: bool
    opening_fen: int
    closing_fen: int
    count: int
    month: str | None = None
    figures: Figures | None = None
    print_number: int = 0

    def say(self, zh: str, en: str) -> str:
        """That of the two which is the statement's language."""
        return en if self.language == EN else zh

    @property
    def bank(self) -> str:
        """The bank's name in the statement's language."""
        return self.bank_names[self.language]

    @property
    def title(self) -> str:
        """What kind of paper it is."""
        return (
            self.say("账户对账单", "Account statement") if self.month is None else self.say("月度账单", "Monthly bill")
        )

    @property
    def period(self) -> str:
        """Its first and last day, or up to which moment it is."""
        first = self.first_date.isoformat()
        if self.is_over:
            return self.say(f"{first} 至 {self.last_date.isoformat()}", f"{first} to {self.last_date.isoformat()}")
        until = clock.to_local_text(self.made_at)
        return self.say(f"{first} 起，截至 {until}", f"{first}, up to {until}")

    @property
    def ends_at(self) -> dt.datetime:
        """The last moment that it is about."""
        return self.made_at if not self.is_over else _midnight_after(self.last_date) - dt.timedelta(seconds=1)

    @property
    def begins_at(self) -> dt.datetime:
        """The first one."""
        return dt.datetime.combine(self.first_date, dt.time(), clock.SHANGHAI)


def _midnight_after(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), clock.SHANGHAI)


@dataclass(frozen=True, slots=True)
class Row:
    """One line as people read it: `at` in Shanghai, the other side masked, no character in its texts that is none."""

    seq: int
    booked_on: dt.date
    valued_on: dt.date
    at: dt.datetime
    kind: str
    words: tuple[str, str]
    amount_fen: int
    balance_fen: int
    counterparty_name: str
    counterparty_account: str
    purpose: str
    entry_id: str
    receipt_number: str

    @property
    def time(self) -> str:
        """`2026-11-21 23:59:59`, Asia/Shanghai."""
        return clock.to_local_text(self.at)

    @property
    def grouped_receipt(self) -> str:
        """The receipt's number in groups: as one number a spreadsheet would round it."""
        return receipts.grouped(self.receipt_number)


class Rows(Protocol):
    """The lines of a statement, to be gone through once; `figures` is what they add up to, once they have been."""

    def __iter__(self) -> Iterator[Row]: ...

    @property
    def figures(self) -> Figures: ...


class Writer(Protocol):
    """A format: writes a statement to `sink`; what `rows` raises comes through, and the file is to be thrown away."""

    def __call__(self, statement: Statement, rows: Rows, sink: BinaryIO) -> None: ...


def row_of(line: Line, receipt_number: str) -> Row:
    """A line as people read it. `receipt_number` is empty where its entry has no receipt."""
    movement = line.movement
    return Row(
        seq=movement.seq,
        booked_on=dt.date.fromisoformat(movement.business_date),
        valued_on=dt.date.fromisoformat(movement.valued_on),
        at=clock.from_text(movement.posted_at).astimezone(clock.SHANGHAI),
        kind=movement.kind,
        words=words_of(movement.kind, movement.amount_fen),
        amount_fen=movement.amount_fen,
        balance_fen=movement.balance_fen,
        counterparty_name=mask_name(plain(line.counterparty_name)) if line.counterparty_name else "",
        counterparty_account=mask_account(line.counterparty_account) if line.counterparty_account else "",
        purpose=plain(line.purpose),
        entry_id=movement.entry_id,
        receipt_number=receipt_number,
    )


def plain(text: str) -> str:
    """The text on one line, with a sign in the place of what no format can show."""
    if text.isprintable():
        return text  # as nearly all are
    return "".join(_plain(character) for character in text)


def _plain(character: str) -> str:
    if character in "\t\n\r":
        return " "
    hidden = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _REORDERING
    return _SIGN if hidden or ord(character) & 0xFFFF in _NONCHARACTERS else character
