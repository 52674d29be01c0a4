"""RecallsTable: one item a recall, listed for who asked and for who is asked; its stream tells both."""

from __future__ import annotations

from dataclasses import asdict

from chalicelib.platform import ids, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, s, to_raw
from chalicelib.platform.errors import NotFound
from chalicelib.recalls.domain import Recall

KEY = "recall_id"
# Both lists are sorted by time: `listed` is time#id.
RANGE = "listed"
OF_PAYER = reading.Listing("ByPayer", "payer_customer", RANGE, KEY)
OF_PAYEE = reading.Listing("ByPayee", "payee_customer", RANGE, KEY)


def id_of(transfer_id: str) -> str:
    """The recall's id: one a transfer, for ever."""
    return ids.derived_id("recall", transfer_id)


def put_of(recall: Recall) -> ItemPut:
    """The put of a new recall."""
    row = {**asdict(recall), RANGE: f"{recall.asked_at}#{recall.recall_id}"}
    return ItemPut(settings.table("recalls"), KEY, to_raw(row))


def update_of(recall_id: str) -> ItemUpdate:
    """A conditional update of one recall, to be given its rules."""
    return ItemUpdate(settings.table("recalls"), {KEY: s(recall_id)}, missing=NotFound)


def read(recall_id: str) -> Image | None:
    """A recall as it is now (consistent), or None."""
    return reading.item(settings.table("recalls"), {KEY: s(recall_id)})


def page(listing: reading.Listing, customer_id: str, limit: int, cursor: str | None) -> tuple[list[Recall], str | None]:
    """At most `limit` recalls of one list, newest first; the next page's cursor, None at the end."""
    found, following = listing.page(settings.table("recalls"), customer_id, limit, cursor)
    return [Recall.from_image(image) for image in found], following
