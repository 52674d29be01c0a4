"""The books beside the books: what must hold after every single write, kept from the writes alone.

Nothing here calls the bank's code or reads a table: each write is judged by what it changed and by what
was written before, so a step costs the same however long the run. Owners, limits used, balances, lines and
chains are added up again, by another way.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from simulation.aftermath import AFTERMATH, Aftermath
from simulation.deferred import Deferred
from simulation.elsewhere import Elsewhere
from simulation.engine import Changed, Image
from simulation.entries import Entries
from simulation.images import Held, Posted, booked, is_house, lines_due, text, whole
from simulation.limits import Limits
from simulation.ordered import Ordered
from simulation.pending import Pending
from simulation.policy import Policy
from simulation.recalled import Recalled
from simulation.scanned import Scanned
from simulation.signups import SignUps
from simulation.standing import OPEN, RECEIVING, Standing
from simulation.suspended import SUSPENDED, Suspended
from simulation.together import Together

# Money may leave an open account only; but what the bank takes back, a lost one too.
PAYING = {"transfer": (OPEN,), "hold": (OPEN,), "reversal": (OPEN, "lost")}
# The life of a transfer: which states follow which.
STATES = {
    "": ("awaiting", "posted"),
    "awaiting": ("awaiting", "pending", "posted"),
    "pending": ("posted", "cancelled", "returned"),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a payment to others took from its payer's limits, and of which day."""

    payer: str
    customer_id: str
    amount_fen: int
    day: str


