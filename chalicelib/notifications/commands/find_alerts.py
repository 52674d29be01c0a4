"""Whether the alerts of an entry are there: for who looks that what follows on a transaction has followed."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.notifications import store


def are_told(entry_id: str, lines: Sequence[tuple[str, str, int]]) -> bool:
    """Whether the inbox has an alert of each of an entry's lines: (customer, when it was posted, posting)."""
    keys = [(customer_id, store.movement_id(at, entry_id, posting)) for customer_id, at, posting in lines]
    return store.count_of(keys) == len(keys)
