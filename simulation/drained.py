"""What must hold when nothing is left to do: everything due is there, once, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from simulation.aftermath import SENT
from simulation.books import Books
from simulation.images import text, whole
from simulation.pending import left_over
from simulation.queues import Queue

SECURITY, MOVEMENT, TRANSFER, ORDER, RECALL = "security", "movement", "transfer", "order", "recall"
BATCH, NOTICE = "batch", "notice"


def wrong_at_rest(
    books: Books,
    queues: Iterable[Queue],
    excused: set[tuple[str, str]],
    to_tell: Counter[str],
    finished_month: str | None,
    now: str,
) -> Iterator[str]:
    """Everything that is wrong.

    `excused` are inbox rows whose machine died, or got no answer, between the claim and the note that it was
    sent: of these at most one message may be missing. `to_tell` counts the events of each customer's own log
    that the owner has to hear of. `finished_month` is the month that ended, or None;
    `now` is the time up to which what is due was waited for, as text.
    """
    yield from _receipts(books)
    yield from _deferred(books)
    yield from _lines(books)
    yield from _alerts(books, excused)
    yield from _security(books, to_tell)
    yield from _list(books)
    yield from left_over(books.pending, _told(books, TRANSFER))
    yield from books.ordered.left_over(now, _told(books, ORDER))
    yield from books.together.left_over(_told(books, BATCH))
    yield from books.recalled.left_over(_told(books, RECALL, begun=True))
    yield from books.suspended.announced.left_over()
    for hold_id in books.open_holds():
        yield f"hold {hold_id} is held for ever"
    if finished_month is not None:
        yield from _bills(books, finished_month)
    for queue in queues:
        for message in queue.dead:
            if not message.poison:
                yield f"{queue.name}: a good message is among the dead letters: {message.body}"
        if queue.held:
            yield f"{queue.name}: {len(queue.held)} messages are left"


def _receipts(books: Books) -> Iterator[str]:
    due = {entry.entry_id for entry in books.entries.values() if books.aftermath.is_receipted(entry)}
    for entry_id in sorted(due ^ books.aftermath.receipts):
        yield f"entry {entry_id} should have exactly one receipt if it is a posted transfer, or reverses one"


def _deferred(books: Books) -> Iterator[str]:
    for account_id, entry_id in books.deferred.missing():
        yield f"the deferred legs of entry {entry_id} never came to {account_id}"
    if books.accounts_fen:
        yield f"all accounts together, the bank's own included, hold {books.accounts_fen} fen instead of nothing"
    if not books.deferred.closed:
        yield "the business day that ended was not closed"


def _lines(books: Books) -> Iterator[str]:
    for account_id, lines in books.aftermath.lines.items():
        if books.aftermath.written[account_id] != len(lines):
            yield f"account {account_id} has {books.aftermath.written[account_id]} of {len(lines)} lines"


def _alerts(books: Books, excused: set[tuple[str, str]]) -> Iterator[str]:
    due = Counter((account, line.entry_id) for account, lines in books.aftermath.lines.items() for line in lines)
    rows = [row for row in books.aftermath.inbox.values() if text(row, "kind") == MOVEMENT]
    told = Counter((text(row, "account_id"), text(row, "entry_id")) for row in rows)
    for key in due.keys() | told.keys():
        if due[key] != told[key]:
            yield f"{key}: {told[key]} inbox rows for {due[key]} lines"
    for key, row in books.aftermath.inbox.items():
        for channel in ("sms", "push"):
            sent = books.aftermath.sends[f"{key[1]}#{channel}"]
            if channel in row and text(row, channel) == SENT and sent != 1:
                yield f"inbox row {key} says {channel} sent, the provider saw {sent}"
        if text(row, "kind") == NOTICE:
            continue  # by inbox alone
        sent = books.aftermath.sends[f"{key[1]}#sms"]
        if text(row, "kind") == RECALL and "sms" not in row:
            continue  # its state was over before the message went; then the later one is told
        if sent != 1 and key not in excused:
            yield f"inbox row {key}: {sent} SMS, state {text(row, 'sms', 'none')}"


def _security(books: Books, to_tell: Counter[str]) -> Iterator[str]:
    told = _told(books, SECURITY)
    for customer_id in to_tell.keys() | told.keys():
        if to_tell[customer_id] != told[customer_id]:
            yield f"customer {customer_id} was told {told[customer_id]} of {to_tell[customer_id]} security events"


def _told(books: Books, kind: str, *, begun: bool = False) -> Counter[str]:
    """How many inbox rows of a kind each customer has; with `begun` those whose SMS was begun to be sent."""
    rows = (row for row in books.aftermath.inbox.values() if text(row, "kind") == kind)
    return Counter(text(row, "customer_id") for row in rows if "sms" in row or not begun)


def _list(books: Books) -> Iterator[str]:
    for entry_id, (state, customer_id) in books.transfers.items():
        if not customer_id:
            continue
        if books.aftermath.listed.get(entry_id) != state:
            yield f"the list shows {entry_id} as {books.aftermath.listed.get(entry_id)}, it is {state}"


def _bills(books: Books, month: str) -> Iterator[str]:
    # What a half-done sign-up left without a contract is nobody's, and nobody's bill.
    opened = {account for account in books.opened_on if books.opened_on[account][:6] <= month.replace("-", "")}
    due = opened & books.sign_ups.contracted
    for account in sorted(due ^ {account for account, billed in books.aftermath.bills if billed == month}):
        yield f"account {account} should have one bill for {month}"
    for (account, billed), bill in books.aftermath.bills.items():
        inside = [line for line in books.aftermath.lines[account] if line.business_date[:6] == billed.replace("-", "")]
        before = [line for line in books.aftermath.lines[account] if line.business_date[:6] < billed.replace("-", "")]
        opening = before[-1].balance_fen if before else 0
        moved = sum(line.amount_fen for line in inside)
        if (whole(bill, "opening_fen"), whole(bill, "closing_fen")) != (opening, opening + moved):
            yield f"the bill of {account} for {billed} opens or closes wrong"
        if whole(bill, "in_fen") - whole(bill, "out_fen") != moved:
            yield f"the bill of {account} for {billed} does not have its month's movements"
        if whole(bill, "in_count") + whole(bill, "out_count") != len(inside):
            yield f"the bill of {account} for {billed} has another number of lines"