class Books:
    """All that has been written so far, in the shape the rules need.

    `broken` is told what does not hold; `now` is the simulation's clock, `began` when who acts now began.
    """

    def __init__(
        self, broken: Callable[[str], None], now: Callable[[], dt.datetime], began: Callable[[], dt.datetime]
    ) -> None:
        self.broken = broken
        self.owner: dict[str, str] = {}
        self.holder: dict[str, str] = {}
        self.opened_on: dict[str, str] = {}
        self.entries: dict[str, Posted] = {}
        # Of each transfer, as the journal has it: its state, and whose it is.
        self.transfers: dict[str, tuple[str, str]] = {}
        self.holds: dict[str, Held] = {}
        self.held_fen: Counter[str] = Counter()
        self.outward: dict[str, Taken] = {}
        self.right_codes: set[str] = set()
        self._applied: set[tuple[str, str]] = set()
        self.standing = Standing()
        self.signed = Entries(self)
        self.pending = Pending(broken, self.standing)
        self.elsewhere = Elsewhere(broken)
        self.policy = Policy(now)
        self.ordered = Ordered(broken, now, self.standing, self.owner, self.policy)
        self.scanned = Scanned(broken)
        self.recalled = Recalled(broken, self.entries)
        self.together = Together(broken, now, self.standing)
        self.suspended = Suspended(broken, now, began)
        # Up to when orders are waited for: most of them never end.
        self.horizon = dt.datetime.max.replace(tzinfo=dt.UTC)
        self.aftermath = Aftermath(broken, self.entries)
        self.deferred = Deferred(broken)
        self.limits = Limits(broken)
        self.sign_ups = SignUps(broken, self.owner)
        self.accounts_fen = 0

    def see(self, changes: list[Changed]) -> None:
        """Judge one write: all items that it changed, together."""
        order = {"JournalTable": 0, "DeferredLegsTable": 1, "CustomersTable": 2, "AccountsTable": 3, "OrdersTable": 4}
        posted: list[Posted] = []
        self.deferred.begin_write()
        self.limits.begin_write()
        self.pending.begin_write()
        self.elsewhere.begin_write()
        self.ordered.begin_write()
        self.scanned.begin_write()
        self.recalled.begin_write()
        self.together.begin_write()
        self.suspended.begin_write()
        self.standing.writes += 1
        for change in sorted(changes, key=lambda one: order.get(one.table, len(order))):
            if change.table == "JournalTable":
                entry = self._journal(change)
                if entry is not None:
                    posted.append(entry)
            elif change.table in AFTERMATH:
                AFTERMATH[change.table](self.aftermath, change)
            elif change.table in _JUDGES:
                _JUDGES[change.table](self, change)
        for entry in posted:
            self._all_legs_applied(entry)
        for change in changes:
            if change.table in SUSPENDED:
                SUSPENDED[change.table](self.suspended, change)
            if change.old is not None and change.new is not None and change.table in _OWNERS_OF_LIMITS:
                self._limits_and_holds(change.table, change.old, change.new)
        self.limits.end_write()
        self.pending.end_write()
        self.elsewhere.end_write()
        self.ordered.end_write()
        self.scanned.end_write()
        self.recalled.end_write()
        self.together.end_write()
        self.suspended.end_write()
        self.sign_ups.end_write()
        for account_id in self.deferred.unclaimed():
            self.broken(f"deferred legs are noted as posted to {account_id}, but not posted")
        # Every entry adds up to zero, so all accounts do, with what is still on its way.
        if self.accounts_fen + self.deferred.pending_fen:
            self.broken(f"money: accounts hold {self.accounts_fen} fen, {self.deferred.pending_fen} are on their way")

    def open_holds(self) -> list[str]:
        """Holds that nobody has paid or freed."""
        return [hold_id for hold_id, hold in self.holds.items() if hold.state == "held"]

    def days(self) -> list[str]:
        """The business dates that entries were posted on."""
        return sorted({entry.business_date for entry in self.entries.values()})

    def next_due(self) -> dt.datetime | None:
        """When a schedule next finds something that waits for its time; None where nothing does."""
        ordered = self.ordered.next_due(self.horizon.astimezone(dt.UTC).isoformat())
        found = (self.pending.next_due(), self.elsewhere.next_due(), self.together.next_due(), ordered)
        return min((dt.datetime.fromisoformat(at) for at in found if at is not None), default=None)

    # ---- the journal ----------------------------------------------------------------------------
    def _journal(self, change: Changed) -> Posted | None:
        old, new = change.old, change.new
        if new is None:
            self.broken("a journal item was removed")
            return None
        entry_id = text(new, "entry_id")
        if old is not None and text(old, "state") == "posted":
            self.recalled.marked(entry_id, old, new)
            return None
        if text(new, "kind") == "transfer":
            self._instruction(entry_id, old, new)
        if text(new, "kind") == "hold":
            self._hold(entry_id, old, new)
        if old is not None and "tries" in old and whole(new, "tries") > whole(old, "tries"):
            most = self.policy.most_tries()
            if whole(new, "tries") > most:
                self.broken(f"entry {entry_id} had {whole(new, 'tries')} tries of {most}")
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
        self.signed.posted(posted, new)
        return posted

    def _instruction(self, entry_id: str, old: Image | None, new: Image) -> None:
        """A transfer goes on: from just one state to one that may follow."""
        before, after = text(old or {}, "state"), text(new, "state")
        self.transfers[entry_id] = after, text(new, "customer_id")
        if after not in STATES.get(before, ()):
            self.broken(f"transfer {entry_id} went from {before} to {after}")
        if old is None:
            self.signed.quoted(new)
        if before == "pending":
            waiting = self.pending.end(new)
            if waiting is not None:
                self.held_fen[waiting.payer] -= waiting.debit_fen
            if after != "posted":
                self.give_back(entry_id)
        elif after == "pending":
            self.signed.confirmed(new, text(new, "confirmed_at"))
            waiting = self.pending.set_aside(new)
            self.held_fen[waiting.payer] += waiting.debit_fen
            self._take(entry_id, Taken(waiting.payer, waiting.customer_id, waiting.amount_fen, waiting.held_on))
        elif after == "posted":
            self.signed.confirmed(new, text(new, "posted_at"))

    def _take(self, entry_id: str, taken: Taken) -> None:
        self.outward[entry_id] = taken
        self.limits.take(taken.payer, taken.day, taken.amount_fen, 1)
        self.limits.take_of_customer(taken.customer_id, taken.day, taken.amount_fen)

    def give_back(self, entry_id: str) -> None:
        """What a transfer took from limits comes back with its money, to the same day; nothing where it took none."""
        taken = self.outward.get(entry_id)
        if taken is not None:
            self.limits.take(taken.payer, taken.day, -taken.amount_fen, -1)
            self.limits.take_of_customer(taken.customer_id, taken.day, -taken.amount_fen)

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
            self.broken(f"hold {hold_id} went from {hold.state} to {state}")
        hold.state = state
        self.held_fen[hold.account_id] -= hold.amount_fen
        captured = whole(new, "captured_fen") if state == "posted" else 0
        if hold.counted_fen:
            self.limits.take(hold.account_id, hold.held_on, captured - hold.counted_fen, 0 if captured else -1)

    def _limits_and_holds(self, table: str, old: Image, new: Image) -> None:
        """Every counter of what was written says exactly what is left, and so does what is held."""
        who = text(new, _OWNERS_OF_LIMITS[table])
        self.limits.judge(who, old, new)
        if table == "AccountsTable" and whole(new, "held_fen") != self.held_fen[who]:
            self.broken(f"{who} holds {whole(new, 'held_fen')} fen, open holds {self.held_fen[who]}")

    def _all_legs_applied(self, entry: Posted) -> None:
        for account_id in {account: None for account, _, _ in entry.legs if account not in entry.deferred}:
            if (account_id, entry.entry_id) not in self._applied:
                self.broken(f"entry {entry.entry_id} is posted, but not on {account_id}")
        for account_id, _, _ in entry.legs:
            if account_id in self.owner and self.owner[account_id] not in self.sign_ups.can_log_in:
                self.broken(f"entry {entry.entry_id} moves money of {account_id}, whose sign-up is not done")
        payers = [account for account, fen, _ in entry.legs if fen < 0]
        payees = [account for account, fen, kind in entry.legs if fen > 0 and kind == "principal"]
        if entry.kind != "transfer" or self.owner.get(payers[0]) == self.owner.get(payees[0]):
            return
        if entry.entry_id not in self.outward:  # else the confirmation took it
            amount = sum(fen for _, fen, kind in entry.legs if fen > 0 and kind == "principal")
            self._take(entry.entry_id, Taken(payers[0], entry.customer_id, amount, entry.business_date))

    # ---- accounts and customers -------------------------------------------------------------------
    def _account(self, change: Changed) -> None:
        old, new = change.old, change.new
        if new is None:
            self.broken("an account was removed")
            return
        account_id = text(new, "account_id")
        self.standing.account(change)
        if old is None:
            if is_house(account_id):
                return
            self.owner[account_id] = text(new, "customer_id")
            self.holder[account_id] = text(new, "holder")
            self.opened_on[account_id] = text(new, "opened_on")
            return
        if whole(new, "held_fen") < 0 or (whole(new, "available_fen") < 0 and not is_house(account_id)):
            self.broken(f"account {account_id} has {whole(new, 'available_fen')} fen available")
        moved = booked(new) - booked(old)
        self.accounts_fen += moved
        lines = whole(new, "seq") - whole(old, "seq")
        if lines == 0:
            if moved:
                self.broken(f"account {account_id} moved {moved} fen without a line")
            return
        brought = self.deferred.brought_to(account_id)
        entries = [self.entries[id_] for id_ in brought or [text(new, "e0")] if id_ in self.entries]
        legs = [leg for entry in entries for leg in entry.legs_of(account_id)]
        if len(legs) != lines or sum(fen for _, fen, _ in legs) != moved:
            self.broken(f"account {account_id} moved {moved} fen in {lines} lines; the entries say {legs}")
            return
        for entry in entries:
            if (account_id, entry.entry_id) in self._applied or (account_id in entry.deferred) != bool(brought):
                self.broken(f"entry {entry.entry_id} was applied to {account_id} twice, or by another's write")
            self._applied.add((account_id, entry.entry_id))
        may = PAYING[entries[0].kind] if moved < 0 and not brought else RECEIVING
        # What comes from the stream was decided before: no state stops it.
        if not brought and text(old, "state") not in may:
            self.broken(f"account {account_id} is {text(old, 'state')}, but moved {moved} fen")
        if text(new, "business_date") < text(old, "business_date"):
            self.broken(f"account {account_id} went back to {text(new, 'business_date')}")
        if not is_house(account_id):
            self.aftermath.lines[account_id] += lines_due(old, text(new, "business_date"), entries)

    def _customer(self, change: Changed) -> None:
        self.sign_ups.row(change)
        self.standing.customer(change)
        self.scanned.customer(change)


