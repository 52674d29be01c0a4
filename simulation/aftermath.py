"""The books of what follows from money: statement lines, receipts, alerts, bills and the customers' lists."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from simulation.engine import Changed, Image
from simulation.images import Line, Posted, binary, text, whole

# A settled alert; see chalicelib.notifications.
SENT = "sent"
# Where a transfer has its end.
ENDED = ("posted", "cancelled", "returned")


class Aftermath:
    """What was written because of entries; `entries` are those that were posted, kept by the books."""

    def __init__(self, broken: Callable[[str], None], entries: Mapping[str, Posted]) -> None:
        self._broken, self.entries = broken, entries
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.written: Counter[str] = Counter()
        self.chains: dict[str, bytes] = {}
        self.receipts: set[str] = set()
        # What an entry reverses.
        self.reverses: dict[str, str] = {}
        self.inbox: dict[tuple[str, str], Image] = {}
        self.bills: dict[tuple[str, str], Image] = {}
        self.listed: dict[str, str] = {}
        self.sends: Counter[str] = Counter()

    def most_lines_behind(self) -> int:
        """How many lines are still to be written to the account that lacks most."""
        return max((len(lines) - self.written[account] for account, lines in self.lines.items()), default=0)

    def provider_took(self, message_id: str) -> None:
        """A message left the bank."""
        self.sends[message_id] += 1
        if "#code#" not in message_id and self.sends[message_id] > 1:
            self._broken(f"alert {message_id} sent {self.sends[message_id]} times")

    def movement(self, change: Changed) -> None:
        new = change.new
        if change.old is not None or new is None:
            self._broken("a statement line was changed or removed")
            return
        account_id, seq = text(new, "account_id"), whole(new, "seq")
        if seq != self.written[account_id] + 1 or seq > len(self.lines[account_id]):
            self._broken(f"line {seq} of {account_id} was written after line {self.written[account_id]}")
            return
        self.written[account_id] = seq
        line = Line(
            seq,
            text(new, "business_date"),
            whole(new, "amount_fen"),
            whole(new, "balance_fen"),
            text(new, "kind"),
            text(new, "entry_id"),
            text(new, "value_date"),
        )
        if line != self.lines[account_id][seq - 1]:
            self._broken(f"line {line} of {account_id} should be {self.lines[account_id][seq - 1]}")
        facts: dict[str, Any] = {
            "account_id": account_id,
            "amount_fen": line.amount_fen,
            "balance_fen": line.balance_fen,
            "business_date": line.business_date,
            "entry_id": line.entry_id,
            "kind": line.kind,
            "posted_at": text(new, "posted_at"),
            "seq": seq,
        }
        if line.value_date:
            facts["value_date"] = line.value_date
        canonical = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
        chain = hashlib.sha256(self.chains.get(account_id, b"\x00" * 32) + canonical).digest()
        self.chains[account_id] = chain
        if binary(new, "chain") != chain:
            self._broken(f"line {seq} of {account_id} breaks the chain")

    def is_receipted(self, entry: Posted) -> bool:
        """Whether an entry gets a receipt: a transfer, and what reverses one."""
        original = self.entries.get(self.reverses.get(entry.entry_id, ""))
        return entry.kind == "transfer" or (original is not None and original.kind == "transfer")

    def receipt(self, change: Changed) -> None:
        new = change.new or {}
        entry_id = text(new, "entry_id")
        if change.old is not None or change.new is None:
            self._broken(f"the receipt of {entry_id} was changed or removed")
            return
        entry = self.entries.get(entry_id)
        if entry is None or not self.is_receipted(entry):
            self._broken(f"a receipt for {entry_id}, which is not posted")
            return
        principal = sum(fen for _, fen, kind in entry.legs if fen > 0 and kind == "principal")
        if whole(new, "amount_fen") != principal or text(new, "business_date") != entry.business_date:
            self._broken(f"the receipt of {entry_id} says something else than the entry")
        self.receipts.add(entry_id)

    def inbox_row(self, change: Changed) -> None:
        old, new = change.old, change.new
        if new is None:
            self._broken("an inbox row was removed")
            return
        key = text(new, "customer_id"), text(new, "notification_id")
        if old is not None and (text(old, "text") != text(new, "text") or text(old, "sms") == SENT != text(new, "sms")):
            self._broken(f"the inbox row {key} was changed after it was sent")
        self.inbox[key] = new

    def bill(self, change: Changed) -> None:
        new = change.new or {}
        key = text(new, "account_id"), text(new, "month")
        if change.old is not None or change.new is None:
            self._broken(f"the bill {key} was changed or removed")
            return
        self.bills[key] = new

    def transfer_row(self, change: Changed) -> None:
        old, new = change.old, change.new or {}
        if old is not None and text(old, "state") in ENDED and text(old, "state") != text(new, "state"):
            self._broken(f"the list shows {text(new, 'entry_id')} as {text(new, 'state')} after {text(old, 'state')}")
        self.listed[text(new, "entry_id")] = text(new, "state")


AFTERMATH: Mapping[str, Callable[[Aftermath, Changed], None]] = {
    "MovementsTable": Aftermath.movement,
    "ReceiptsTable": Aftermath.receipt,
    "InboxTable": Aftermath.inbox_row,
    "BillsTable": Aftermath.bill,
    "TransfersTable": Aftermath.transfer_row,
}
