"""Read transfers; the commands do the rest."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.reverse_entry import REVERSAL
from chalicelib.limits import service as limits
from chalicelib.parameters import service as parameters
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import NotFound
from chalicelib.platform.money import decimal_text
from chalicelib.platform.queues import Message
from chalicelib.transfers import store
from chalicelib.transfers.domain import DAY_SUM_HIGH, Instruction, Request, state_at
from chalicelib.transfers.store import entry_id_of

__all__ = [
    "DAY_SUM_HIGH",
    "Request",
    "awaiting_facts",
    "canonical_text",
    "day_sum_message",
    "digest_of",
    "entry_id_from",
    "entry_id_of",
    "is_day_sum_high",
    "list_again",
    "receipt_message",
    "returned_message",
    "state_at",
    "transfer_by_key",
    "transfer_of",
    "transfer_page",
]

# What cannot be an id is not looked up.
_ENTRY_ID = re.compile(r"[a-z2-7]{26}")


def entry_id_from(text: str) -> str:
    """A transfer id as a caller gave it; raises NotFound for what cannot be one."""
    if not _ENTRY_ID.fullmatch(text):
        raise NotFound()
    return text


def transfer_of(customer_id: str, entry_id: str) -> Image:
    """The journal item of a customer's own transfer.

    Raises NotFound for an unknown id, another customer's, or an entry that is no transfer: all look alike.
    """
    image = ledger.read_entry(entry_id_from(entry_id))
    if image is None or image["kind"] != "transfer" or image["customer_id"] != customer_id:
        raise NotFound()
    return image


def transfer_by_key(customer_id: str, idempotency_key: str) -> Image:
    """The same, found by the key it was created with: for an app that crashed before it read the answer."""
    return transfer_of(customer_id, entry_id_of(customer_id, idempotency_key))


def digest_of(image: Image) -> bytes:
    """The digest of what a stored transfer says now."""
    return Instruction.from_image(image).digest()


def transfer_page(
    customer_id: str, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[Image], Mapping[str, Any] | None]:
    """One page of a customer's transfers, newest first, each as it is in the journal now."""
    entry_ids, last = store.page(customer_id, limit, after)
    entries = ledger.read_entries(entry_ids)
    return [entries[id_] for id_ in entry_ids if id_ in entries], last


def canonical_text(image: Image) -> str:
    """What the app shows and signs of a stored instruction, as base64."""
    return base64.b64encode(Instruction.from_image(image).canonical()).decode()


def awaiting_facts(image: Image) -> dict[str, str]:
    """What an `AwaitingView` says of an instruction that another context has made for its payer to confirm."""
    return {
        "id": image["entry_id"],
        "amount": decimal_text(image["amount_fen"]),
        "fee": decimal_text(image["fee_fen"]),
        "factor": image["factor"],
        "factor_id": image["factor_id"],
        "digest": image["digest"].hex(),
        "canonical": canonical_text(image),
        "valid_until": image["valid_until"],
    }


def receipt_message(image: Image) -> Message | None:
    """Tells those who issue receipts of a posted entry; telling it again does no harm. None: it gets none.

    Transfers get one, and their reversals. Fees are legs of their transfer and stand on its receipt; interest is not
    posted yet; cash, and what a court takes, have the counter's vouchers.
    """
    entry_id, correlation_id = image["entry_id"], image["correlation_id"]
    if image["kind"] == "transfer":
        return Message(f"{entry_id}#posted", "transfer.posted", entry_id, correlation_id, {})
    if image["kind"] == REVERSAL and image.get("reverses_kind") == "transfer":
        return Message(f"{entry_id}#reversed", "transfer.reversed", entry_id, correlation_id, {})
    return None


def returned_message(image: Image) -> Message:
    """Tells the payer that a transfer could not be executed; telling it again does no harm."""
    entry_id = image["entry_id"]
    return Message(f"{entry_id}#returned", "transfer.returned", entry_id, image["correlation_id"], {})


def is_day_sum_high(image: Image, now: dt.datetime) -> bool:
    """Whether the payer has paid more to others than the bank's mark, on the day whose limits a transfer took."""
    customer = customers.customer_of(image["customer_id"])
    if customer is None:
        return False
    mark_fen = parameters.value(parameters.TRANSFER_REMINDER_DAY_FEN, now)
    return limits.paid_to_others(customer.image, _day_of(image)) > mark_fen


def day_sum_message(image: Image) -> Message:
    """Tells the payer so; however many transfers of a day tell it, the payer is told once."""
    customer_id, day = image["customer_id"], _day_of(image)
    event_id = f"{customer_id}#day_sum#{day}"
    return Message(event_id, "transfer.day_sum_passed", customer_id, image["correlation_id"], {"business_date": day})


def _day_of(image: Image) -> str:
    return str(image.get("held_on") or image["business_date"])


def list_again(customer_id: str, images: Sequence[Image]) -> int:
    """Put those of a customer's posted transfers on the list that it lacks, or has as awaiting; how many."""
    if not images:
        return 0
    created = [image["created_at"] for image in images]
    listed = store.posted_between(customer_id, min(created), max(created))
    lacking = [image for image in images if image["entry_id"] not in listed]
    for image in lacking:
        store.project(image)
    return len(lacking)
