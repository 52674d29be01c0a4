"""Print a voucher, and print it again: each print is counted, each after the first says so (NB-5.1.6-3)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.counter import printing, service, store
from chalicelib.platform import clock, updates
from chalicelib.platform.errors import TryAgain
from chalicelib.platform.money_words import in_words
from chalicelib.staff import service as staff

# Prints of one voucher at the same moment; each that is overtaken looks again.
MAX_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Print:
    """A voucher's text, and the how many-th print of it this is."""

    number: str
    place: int
    text: str


def print_voucher(number: str, *, by: str) -> Print:
    """Count a print, then give its text. Raises NotFound, StaffNotEntitled (another branch's), TryAgain."""
    voucher = service.voucher_of(number)
    staff.require_teller(by, voucher.branch_id)
    for _ in range(MAX_ATTEMPTS):
        place = store.prints_of(number) + 1
        facts = {"number": number, "by": by, "at": clock.to_text(clock.now())}
        try:
            updates.run_together([store.print_put(number, place, facts)])
        except updates.Overtaken:
            continue
        amount_fen = voucher.amount_fen
        words = in_words(amount_fen) if amount_fen is not None else None
        bank = staff.branch_of(voucher.branch_id).name
        return Print(number, place, "\n".join(printing.lines_of(voucher, bank=bank, words=words, place=place)) + "\n")
    raise TryAgain()
