"""Write the statement lines of one change of an account, and tell each to who tells the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.accounts import store
from chalicelib.accounts.domain import FIRST_HASH, LineGap, Movement, lines_of
from chalicelib.ledger import service as ledger
from chalicelib.platform import queues
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import Retryable
from chalicelib.platform.queues import Message


def write_lines(old: Image | None, new: Image) -> None:
    """Write the lines that a change stands for: once, in order, chained (NB-5.1.3).

    Raises LineGap when lines before are missing or the legs do not lead to the new balance; Retryable while
    the entry is not readable. Repeating it changes nothing and tells the same again.
    """
    movements = lines_of(old, new)
    if not movements:
        return
    last = store.last(new["account_id"])
    written = last.seq if last else 0
    if written < movements[0].seq - 1:
        # A lost line must not be papered over: what follows waits until the lines before it are there.
        raise LineGap(f"line {movements[0].seq} after {written}")
    entries = _entries([movement.entry_id for movement in movements])
    chain = last.chain if last else FIRST_HASH
    for movement in movements:
        if movement.seq > written:
            entry = entries[movement.entry_id]
            chained = replace(movement, correlation_id=entry["correlation_id"]).chained_to(chain)
            if not append(entry, chained):
                raise Retryable("the sweeper wrote the line meanwhile")
            chain = chained.chain
    # Told again when the record is repeated; who listens tells a customer once.
    tell([(entries[movement.entry_id], movement) for movement in movements])


def _entries(entry_ids: Sequence[str]) -> dict[str, Image]:
    """The entries a change stands for: one, or several that came to a deferred account together."""
    wanted = list(dict.fromkeys(entry_ids))
    found = ledger.read_entries(wanted)
    if len(found) < len(wanted):
        raise Retryable("an entry is not readable yet")
    return found


def append(entry: Image, movement: Movement, *, rebuilt: bool = False) -> bool:
    """Write one chained line with the words of its entry; False when it is there already."""
    return store.append(
        movement, counterparty=_counterparty(entry, movement), purpose=entry["purpose"], rebuilt=rebuilt
    )


def tell(lines: Sequence[tuple[Image, Movement]]) -> None:
    """Have each line, given with its entry, told to the account's owner."""
    queues.send("alerts", [_message(entry, movement) for entry, movement in lines])


def _counterparty(entry: Image, movement: Movement) -> tuple[str, str] | None:
    """The other side's account and name, for the principal of an entry that has two named sides."""
    side = "payee" if movement.amount_fen < 0 else "payer"
    if movement.kind != "principal" or not entry.get(f"{side}_name"):
        return None
    return entry[f"{side}_account"], entry[f"{side}_name"]


def _message(entry: Image, movement: Movement) -> Message:
    """Names the line by its posting in the entry: an account number is personal data and stays out of queues."""
    posting = next(
        index
        for index, leg in enumerate(entry["postings"])
        if (leg["a"], leg["f"], leg["k"]) == (movement.account_id, movement.amount_fen, movement.kind)
    )
    return Message(
        event_id=f"{movement.entry_id}#movement#{posting}",
        event_type="movement.posted",
        aggregate_id=movement.entry_id,
        correlation_id=entry["correlation_id"],
        data={"posting": str(posting), "business_date": movement.business_date, "seq": str(movement.seq)},
    )
