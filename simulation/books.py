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
from simulation.limits import Limits
from simulation.policy import Policy
from simulation.signups import SignUps

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A settled alert; see chalicelib.notifications.
SENT = "sent"
# Money may come into these, and leave an open account only; but what the bank takes back, a lost one too.
RECEIVING = ("open", "frozen", "lost")
PAYING = {"transfer": ("open",), "hold": ("open",), "reversal": ("open", "lost")}


class Books:
    """All that has been written so far, in the shape the rules need.

    `broken` is told what does not hold; `now` is the simulation's clock.
    """

    def __init__(self, broken: Callable[[str], None], now: Callable[[], dt.datetime]) -> None:
        self._broken = broken
        self.owner: dict[str, str] = {}
        self.holder: dict[str, str] = {}
        self.opened_on: dict[str, str] = {}
        self.entries: dict[str, Posted] = {}
        self.journal_ids: dict[str, str] = {}
        # What a person wants has one key, and stands in the purpose.
        self.keys: Counter[str] = Counter()
        self.purposes: Counter[str] = Counter()
        self.holds: dict[str, Held] = {}
        self.held_fen: Counter[str] = Counter()
        self.outward: dict[str, tuple[str, int, str]] = {}
        self.reversed: dict[str, str] = {}
        self.reverses: dict[str, str] = {}
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.written: Counter[str] = Counter()
        self.chains: dict[str, bytes] = {}
        self.receipts: set[str] = set()
        self.inbox: dict[tuple[str, str], Image] = {}
        self.bills: dict[tuple[str, str], Image] = {}
        self.listed: dict[str, str] = {}
        self.revoked: dict[str, set[str]] = defaultdict(set)
        # All sessions of a customer that began before this one were ended with it.
        self.since: dict[str, str] = defaultdict(str)
        self.right_codes: set[str] = set()
        self.sends: Counter[str] = Counter()
        self._applied: set[tuple[str, str]] = set()
        self.deferred = Deferred(broken)
        self.limits = Limits(broken)
        self.policy = Policy(now)
        self.sign_ups = SignUps(broken, self.owner)
        self.accounts_fen = 0

    def see(self, changes: list[Changed]) -> None:
        """Judge one write: all items that it changed, together."""
        order = {"JournalTable": 0, "DeferredLegsTable": 1, "CustomersTable": 2, "AccountsTable": 3}
        posted: list[Posted] = []
        self.deferred.begin_write()
        self.limits.begin_write()
        for change in sorted(changes, key=lambda one: order.get(one.table, 4)):
            if change.table == "JournalTable":
                entry = self._journal(change)
                if entry is not None:
                    posted.append(entry)
            elif change.table in _JUDGES:
                _JUDGES[change.table](self, change)
        for entry in posted:
            self._all_legs_applied(entry)
        for change in changes:
            if change.old is not None and change.new is not None and change.table in _OWNERS_OF_LIMITS:
                self._limits_and_holds(change.table, change.old, change.new)
        self.limits.end_write()
        self.sign_ups.end_write()
        for account_id in self.deferred.unclaimed():
            self._broken(f"deferred legs are noted as posted to {account_id}, but not posted")
        # Every entry adds up to zero, so all accounts do, with what is still on its way.
        if self.accounts_fen + self.deferred.pending_fen:
            self._broken(f"money: accounts hold {self.accounts_fen} fen, {self.deferred.pending_fen} are on their way")

    def open_holds(self) -> list[str]:
        """Holds that nobody has paid or freed."""
        return [hold_id for hold_id, hold in self.holds.items() if hold.state == "held"]

    def most_lines_behind(self) -> int:
        """How many lines are still to be written to the account that lacks most."""
        return max((len(lines) - self.written[account] for account, lines in self.lines.items()), default=0)

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
            if old is None:
                self._fee_is_right(new)
                self.keys[text(new, "purpose")] += 1
                if self.keys[text(new, "purpose")] > 1:
                    self._broken(f"{text(new, 'purpose')}, one idempotency key, gave two instructions")
        if text(new, "kind") == "hold":
            self._hold(entry_id, old, new)
        if old is not None and "tries" in old and whole(new, "tries") > whole(old, "tries"):
            most = self.policy.most_tries()
            if whole(new, "tries") > most:
                self._broken(f"entry {entry_id} had {whole(new, 'tries')} tries of {most}")
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
                self.limits.take(hold.account_id, hold.held_on, hold.counted_fen, 1)
            return
        hold = self.holds[hold_id]
        if hold.state != "held":
            self._broken(f"hold {hold_id} went from {hold.state} to {state}")
        hold.state = state
        self.held_fen[hold.account_id] -= hold.amount_fen
        captured = whole(new, "captured_fen") if state == "posted" else 0
        if hold.counted_fen:
            self.limits.take(hold.account_id, hold.held_on, captured - hold.counted_fen, 0 if captured else -1)

    def _reversal(self, entry_id: str, image: Image) -> None:
        original_id = text(image, "reverses")
        original = self.entries.get(original_id)
        self.reverses[entry_id] = original_id
        mirror = [(account, -fen, kind) for account, fen, kind in self.entries[entry_id].legs]
        if original is None or list(original.legs) != mirror:
            self._broken(f"reversal {entry_id} is not the mirror of {original_id}")
        if original_id in self.outward:
            payer, amount, day = self.outward[original_id]
            self.limits.take(payer, day, -amount, -1)

    def _limits_and_holds(self, table: str, old: Image, new: Image) -> None:
        """Every counter of what was written says exactly what is left, and so does what is held."""
        who = text(new, _OWNERS_OF_LIMITS[table])
        self.limits.judge(who, old, new)
        if table == "AccountsTable" and whole(new, "held_fen") != self.held_fen[who]:
            self._broken(f"{who} holds {whole(new, 'held_fen')} fen, open holds {self.held_fen[who]}")

    def _fee_is_right(self, image: Image) -> None:
        """What is quoted was in force, and between own accounts nothing."""
        own = self.owner.get(text(image, "payer_account")) == self.owner.get(text(image, "payee_account"))
        fees = {0} if own else self.policy.fees(text(image, "created_at"))
        if whole(image, "fee_fen") not in fees:
            self._broken(f"entry {text(image, 'entry_id')} quotes {whole(image, 'fee_fen')} fen, in force: {fees}")

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
        session_id = text(image, "session_id")
        if session_id in self.revoked[posted.customer_id] or session_id < self.since[posted.customer_id]:
            self._broken(f"entry {posted.entry_id} was posted by a session that had been ended")
        if text(image, "valid_until") <= text(image, "posted_at"):
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

    def _all_legs_applied(self, entry: Posted) -> None:
        for account_id in {account: None for account, _, _ in entry.legs if account not in entry.deferred}:
            if (account_id, entry.entry_id) not in self._applied:
                self._broken(f"entry {entry.entry_id} is posted, but not on {account_id}")
        for account_id, _, _ in entry.legs:
            if account_id in self.owner and self.owner[account_id] not in self.sign_ups.can_log_in:
                self._broken(f"entry {entry.entry_id} moves money of {account_id}, whose sign-up is not done")
        payers = [account for account, fen, _ in entry.legs if fen < 0]
        payees = [account for account, fen, kind in entry.legs if fen > 0 and kind == "principal"]
        if entry.kind != "transfer" or self.owner.get(payers[0]) == self.owner.get(payees[0]):
            return
        amount = sum(fen for _, fen, kind in entry.legs if fen > 0 and kind == "principal")
        self.outward[entry.entry_id] = payers[0], amount, entry.business_date
        self.limits.take(payers[0], entry.business_date, amount, 1)
        self.limits.take_of_customer(entry.customer_id, entry.business_date, amount)

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
        may = PAYING[entries[0].kind] if moved < 0 and not brought else RECEIVING
        # What comes from the stream was decided before: no state stops it.
        if not brought and text(old, "state") not in may:
            self._broken(f"account {account_id} is {text(old, 'state')}, but moved {moved} fen")
        if text(new, "business_date") < text(old, "business_date"):
            self._broken(f"account {account_id} went back to {text(new, 'business_date')}")
        if not is_house(account_id):
            self.lines[account_id] += lines_due(old, text(new, "business_date"), entries)

    def _customer(self, change: Changed) -> None:
        new = change.new or {}
        self.sign_ups.row(change)
        customer_id = text(new, "customer_id")
        self.revoked[customer_id].update(new.get("revoked", {}).get("M", {}))
        self.since[customer_id] = new.get("since", {}).get("S", "")

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

    def is_receipted(self, entry: Posted) -> bool:
        """Whether an entry gets a receipt: a transfer, and what reverses one."""
        original = self.entries.get(self.reverses.get(entry.entry_id, ""))
        return entry.kind == "transfer" or (original is not None and original.kind == "transfer")

    def _receipt(self, change: Changed) -> None:
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


# Whose items carry limits, and their keys.
_OWNERS_OF_LIMITS = {"AccountsTable": "account_id", "CustomersTable": "customer_id"}
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
    "ParametersTable": lambda books, change: books.policy.see(change),
    **dict.fromkeys(
        ("ProfilesTable", "ContractsTable", "CredentialsTable", "LoginNamesTable", "SessionsTable"),
        lambda books, change: books.sign_ups.row(change),
    ),
}
