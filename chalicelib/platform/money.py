"""Money: integer fen inside, decimal strings outside, never a binary fraction."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.platform.errors import AmountMalformed, AmountOutOfRange, CurrencyUnsupported

CURRENCY = "CNY"
FEN_PER_YUAN = 100
# The largest amount any single figure may have: 10^15 fen, which every engine on the way keeps exactly.
MAX_FEN = 10**15

# ASCII digits only: `\d` would also take digits of other scripts.
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in fen of one currency; may be negative (a debit)."""

    amount_fen: int
    currency: str = CURRENCY

    def __post_init__(self) -> None:
        if type(self.amount_fen) is not int:
            raise TypeError(f"amount_fen must be int, not {type(self.amount_fen).__name__}")
        if abs(self.amount_fen) > MAX_FEN:
            raise AmountOutOfRange()
        if self.currency != CURRENCY:
            raise CurrencyUnsupported()

    @classmethod
    def parse(cls, text: str, currency: str = CURRENCY) -> Money:
        """A non-negative amount from `"1234.56"`.

        Raises AmountMalformed (sign, exponent, separators, three decimals, other scripts' digits),
        AmountOutOfRange (over 10^15 fen), CurrencyUnsupported.
        """
        match = _DECIMAL.fullmatch(text)
        if match is None:
            raise AmountMalformed()
        yuan, fraction = match.groups()
        return cls(int(yuan) * FEN_PER_YUAN + int((fraction or "0").ljust(2, "0")), currency)

    def __str__(self) -> str:
        return decimal_text(self.amount_fen)


def decimal_text(amount_fen: int) -> str:
    """`123456` fen -> `"1234.56"`; what the API carries."""
    sign = "-" if amount_fen < 0 else ""
    yuan, fen = divmod(abs(amount_fen), FEN_PER_YUAN)
    return f"{sign}{yuan}.{fen:02d}"


def grouped_text(amount_fen: int) -> str:
    """`123456789` fen -> `"1,234,567.89"`; what people read."""
    sign = "-" if amount_fen < 0 else ""
    yuan, fen = divmod(abs(amount_fen), FEN_PER_YUAN)
    return f"{sign}{yuan:,}.{fen:02d}"