# Whose items carry limits, and their keys.
_OWNERS_OF_LIMITS = {"AccountsTable": "account_id", "CustomersTable": "customer_id"}
_JUDGES: dict[str, Callable[[Books, Changed], None]] = {
    "AccountsTable": Books._account,
    "DeferredLegsTable": lambda books, change: books.deferred.row(change),
    "BusinessDaysTable": lambda books, change: books.deferred.closed_day(change),
    "CustomersTable": Books._customer,
    "OrdersTable": lambda books, change: books.ordered.row(change),
    "OrderHistoryTable": lambda books, change: books.ordered.event(change),
    "OrderDuesTable": lambda books, change: books.ordered.due_row(change),
    "PayCodesTable": lambda books, change: books.scanned.row(change),
    "BatchesTable": lambda books, change: books.together.row(change),
    "RecallsTable": lambda books, change: books.recalled.row(change),
    "ClearingPaymentsTable": lambda books, change: books.elsewhere.row(change),
    "ClearingOpenTable": lambda books, change: books.elsewhere.open_row(change),
    "TransferDuesTable": lambda books, change: books.pending.due_row(change),
    "ParametersTable": lambda books, change: books.policy.see(change),
    **dict.fromkeys(
        ("ProfilesTable", "ContractsTable", "CredentialsTable", "LoginNamesTable", "SessionsTable"),
        lambda books, change: books.sign_ups.row(change),
    ),
}
