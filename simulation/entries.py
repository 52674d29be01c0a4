"""The books of entries: that each says and does what its payer wanted, confirmed, and was quoted."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from simulation.engine import Image
from simulation.images import Posted, text, whole

if TYPE_CHECKING:
    from simulation.books import Books

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Entries:
    """What an instruction says when it is quoted, confirmed and posted. `books` has all that was written before."""

    def __init__(self, books: Books) -> None:
        self._books, self._broken = books, books.broken
        # What a person wants has one key, and stands in the purpose.
        self.keys: Counter[str] = Counter()
        self.purposes: Counter[str] = Counter()

    def quoted(self, image: Image) -> None:
        """A new instruction: one a key, with the fee that was in force; own accounts and returns cost nothing."""
        if "order_id" in image or "batch_id" in image:
            return  # quoted and signed with its order, or its batch
        if "returns" not in image:
            purpose = text(image, "purpose")
            self.keys[purpose] += 1
            if self.keys[purpose] > 1:
                self._broken(f"{purpose}, one idempotency key, gave two instructions")
        fees = {0}
        if not self._is_own(image) and "returns" not in image:
            fees = self._books.policy.fees(text(image, "created_at"), to_other_bank="payee_bank" in image)
        if whole(image, "fee_fen") not in fees:
            self._broken(f"entry {text(image, 'entry_id')} quotes {whole(image, 'fee_fen')} fen, in force: {fees}")

    def confirmed(self, image: Image, at: str) -> None:
        """It was confirmed at `at` (text): by its code, by a live session of its payer, in time."""
        entry_id, customer_id = text(image, "entry_id"), text(image, "customer_id")
        at_once = text(image, "factor") == "none"
        is_ordered = "order_id" in image or "batch_id" in image
        if at_once and not self._is_own(image):
            self._broken(f"entry {entry_id} pays somebody else without any factor")
        if not at_once and not is_ordered and entry_id not in self._books.right_codes:
            self._broken(f"entry {entry_id} was confirmed though nobody entered its code")
        if not is_ordered and self._books.standing.is_ended(customer_id, text(image, "session_id")):
            self._broken(f"entry {entry_id} was confirmed by a session that had been ended")
        if text(image, "valid_until") <= at:
            self._broken(f"entry {entry_id} was confirmed after it had expired")
        if not self._is_own(image) and customer_id in self._books.standing.switched_off:
            self._broken(f"entry {entry_id} was confirmed though its payer had switched transfers off")

    def posted(self, posted: Posted, image: Image) -> None:
        """It was posted: it balances, has its day, and does what it says."""
        if sum(fen for _, fen, _ in posted.legs) != 0 or len(posted.legs) < 2:
            self._broken(f"entry {posted.entry_id} does not balance: {posted.legs}")
        moment = dt.datetime.fromisoformat(text(image, "posted_at"))
        if posted.business_date != moment.astimezone(SHANGHAI).strftime("%Y%m%d"):
            self._broken(f"entry {posted.entry_id} of {moment} has business date {posted.business_date}")
        if posted.kind == "reversal":
            self._reversal(posted.entry_id, image)
        if posted.kind == "transfer":
            self._transfer(posted, image)

    def _transfer(self, posted: Posted, image: Image) -> None:
        if "order_id" in image:
            self._books.ordered.entry(image)
        elif "returns" in image:
            self._books.recalled.returned(image)
        else:
            self.purposes[posted.purpose] += 1
            if self.purposes[posted.purpose] > 1:
                self._broken(f"{posted.purpose}, one idempotency key, was posted twice")
        if "batch_id" in image:
            self._books.together.entry(image)
        if "paycode" in image:
            self._books.scanned.entry(image)
        payer, payee = text(image, "payer_account"), text(image, "payee_account")
        amount, fee = whole(image, "amount_fen"), whole(image, "fee_fen")
        is_here = "payee_bank" not in image
        wanted = {(payer, -amount, "principal"), (payee if is_here else "H-CLEARING", amount, "principal")}
        if fee:
            wanted |= {(payer, -fee, "fee"), ("H-FEE-INCOME", fee, "fee")}
        if set(posted.legs) != wanted or len(posted.legs) != len(wanted):
            self._broken(f"entry {posted.entry_id} does not post what was signed: {posted.legs}")
        if self._books.owner.get(payer) != posted.customer_id:
            self._broken(f"entry {posted.entry_id} takes from an account of another customer")
        if not is_here:
            self._books.elsewhere.entry(image)
        elif self._books.holder.get(payee) != text(image, "payee_name"):
            self._broken(f"entry {posted.entry_id} pays an account of another name")

    def _reversal(self, entry_id: str, image: Image) -> None:
        original_id = text(image, "reverses")
        original = self._books.entries.get(original_id)
        self._books.aftermath.reverses[entry_id] = original_id
        mirror = [(account, -fen, kind) for account, fen, kind in self._books.entries[entry_id].legs]
        if original is None or list(original.legs) != mirror:
            self._broken(f"reversal {entry_id} is not the mirror of {original_id}")
        self._books.recalled.gives_back(original_id, entry_id)
        self._books.elsewhere.reversal(original_id, text(image, "ordered_by"))
        self._books.give_back(original_id)

    def _is_own(self, image: Image) -> bool:
        """Whether it goes from one account of a customer to another; a number at another bank is nobody's here."""
        if "payee_bank" in image:
            return False
        owner = self._books.owner
        return owner.get(text(image, "payer_account")) == owner.get(text(image, "payee_account"))
