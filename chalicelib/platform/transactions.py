"""Write several items or none, where only whether it was done is asked. Money is the ledger's to write."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.platform import updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate


def commit(items: Sequence[ItemPut | ItemUpdate]) -> bool:
    """Write all items and return True; False, with nothing written, when a condition did not hold.

    A payment may have one of the items in its own transaction: that is over in a moment, so it is tried again, inside
    updates.TIME_BUDGET_S. Raises TryAgain when it was not over then, OutcomeUnknown when any attempt met silence.
    """
    try:
        updates.settle(items)
    except updates.TogetherRefused:
        return False
    return True
