"""The books beside the books: what must hold after every single write, kept from the writes alone.

Nothing here calls the bank's code or reads a table: each write is judged by what it changed and by what
was written before, so a step costs the same however long the run. Owners, limits used, balances, lines and
chains are added up again, by another way.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from simulation.deferred import Deferred
from simulation.engine import Changed, Image
from simulation.images import Held, Line, Posted, binary, booked, is_house, lines_due, text, whole

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOST_TRIES = 5
ACCOUNT_LIMITS = {"day": "limit_day", "count": "limit_count", "month": "limit_month", "year": "limit_year"}
CUSTOMER_LIMITS = {"outward": "limit_outward", "nocert": "limit_nocert"}
# A settled alert; see chalicelib.notifications.
SENT = "sent"
# Money may come into these, and leave an open account only.
RECEIVING = ("open", "frozen", "lost")


class Books:
    """All that has been written so far, in the shape the rules need. `broken` is told what does not hold."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self.owner: dict[str, str] = {}
        self.holder: dict[str, str] = {}
        self.opened_on: dict[str, str] = {}
        self.entries: dict[str, Posted] = {}
        self.journal_ids: dict[str, str] = {}
        self.purposes: Counter[str] = Counter()
        self.holds: dict[str, Held] = {}
        self.held_fen: Counter[str] = Counter()
        self.outward: dict[str, tuple[str, int, str]] = {}
        self.reversed: dict[str, str] = {}
        self.used: Counter[tuple[str, str]] = Counter()
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.written: Counter[str] = Counter()
        self.chains: dict[str, bytes] = {}
        self.receipts: set[str] = set()
        self.inbox: dict[tuple[str, str], Image] = {}
        self.bills: dict[tuple[str, str], Image] = {}
        self.listed: dict[str, str] = {}
        self.revoked: dict[str, set[str]] = defaultdict(set)
        self.right_codes: set[str] = set()
        self.sends: Counter[str] = Counter()
        self._applied: set[tuple[str, str]] = set()
        self.deferred = Deferred(broken)
        self.accounts_fen = 0

    def see(self, changes: list[Changed]) -> None:
        """Judge one write: all items that it changed, together."""
        order = {"JournalTable": 0, "DeferredLegsTable": 1, "CustomersTable": 2, "AccountsTable": 3}
        posted: list[Posted] = []
        self.deferred.begin_write()
        for change in sorted(changes, key=lambda one: order.get(one.table, 4)):
            if change.table == "JournalTable":
                entry = self._journal(change)
                if entry is not None:
                    posted.append(entry)
            elif change.table in _JUDGES:
                _JUDGES[change.table](self, change)
        changed = {text(c.new, "account_id"): c.new for c in changes if c.table == "AccountsTable" and c.new}
        customers = {text(c.new, "customer_id"): c.new for c in changes if c.table == "CustomersTable" and c.new}
        for entry in posted:
            self._all_legs_applied(entry, changed, customers)
        for account_id, image in changed.items():
            self._buckets_hold_what_remains(account_id, image)
        for account_id in self.deferred.unclaimed():
            self._broken(f"deferred legs are noted as posted to {account_id}, but not posted")
        # Every entry adds up to zero, so all accounts do, with what is still on its way.
        if self.accounts_fen + self.deferred.pending_fen:
            self._broken(f"money: accounts hold {self.accounts_fen} fen, {self.deferred.pending_fen} are on their way")

    def provider_took(self, message_id: str) -> None:
        """A message left the bank."""
        self.sends[message_id] += 1
        if "#code#" not in message_id and self.sends[message_id] > 1:
            self._broken(f"alert {message_id} sent {self.sends[message_id]} times")

    # ---- the journal ----------------------------------------------------------------------------
    def _journal(self, change: Changed) -> Posted | None:
        old, new = change.old, change.new
        if new is None:
            self._broken("a journal item was removed")
            return None
        entry_id = text(new, "entry_id")
        if old is not None and text(old, "state") == "posted":
            self._marked(entry_id, old, new)
            return None
        if text(new, "kind") == "transfer":
            self.journal_ids[entry_id] = text(new, "customer_id")
        if text(new, "kind") == "hold":
            self._hold(entry_id, old, new)
        if "tries" in new and whole(new, "tries") > MOST_TRIES:
            self._broken(f"entry {entry_id} had {whole(new, 'tries')} tries")
        if text(new, "state") != "posted":
            return None
        maps = [leg["M"] for leg in new["postings"]["L"]]
        legs = tuple((leg["a"]["S"], int(leg["f"]["N"]), leg["k"]["S"]) for leg in maps)
        posted = Posted(
            entry_id,
            text(new, "kind"),
            text(new, "customer_id"),
            text(new, "purpose"),
            text(new, "business_date"),
            legs,
            frozenset(leg["a"]["S"] for leg in maps if "d" in leg or is_house(leg["a"]["S"])),
        )
        self.entries[entry_id] = posted
        self.deferred.add(posted)
        self._entry_is_right(posted, new)
        return posted

    def _marked(self, entry_id: str, old: Image, new: Image) -> None:
        """A posted entry never changes, but for the name of its one reversal."""
        rest = {name: value for name, value in new.items() if name != "reversed_by"}
        if rest != old or "reversed_by" in old:
            self._broken(f"entry {entry_id} was written again after it was posted")
        self.reversed[entry_id] = text(new, "reversed_by")

    def _hold(self, hold_id: str, old: Image | None, new: Image) -> None:
        state = text(new, "state")
        if old is None:
            hold = Held(
                text(new, "payer_account"),
                whole(new, "amount_fen"),
                whole(new, "counted_fen"),
                text(new, "held_on"),
                state,
            )
            self.holds[hold_id] = hold
            self.held_fen[hold.account_id] += hold.amount_fen
            if hold.counted_fen:
                self._take(hold.account_id, hold.held_on, hold.counted_fen, 1)
            return
        hold = self.holds[hold_id]
        if hold.state != "held":
            self._broken(f"hold {hold_id} went from {hold.state} to {state}")
        hold.state = state
        self.held_fen[hold.account_id] -= hold.amount_fen
        captured = whole(new, "captured_fen") if state == "posted" else 0
        if hold.counted_fen:
            self._take(hold.account_id, hold.held_on, captured - hold.counted_fen, 0 if captured else -1)

    def _reversal(self, entry_id: str, image: Image) -> None:
        original_id = text(image, "reverses")
        original = self.entries.get(original_id)
        mirror = [(account, -fen, kind) for account, fen, kind in self.entries[entry_id].legs]
        if original is None or list(original.legs) != mirror:
            self._broken(f"reversal {entry_id} is not the mirror of {original_id}")
        if original_id in self.outward:
            payer, amount, day = self.outward[original_id]
            self._take(payer, day, -amount, -1)

    def _take(self, account_id: str, day: str, amount_fen: int, count: int) -> None:
        """Count on all of an account's limits; negative where something is given back."""
        if amount_fen or count:
            for bucket in (f"day_{day}", f"month_{day[:6]}", f"year_{day[:4]}"):
                self.used[account_id, bucket] += amount_fen
            self.used[account_id, f"count_{day}"] += count

    def _buckets_hold_what_remains(self, account_id: str, image: Image) -> None:
        """Every counter of an account that was written says exactly what is left, and so does what is held."""
        for name in image:
            prefix, _, period = name.partition("_")
            if prefix not in ACCOUNT_LIMITS or not period.isdigit():
                continue
            limit, used = whole(image, ACCOUNT_LIMITS[prefix]), self.used[account_id, name]
            if used > limit:
                self._broken(f"{account_id} used {used} of {limit} in {name}")
            if whole(image, name) != limit - used:
                self._broken(f"{account_id} has {whole(image, name)} left in {name}, but used {used} of {limit}")
        if whole(image, "held_fen") != self.held_fen[account_id]:
            self._broken(f"{account_id} holds {whole(image, 'held_fen')} fen, open holds {self.held_fen[account_id]}")

    def _entry_is_right(self, posted: Posted, image: Image) -> None:
        if sum(fen for _, fen, _ in posted.legs) != 0 or len(posted.legs) < 2:
            self._broken(f"entry {posted.entry_id} does not balance: {posted.legs}")
        moment = dt.datetime.fromisoformat(text(image, "posted_at"))
        if posted.business_date != moment.astimezone(SHANGHAI).strftime("%Y%m%d"):
            self._broken(f"entry {posted.entry_id} of {moment} has business date {posted.business_date}")
        if posted.kind == "reversal":
            self._reversal(posted.entry_id, image)
        if posted.kind == "transfer":
            self._transfer_is_right(posted, image)

    def _transfer_is_right(self, posted: Posted, image: Image) -> None:
        self.purposes[posted.purpose] += 1
        if self.purposes[posted.purpose] > 1:
            self._broken(f"{posted.purpose}, one idempotency key, was posted twice")
        payer, payee = text(image, "payer_account"), text(image, "payee_account")
        own = self.owner.get(payer) == self.owner.get(payee)
        at_once = text(image, "factor") == "none"
        if at_once and not own:
            self._broken(f"entry {posted.entry_id} pays somebody else without any factor")
        if not at_once and posted.entry_id not in self.right_codes:
            self._broken(f"entry {posted.entry_id} was posted though nobody entered its code")
        if text(image, "session_id") in self.revoked[posted.customer_id]:
            self._broken(f"entry {posted.entry_id} was posted by a session that had been ended")
        if not at_once and text(image, "valid_until") <= text(image, "posted_at"):
            self._broken(f"entry {posted.entry_id} was posted after it had expired")
        amount, fee = whole(image, "amount_fen"), whole(image, "fee_fen")
        wanted = {(payer, -amount, "principal"), (payee, amount, "principal")}
        if fee:
            wanted |= {(payer, -fee, "fee"), ("H-FEE-INCOME", fee, "fee")}
        if set(posted.legs) != wanted or len(posted.legs) != len(wanted):
            self._broken(f"entry {posted.entry_id} does not post what was signed: {posted.legs}")
        if self.owner.get(payer) != posted.customer_id:
            self._broken(f"entry {posted.entry_id} takes from an account of another customer")
        if self.holder.get(payee) != text(image, "payee_name"):
            self._broken(f"entry {posted.entry_id} pays an account of another name")

    def _all_legs_applied(self, entry: Posted, accounts: dict[str, Image], customers: dict[str, Image]) -> None:
        for account_id in {account: None for account, _, _ in entry.legs if account not in entry.deferred}:
            if (account_id, entry.entry_id) not in self._applied:
                self._broken(f"entry {entry.entry_id} is posted, but not on {account_id}")
        payers = [account for account, fen, _ in entry.legs if fen < 0]
        payees = [account for account, fen, kind in entry.legs if fen > 0 and kind == "principal"]
        if entry.kind != "transfer" or self.owner.get(payers[0]) == self.owner.get(payees[0]):
            return
        amount = sum(fen for _, fen, kind in entry.legs if fen > 0 and kind == "principal")
        day = entry.business_date
        self.outward[entry.entry_id] = payers[0], amount, day
        took = {f"day_{day}": amount, f"month_{day[:6]}": amount, f"year_{day[:4]}": amount, f"count_{day}": 1}
        self._within(payers[0], accounts.get(payers[0]), took, ACCOUNT_LIMITS)
        customer = entry.customer_id
        took = {f"outward_{day}": amount, f"nocert_{day}": amount}
        self._within(customer, customers.get(customer), took, CUSTOMER_LIMITS)

    def _within(self, who: str, image: Image | None, took: dict[str, int], limits: dict[str, str]) -> None:
        """No limit is exceeded, by our own adding up; and the bucket holds exactly what remains."""
        for bucket, amount in took.items():
            self.used[who, bucket] += amount
            if image is None:
                self._broken(f"{who} paid, but no counter of it was written")
                continue
            limit = whole(image, limits[bucket.partition("_")[0]])
            used = self.used[who, bucket]
            if used > limit:
                self._broken(f"{who} used {used} of {limit} in {bucket}")
            if bucket not in image or whole(image, bucket) != limit - used:
                has = whole(image, bucket) if bucket in image else "nothing"
                self._broken(f"{who} has {has} left in {bucket}, but used {used} of {limit}")

    # ---- accounts and customers -------------------------------------------------------------------
    def _account(self, change: Changed) -> None:
        old, new = change.old, change.new
        if new is None:
            self._broken("an account was removed")
            return
        account_id = text(new, "account_id")
        if old is None:
            if is_house(account_id):
                return
            self.owner[account_id] = text(new, "customer_id")
            self.holder[account_id] = text(new, "holder")
            self.opened_on[account_id] = text(new, "opened_on")
            return
        if whole(new, "held_fen") < 0 or (whole(new, "available_fen") < 0 and not is_house(account_id)):
            self._broken(f"account {account_id} has {whole(new, 'available_fen')} fen available")
        moved = booked(new) - booked(old)
        self.accounts_fen += moved
        lines = whole(new, "seq") - whole(old, "seq")
        if lines == 0:
            if moved:
                self._broken(f"account {account_id} moved {moved} fen without a line")
            return
        brought = self.deferred.brought_to(account_id)
        entries = [self.entries[id_] for id_ in brought or [text(new, "e0")] if id_ in self.entries]
        legs = [leg for entry in entries for leg in entry.legs_of(account_id)]
        if len(legs) != lines or sum(fen for _, fen, _ in legs) != moved:
            self._broken(f"account {account_id} moved {moved} fen in {lines} lines; the entries say {legs}")
            return
        for entry in entries:
            if (account_id, entry.entry_id) in self._applied or (account_id in entry.deferred) != bool(brought):
                self._broken(f"entry {entry.entry_id} was applied to {account_id} twice, or by another's write")
            self._applied.add((account_id, entry.entry_id))
        may = ("open",) if moved < 0 and entries[0].kind == "transfer" else RECEIVING
        # What comes from the stream was decided before: no state stops it.
        if not brought and text(old, "state") not in may and (moved > 0 or entries[0].kind == "transfer"):
            self._broken(f"account {account_id} is {text(old, 'state')}, but moved {moved} fen")
        if text(new, "business_date") < text(old, "business_date"):
            self._broken(f"account {account_id} went back to {text(new, 'business_date')}")
        if not is_house(account_id):
            self.lines[account_id] += lines_due(old, text(new, "business_date"), entries)

    def _customer(self, change: Changed) -> None:
        new = change.new or {}
        self.revoked[text(new, "customer_id")].update(new.get("revoked", {}).get("M", {}))

    # ---- what follows from money ----------------------------------------------------------------
    def _movement(self, change: Changed) -> None:
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

    def _receipt(self, change: Changed) -> None:
        new = change.new or {}
        entry_id = text(new, "entry_id")
        if change.old is not None or change.new is None:
            self._broken(f"the receipt of {entry_id} was changed or removed")
            return
        entry = self.entries.get(entry_id)
        if entry is None or entry.kind != "transfer":
            self._broken(f"a receipt for {entry_id}, which is not posted")
            return
        principal = sum(fen for _, fen, kind in entry.legs if fen > 0 and kind == "principal")
        if whole(new, "amount_fen") != principal or text(new, "business_date") != entry.business_date:
            self._broken(f"the receipt of {entry_id} says something else than the entry")
        self.receipts.add(entry_id)

    def _inbox(self, change: Changed) -> None:
        old, new = change.old, change.new
        if new is None:
            self._broken("an inbox row was removed")
            return
        key = text(new, "customer_id"), text(new, "notification_id")
        if old is not None and (text(old, "text") != text(new, "text") or text(old, "sms") == SENT != text(new, "sms")):
            self._broken(f"the inbox row {key} was changed after it was sent")
        self.inbox[key] = new

    def _bill(self, change: Changed) -> None:
        new = change.new or {}
        key = text(new, "account_id"), text(new, "month")
        if change.old is not None or change.new is None:
            self._broken(f"the bill {key} was changed or removed")
            return
        self.bills[key] = new

    def _transfer_row(self, change: Changed) -> None:
        old, new = change.old, change.new or {}
        if old is not None and text(old, "state") == "posted" != text(new, "state"):
            self._broken(f"the list shows {text(new, 'entry_id')} as {text(new, 'state')} after posted")
        self.listed[text(new, "entry_id")] = text(new, "state")


_JUDGES: dict[str, Callable[[Books, Changed], None]] = {
    "AccountsTable": Books._account,
    "DeferredLegsTable": lambda books, change: books.deferred.row(change),
    "BusinessDaysTable": lambda books, change: books.deferred.closed_day(change),
    "CustomersTable": Books._customer,
    "MovementsTable": Books._movement,
    "ReceiptsTable": Books._receipt,
    "InboxTable": Books._inbox,
    "BillsTable": Books._bill,
    "TransfersTable": Books._transfer_row,
}
