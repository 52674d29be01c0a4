"""The books of limits: what was used, added up from the journal, and which limits somebody asked for.

A limit is judged as it stands in the write: each write's images, in the engine's order, carry the limit beside
its counters, so a change in the middle of a day needs no history. What may change a limit is known from what
people were asked to do, never from the bank's own code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from simulation.engine import Image
from simulation.images import whole

# What counts down from which limit; a single ceiling has no counter.
LIMIT_OF = {
    "day": "limit_day",
    "count": "limit_count",
    "month": "limit_month",
    "year": "limit_year",
    "outward": "limit_outward",
    "nocert": "limit_nocert",
}
SINGLE = "limit_single"
# What is counted up, whether a policy bounds it or not: what is paid to others without a certificate.
UNCERTIFIED = "uncertified"

# A customer who has not signed up for online banking.
OFFLINE = "offline"


class Limits:
    """Limits of accounts and customers; `who` is the id of either."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self._used: Counter[tuple[str, str]] = Counter()
        self._asked: dict[tuple[str, str, int], bool] = {}
        self._taken: dict[str, set[str]] = {}
        self._single: dict[str, int] = {}
        self.moved: Counter[str] = Counter()

    def begin_write(self) -> None:
        """Forget what the write before took."""
        self._taken.clear()
        self._single.clear()

    def ask(self, who: str, wanted: Mapping[str, int], *, may_raise: bool) -> None:
        """Somebody is about to ask for these limits; only the bank `may_raise`."""
        for name, value in wanted.items():
            self._asked[who, name, value] = may_raise or self._asked.get((who, name, value), False)

    def was_asked(self, who: str, name: str, value: int) -> bool:
        """Whether anybody ever asked for this value."""
        return (who, name, value) in self._asked

    def take(self, account_id: str, day: str, amount_fen: int, count: int) -> None:
        """Count on all of an account's limits; negative where something is given back."""
        if amount_fen > 0 and count:
            self._single[account_id] = amount_fen
        if amount_fen or count:
            for bucket in (f"day_{day}", f"month_{day[:6]}", f"year_{day[:4]}"):
                self._count(account_id, bucket, amount_fen)
            self._count(account_id, f"count_{day}", count)

    def take_of_customer(self, customer_id: str, day: str, amount_fen: int) -> None:
        """The same for what a customer pays to others, without a certificate."""
        for bucket in (f"outward_{day}", f"nocert_{day}", f"{UNCERTIFIED}_{day}"):
            self._count(customer_id, bucket, amount_fen)

    def _count(self, who: str, bucket: str, amount: int) -> None:
        self._used[who, bucket] += amount
        if amount > 0:
            self._taken.setdefault(who, set()).add(bucket)

    def judge(self, who: str, old: Image, new: Image) -> None:
        """One item that a write changed: its counters say what is left, and its limits are as asked for."""
        taken = self._taken.pop(who, set())
        if self._single.get(who, 0) > (whole(new, SINGLE) if SINGLE in new else 0):
            self._broken(f"{who} paid {self._single[who]} at once, over its ceiling")
        for bucket in sorted(taken - new.keys()):
            self._broken(f"{who} paid, but {bucket} does not count it")
        for name in new:
            prefix, _, period = name.partition("_")
            if prefix == UNCERTIFIED and whole(new, name) != self._used[who, name]:
                self._broken(f"{who} has {whole(new, name)} counted in {name}, but used {self._used[who, name]}")
            if prefix not in LIMIT_OF or not period.isdigit():
                continue
            limit, used = whole(new, LIMIT_OF[prefix]), self._used[who, name]
            # A limit may be lowered below what is used; then nothing more can be taken.
            if name in taken and used > limit:
                self._broken(f"{who} used {used} of {limit} in {name}")
            if whole(new, name) != limit - used:
                self._broken(f"{who} has {whole(new, name)} left in {name}, but used {used} of {limit}")
        if old.get("state", {}).get("S") == OFFLINE:
            return  # the form of the sign-up set them; nobody could pay before
        for name in (SINGLE, *LIMIT_OF.values()):
            if name in new and new[name] != old.get(name):
                self._changed(who, name, whole(old, name), whole(new, name), pays=bool(taken))

    def _changed(self, who: str, name: str, before: int, after: int, *, pays: bool) -> None:
        self.moved["raised" if after > before else "lowered"] += 1
        may_raise = self._asked.get((who, name, after))
        if may_raise is None or pays:
            self._broken(f"{name} of {who} went from {before} to {after}, which nobody asked for in this write")
        elif after > before and not may_raise:
            self._broken(f"{name} of {who} was raised from {before} to {after} without the bank")

    def end_write(self) -> None:
        """What took from limits must have changed the item that they stand on."""
        for who in self._taken:
            self._broken(f"{who} paid, but no counter of it was written")
