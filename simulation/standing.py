"""The books of who may pay and receive: accounts' states, customers' switches, and what has just stopped somebody."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from simulation.engine import Changed
from simulation.images import text, whole

# Money may come into these, and leave an open account only.
OPEN = "open"
RECEIVING = (OPEN, "frozen", "lost")
# What refuses an execution has been read some writes before the money goes back. More than that is no reason any more.
WRITES_LATER = 100


class Standing:
    """What stands now, and at which write something that stopped payments ended."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.switched_off: set[str] = set()
        self.revoked: dict[str, set[str]] = defaultdict(set)
        # All sessions of a customer that began before this one were ended with it.
        self.since: dict[str, str] = defaultdict(str)
        self.writes = 0
        self._available: dict[str, deque[tuple[int, int]]] = defaultdict(deque)
        self._ended: dict[tuple[str, str], int] = {}

    def account(self, change: Changed) -> None:
        """An account as it is from this write on."""
        new = change.new or {}
        account_id, state = text(new, "account_id"), text(new, "state")
        before = self.states.get(account_id, state)
        if before != state:
            self._note(account_id, "pay", was_stopped=before != OPEN)
            self._note(account_id, "receive", was_stopped=before not in RECEIVING)
        self.states[account_id] = state
        lately = self._available[account_id]
        lately.append((self.writes, whole(new, "available_fen")))
        while len(lately) > 1 and self.writes - lately[1][0] > WRITES_LATER:
            lately.popleft()

    def customer(self, change: Changed) -> None:
        """A customer's record as it is from this write on."""
        new = change.new or {}
        customer_id = text(new, "customer_id")
        self.revoked[customer_id].update(new.get("revoked", {}).get("M", {}))
        self.since[customer_id] = new.get("since", {}).get("S", "")
        is_off = not new.get("transfers_on", {}).get("BOOL", False)
        if customer_id in self.switched_off and not is_off:
            self._note(customer_id, "switch", was_stopped=True)
        (self.switched_off.add if is_off else self.switched_off.discard)(customer_id)

    def _note(self, who: str, what: str, *, was_stopped: bool) -> None:
        if was_stopped:
            self._ended[who, what] = self.writes

    def lowest_lately(self, account_id: str) -> int:
        """The least that an account had available a moment ago or since, in fen."""
        return min(available for _, available in self._available[account_id])

    def is_ended(self, customer_id: str, session_id: str) -> bool:
        """Whether a session had been ended."""
        return session_id in self.revoked[customer_id] or session_id < self.since[customer_id]

    def stops(self, customer_id: str, payer: str, payee: str) -> Iterable[str]:
        """Codes of what stops a payment now, or has until a moment ago; `payee` is empty where the bank has none."""
        checks = (
            ("transfers_switched_off", customer_id, "switch", customer_id in self.switched_off),
            ("account_not_active", payer, "pay", self.states.get(payer) != OPEN),
            ("payee_unavailable", payee, "receive", self.states.get(payee) not in RECEIVING),
        )
        for code, who, what, now in checks:
            if who and (now or self.writes - self._ended.get((who, what), -WRITES_LATER) < WRITES_LATER):
                yield code
