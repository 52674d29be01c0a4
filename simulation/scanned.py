"""The books of receive codes: one for one payment is paid once, a static one within its day, none once withdrawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from simulation.engine import Changed, Image
from simulation.images import text, whole

SINGLE, STATIC = "single", "static"
OPEN, USED, WITHDRAWN = "open", "used", "withdrawn"
# What a customer may pay by static codes a day, in fen (founding.BUSY_PARAMETERS).
STATIC_DAY_FEN = 50_00


class Scanned:
    """Codes by id as they are, and what was paid by them."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self.codes: dict[str, Image] = {}
        self.paid: Counter[str] = Counter()
        # Whose payee has asked for that; known from what people do.
        self.asked_back: set[str] = set()
        self._static_fen: Counter[tuple[str, str]] = Counter()
        self._counted_fen: dict[tuple[str, str], int] = {}
        self._entries: dict[str, Image] = {}
        self._used: dict[str, str] = {}

    def begin_write(self) -> None:
        """Forget the write before."""
        self._entries.clear()
        self._used.clear()

    def entry(self, image: Image) -> None:
        """A payment by a code was posted: to whom the code names, and as the code still could be paid."""
        entry_id, code = text(image, "entry_id"), self.codes[text(image, "paycode")]
        self._entries[text(image, "paycode")] = image
        self.paid[text(code, "kind")] += 1
        if text(code, "state") != OPEN:
            self._broken(f"{entry_id} was paid by a code that is {text(code, 'state')}")
        if (text(code, "account_id"), text(code, "holder")) != (
            text(image, "payee_account"),
            text(image, "payee_name"),
        ) or code.get("amount_fen", image["amount_fen"]) != image["amount_fen"]:
            self._broken(f"{entry_id} does not pay what its code asks for")
        if text(code, "kind") == STATIC:
            day = text(image, "customer_id"), text(image, "business_date")
            self._static_fen[day] += whole(image, "amount_fen")
            if self._static_fen[day] > STATIC_DAY_FEN:
                self._broken(f"{day} paid {self._static_fen[day]} fen by static codes, of {STATIC_DAY_FEN}")

    def customer(self, change: Changed) -> None:
        """A customer's record counts what was paid by static codes on a day."""
        new = change.new or {}
        for name in new:
            word, _, date = name.partition("_")
            if word == STATIC:
                self._counted_fen[text(new, "customer_id"), date] = whole(new, name)

    def row(self, change: Changed) -> None:
        """A code as it is from this write on; an account's place for its static one is no code."""
        old, new = change.old, change.new or {}
        if text(new, "kind") not in (SINGLE, STATIC):
            return
        code_id, state = text(new, "code_id"), text(new, "state")
        before = text(old, "state") if old else ""
        if (before, state) not in {("", OPEN), (OPEN, USED), (OPEN, WITHDRAWN), (WITHDRAWN, WITHDRAWN)}:
            self._broken(f"code {code_id} went from {before} to {state}")
        self.codes[code_id] = new
        if state == USED != before:
            self._used[code_id] = text(new, "used_by")
        if state == WITHDRAWN and code_id not in self.asked_back:
            newer = [one for one in self.codes.values() if text(one, "account_id") == text(new, "account_id")]
            if text(new, "kind") == SINGLE or len(newer) < 2:
                self._broken(f"code {code_id} was withdrawn, but nobody asked for that")

    def end_write(self) -> None:
        """A code for one payment is used by it, in its own write; an account has one static code."""
        single = {
            code_id: text(image, "entry_id")
            for code_id, image in self._entries.items()
            if text(self.codes[code_id], "kind") == SINGLE
        }
        if single != self._used:
            self._broken(f"paid by codes: {single}; used: {self._used}")
        if any(self._counted_fen.get(day, 0) != fen for day, fen in self._static_fen.items()):
            self._broken(f"paid by static codes: {self._static_fen}; counted: {self._counted_fen}")
        statics = Counter(
            text(code, "account_id")
            for code in self.codes.values()
            if text(code, "kind") == STATIC and text(code, "state") == OPEN
        )
        if any(number > 1 for number in statics.values()):
            self._broken(f"accounts have more than one static code: {statics}")
