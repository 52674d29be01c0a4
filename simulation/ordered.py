"""The books of standing orders: each date paid at most once, as confirmed, and each accounted for."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo

from simulation.engine import Changed, Image
from simulation.images import text, whole
from simulation.policy import REQUEST, Policy
from simulation.standing import Standing

SHANGHAI = ZoneInfo("Asia/Shanghai")
ACTIVE = "active"
# What may pass within the day is tried again, so often in all and with this pause (founding.BUSY_PARAMETERS).
TRIES, PAUSE = 3, dt.timedelta(minutes=30)
# What the customer asks for; all else the bank does by itself, with an order that is active.
BY_CUSTOMER = ("created", "changed", "paused", "resumed", "cancelled")
# Codes of limits; like money that is not there, they may pass within the day.
PASSING = ("insufficient_funds", "_limit_exceeded", "_count_exceeded")
OF_SIGNED = ("payer_account", "payee_account", "payee_name", "amount_fen", "fee_fen", "purpose", "factor", "factor_id")
DIGITS = "%Y%m%d"


def date_at(order: Image, place: int) -> str:
    """An order's date number `place`, reckoned anew from its first; empty where there is none."""
    first = dt.datetime.strptime(text(order, "first_date"), DIGITS).date()  # noqa: DTZ007  # a date
    if "count" in order and place >= whole(order, "count"):
        return ""
    repeat = text(order, "repeat")
    if repeat == "weekly":
        found = first + dt.timedelta(days=7 * place)
    elif repeat == "monthly":
        year, month = divmod(first.year * 12 + first.month - 1 + place, 12)
        last = calendar.monthrange(year, month + 1)[1]
        found = dt.date(year, month + 1, min(whole(order, "day"), last))
    elif place:
        return ""
    else:
        found = first
    digits = found.strftime(DIGITS)
    return "" if "until" in order and digits > text(order, "until") else digits


