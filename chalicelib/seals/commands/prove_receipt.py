"""Show that a receipt is a leaf of its sealed day: anybody may ask by its number, and gets hashes (XJ-3.5)."""

from __future__ import annotations

from chalicelib.platform import log
from chalicelib.receipts import service as receipts
from chalicelib.seals import store, tiles
from chalicelib.seals.domain import Place, Proof
from chalicelib.seals.errors import DayNotSealed, ReceiptProofNotFound
from chalicelib.seals.store import Seal
from chalicelib.seals.tiles import Inclusion, Tile

# The number begins with its business date.
_DATE_DIGITS = 8


def prove(number: str) -> Proof:
    """The inclusion proof of the receipt with this number, as the day was sealed, whatever the tables say by now.

    A number that cannot be one, that no receipt has, and whose receipt is not in its day's tree are refused alike:
    ReceiptProofNotFound. Before the number's day is sealed DayNotSealed, whether a receipt has it or not.
    """
    if not receipts.is_receipt_number(number):
        raise ReceiptProofNotFound()
    date = number[:_DATE_DIGITS]
    seal = store.seal_of(date)
    if seal is None:
        raise DayNotSealed(date=date)
    entry_ids = receipts.entries_numbered(number)
    found = [one for one in (_inclusion(seal, id_) for id_ in entry_ids) if one is not None and one.record.receipt_hash]
    if not found:
        raise ReceiptProofNotFound()
    places = tuple(Place(one.record.entry_hash, one.index, one.path) for one in found)
    return Proof(number, date, places, seal.signed)


def _inclusion(seal: Seal, entry_id: str) -> Inclusion | None:
    def read(level: int, root: bytes) -> Tile:
        return store.tile_at(seal.business_date, level, root)

    found = tiles.inclusion(seal.level, seal.root, entry_id, read) if seal.entries else None
    if found is None:
        log.logger.error("a receipt is not in its sealed day", extra={"entry_id": entry_id})
    return found