class Ordered:
    """Orders by id as they are; `told` counts, by customer, what their owners must hear of."""

    def __init__(
        self,
        broken: Callable[[str], None],
        now: Callable[[], dt.datetime],
        standing: Standing,
        owner: Mapping[str, str],
        policy: Policy,
    ) -> None:
        self._broken, self._now, self._standing, self._owner, self._policy = broken, now, standing, owner, policy
        self.orders: dict[str, Image] = {}
        self.events: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        # (purpose, amount, payee) that somebody confirmed by the right code: known from what people do.
        self.confirmed: set[tuple[str, int, str]] = set()
        self._dues: dict[str, set[str]] = defaultdict(set)
        self._paid: Counter[tuple[str, str]] = Counter()
        self._entries: dict[str, Image] = {}
        self._changed: dict[str, tuple[Image, Image]] = {}
        self._history: dict[str, Image] = {}

    def begin_write(self) -> None:
        """Forget the write before."""
        self._entries.clear()
        self._changed.clear()
        self._history.clear()

    def entry(self, image: Image) -> None:
        """A payment of an order was posted: once a date."""
        order_id, due = text(image, "order_id"), text(image, "order_due")
        self._paid[order_id, due] += 1
        if self._paid[order_id, due] > 1:
            self._broken(f"order {order_id} paid {due} {self._paid[order_id, due]} times")
        self._entries[order_id] = image

    def row(self, change: Changed) -> None:
        """An order as it is from this write on."""
        new = change.new or {}
        self.orders[text(new, "order_id")] = new
        self._changed[text(new, "order_id")] = change.old or {}, new

    def due_row(self, change: Changed) -> None:
        """A row by which the schedule finds an order."""
        if change.old is not None:
            self._dues[text(change.old, "order_id")].discard(text(change.old, "due"))
        if change.new is not None:
            self._dues[text(change.new, "order_id")].add(text(change.new, "due"))

    def event(self, change: Changed) -> None:
        """A row of an order's history: written once, with what it is about."""
        new = change.new or {}
        order_id = text(new, "order_id")
        if change.old is not None or order_id in self._history:
            self._broken(f"the history of order {order_id} was changed")
        self._history[order_id] = new
        kind = text(new, "kind")
        self.events[kind] += 1
        if kind in ("failed", "missed") or (kind == "retrying" and whole(new, "number") == 1):
            self.told[text(self.orders[order_id], "customer_id")] += 1

    def end_write(self) -> None:
        """An order, its history, what is due of it and its payment are one write."""
        for order_id in {*self._entries, *self._history} - self._changed.keys():
            self._broken(f"order {order_id} was paid or noted in a write that leaves it as it was")
        for order_id, (old, new) in self._changed.items():
            event = self._history.get(order_id)
            before = whole(old, "revision") if old else 0
            if event is None or not whole(new, "revision") == whole(event, "revision") == before + 1:
                self._broken(f"order {order_id} went from revision {before} without its history")
                continue
            due = date_at(new, whole(new, "place")) if text(new, "state") == ACTIVE else ""
            if text(new, "next_due") != due or len(self._dues[order_id]) != bool(due):
                self._broken(f"order {order_id} is due on {text(new, 'next_due')}; by its schedule on {due}")
            self._signed(order_id, old, new)
            self._went_on(order_id, old, new, event)

    def _signed(self, order_id: str, old: Image, new: Image) -> None:
        """What could take more was confirmed for just that, with the fee that was in force."""
        payer, payee = text(new, "payer_account"), text(new, "payee_account")
        is_own = self._owner[payer] == self._owner[payee]
        asks_more = not old or whole(new, "amount_fen") > whole(old, "amount_fen")
        if asks_more:
            asked_at = (self._now() - REQUEST).isoformat()
            fees = {0} if is_own else self._policy.fees(asked_at, to_other_bank=False)
            if whole(new, "fee_fen") not in fees:
                self._broken(f"order {order_id} costs {whole(new, 'fee_fen')} fen, in force: {fees}")
        if asks_more and not is_own:
            what = text(new, "purpose"), whole(new, "amount_fen"), payee
            if what not in self.confirmed:
                self._broken(f"order {order_id} pays {what}, which nobody confirmed")

    def _went_on(self, order_id: str, old: Image, new: Image, event: Image) -> None:
        """Dates that are gone were paid, refused or passed over, as the history says."""
        kind, entry = text(event, "kind"), self._entries.get(order_id)
        gone = whole(new, "place") - (whole(old, "place") if old else 0)
        missed = whole(event, "number") if "number" in event else 0
        expected = {"executed": (1,), "failed": (0, 1), "missed": (missed,)}
        if kind != "resumed" and gone not in expected.get(kind, (0,)):
            self._broken(f"order {order_id} was {kind}, and {gone} of its dates are gone")
        if (kind == "executed") != (entry is not None):
            self._broken(f"order {order_id} was {kind}; its payment: {entry is not None}")
        if entry is not None and old:
            self._payment(order_id, old, entry)
        if kind not in BY_CUSTOMER and old and text(old, "state") != ACTIVE:
            self._broken(f"order {order_id} was {kind} while it was {text(old, 'state')}")
        if kind in ("failed", "retrying"):
            self._refused(order_id, old, event)

    def _payment(self, order_id: str, old: Image, entry: Image) -> None:
        """It is what the order said, for its date, on that day or later but before the next one."""
        if any(entry.get(name) != old.get(name) for name in OF_SIGNED):
            self._broken(f"the payment of order {order_id} is not what was ordered")
        due, following = (date_at(old, whole(old, "place") + later) for later in (0, 1))
        day = text(entry, "business_date")
        if text(entry, "order_due") != due or day < due or (following and day >= following):
            self._broken(f"order {order_id} paid {text(entry, 'order_due')} on {day}; due {due}, then {following}")

    def _refused(self, order_id: str, old: Image, event: Image) -> None:
        """A date is not paid for a reason; what may pass is tried again while its day lasts."""
        code, payer = text(event, "code"), text(old, "payer_account")
        debit = whole(old, "amount_fen") + whole(old, "fee_fen")
        if code == "insufficient_funds":
            is_so = self._standing.lowest_lately(payer) < debit
        elif code.endswith(PASSING):
            is_so = True  # the books of limits judge what was taken, not what was refused
        else:
            payee = text(old, "payee_account")
            is_so = code in self._standing.stops(text(old, "customer_id"), payer, payee)
        if not is_so:
            self._broken(f"order {order_id} was refused for {code}, which is not so")
        may_pass = code.endswith(PASSING)
        tries, now = whole(event, "number"), self._now().astimezone(SHANGHAI)
        # A moment may pass between the decision and its write.
        lasts = {(at + PAUSE).date() == at.date() for at in (now, now - dt.timedelta(minutes=1))}
        retries = {may_pass and tries < TRIES and so_long for so_long in lasts}
        if (text(event, "kind") == "retrying") not in retries:
            self._broken(f"order {order_id}, refused for {code} at try {tries}, is {text(event, 'kind')}")

    def next_due(self, until: str) -> str | None:
        """When the schedule next finds an order, as text, up to a moment; None where it does not."""
        found = min((due.partition("#")[0] for dues in self._dues.values() for due in dues), default=None)
        return found if found is not None and found <= until else None

    def left_over(self, now: str, told: Mapping[str, int]) -> Iterator[str]:
        """What must not be at rest; `told` counts, by customer, what was told."""
        for order_id, order in self.orders.items():
            if text(order, "state") == ACTIVE and text(order, "due_at") <= now:
                yield f"order {order_id} was due at {text(order, 'due_at')}, and nothing came of it"
        for customer_id in sorted(self.told.keys() | told.keys()):
            if self.told[customer_id] != told.get(customer_id, 0):
                yield f"customer {customer_id} was told {told.get(customer_id, 0)} of {self.told[customer_id]} refusals"
