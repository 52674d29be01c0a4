"""Keep the day's lists, and read them for staff (NB-5.2.5-op). The commands look for what is stuck."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.dynamo import Image, decode_cursor, encode_cursor, s
from chalicelib.platform.errors import NotFound
from chalicelib.reports import domain, store
from chalicelib.reports.domain import AWAITING, EXPIRED, PAYMENT, POSTED, REVERSED, Figure, Row
from chalicelib.reports.outcomes import FAILURE_BOUND, SUCCESS_AIM, Outcome, percent, together
from chalicelib.staff import service as staff

__all__ = [
    "FAILURE_BOUND",
    "SUCCESS_AIM",
    "Figure",
    "Outcome",
    "Row",
    "cash_branch_in",
    "customer_accounts_in",
    "entries_booked",
    "entries_by_hour",
    "entries_counted",
    "figures",
    "is_in_scope",
    "list_again",
    "note",
    "outcome_of",
    "outcome_over",
    "overdue_count",
    "page",
    "percent",
    "read_row",
    "together",
]

# The longest a record is on its way.
_STREAM_KEEPS = dt.timedelta(days=1)


def customer_accounts_in(image: Image) -> list[str]:
    """The customers' accounts that a journal item names, the one it starts from first."""
    # A number at another bank may be that of an account here: it is not the same.
    payee = None if "payee_bank" in image else image.get("payee_account")
    named = [image.get("payer_account"), payee]
    if "reverses" in image:
        # What is corrected began on the other side.
        named.reverse()
    named += [leg["a"] for leg in image.get("postings", [])]
    return [id_ for id_ in dict.fromkeys(named) if id_ and not ledger.is_house(id_)]


def cash_branch_in(image: Image) -> str | None:
    """The branch whose cash a journal item moves, if it moves any."""
    branches = (ledger.cash_branch(leg["a"]) for leg in image.get("postings", []))
    return next((branch for branch in branches if branch is not None), None)


def read_row(image: Image) -> Row | None:
    """The row of a journal item as it is now; None for an entry between the bank's own accounts, which is no
    customer's transaction and has its voucher.

    It belongs to the branch whose cash it moves, else to that of the account from which it starts.
    """
    account_ids = customer_accounts_in(image)
    if not account_ids:
        return None
    branch_id = cash_branch_in(image) or ledger.read_accounts(account_ids[:1])[account_ids[0]].branch_id
    return domain.row_of(image, branch_id)


def note(image: Image) -> None:
    """Write a journal item's row, and count it once; a repeat or an earlier state changes nothing.

    Raises TryAgain, OutcomeUnknown: told again, it does what is left.
    """
    row = read_row(image)
    if row is not None:
        store.note(row)


def list_again(images: Sequence[Image]) -> int:
    """Note those of at most 100 journal items whose row is missing or behind; how many."""
    ranks = store.ranks_of([image["entry_id"] for image in images])
    behind = [image for image in images if ranks.get(image["entry_id"], 0) < domain.RANKS[domain.state_of(image)]]
    rows = [row for row in map(read_row, behind) if row is not None]
    for row in rows:
        store.note(row)
    return len(rows)


def entries_booked(day: str) -> list[str]:
    """The ids of all transactions booked on a business date, reversed ones too; in no order."""
    return [entry_id for state in (POSTED, REVERSED) for entry_id in store.entries_of(store.list_of(day, state))]


def page(
    actor: StaffCaller, day: str, state: str, *, branch_id: str | None, limit: int, cursor: str | None, now: dt.datetime
) -> tuple[list[tuple[Row, str]], str | None]:
    """A business date's transactions in a state, newest first, each with the state that a reader sees; the next cursor.

    Of one organisation, the actor's own where none is named; the head office sees the whole bank's. Raises NotFound
    for an organisation out of scope, CursorMalformed.
    """
    branch = branch_id or (None if actor.branch_id == staff.HEAD_OFFICE else actor.branch_id)
    if branch is not None:
        staff.require_scope(actor, branch)
    name = store.list_of(day, state, branch)
    after = decode_cursor(cursor, "list", name, "listed")
    index = store.OF_BANK if branch is None else store.OF_BRANCH
    rows, last = store.page(index, name, limit, after["listed"]["S"] if after else None)
    return [(row, _shown(row, now)) for row in rows], cursor_of("list", name, "listed", last)


def cursor_of(name: str, value: str, place_name: str, place: str | None) -> str | None:
    """The cursor of a list's next page, as decode_cursor reads it; None at the end."""
    key: Mapping[str, Any] | None = None if place is None else {name: s(value), place_name: s(place)}
    return encode_cursor(key)


def _shown(row: Row, now: dt.datetime) -> str:
    """An instruction whose time is over reads `expired` before its row says so."""
    is_over = row.state == AWAITING and row.until is not None and row.until <= clock.to_text(now)
    return EXPIRED if is_over else row.state


def figures(actor: StaffCaller, days: Sequence[str], branch_id: str | None) -> list[Figure]:
    """What the actor's organisation and those below it, or one of them, did on each date, by branch and kind.

    Raises NotFound for an organisation out of scope.
    """
    if branch_id is not None:
        staff.require_scope(actor, branch_id)
    found = [figure for day in days for figure in store.figures(day)]
    return [one for one in found if one.branch_id == (branch_id or one.branch_id) and is_in_scope(actor, one.branch_id)]


def entries_counted(day: str) -> int:
    """How many entries were booked on a business date, in the whole bank."""
    return sum(figure.entries for figure in store.figures(day))


def overdue_count(since: dt.datetime, most: int) -> int:
    """How many transactions have lacked what should follow on them since before that moment; counted up to `most`."""
    rows, _ = store.overdue(clock.to_text(since), most, None)
    return len(rows)


def entries_by_hour(days: Sequence[str]) -> list[int]:
    """How many entries the whole bank had in each hour of the Shanghai day, over those business dates."""
    return [sum(counts) for counts in zip(*(store.hours(day) for day in days), strict=True)]


def outcome_of(day: str, now: dt.datetime) -> Outcome:
    """How the payments of a business date ended, in the whole bank (YQ-4.1.1).

    Records of a date may come for as long as the journal's stream keeps them: from then on it is read once an instance.
    """
    is_over = day < clock.business_date(now - _STREAM_KEEPS)
    return outcome_over(day) if is_over else _outcome(day)


def _outcome(day: str) -> Outcome:
    made = sum(figure.entries for figure in store.figures(day) if figure.kind == PAYMENT)
    return Outcome(day, made, *store.unpaid(day))


# The same for a date that is over.
outcome_over = functools.lru_cache(maxsize=64)(_outcome)


def is_in_scope(actor: StaffCaller, branch_id: str) -> bool:
    """Whether that organisation is the actor's own or below it."""
    try:
        staff.require_scope(actor, branch_id)
    except NotFound:
        return False
    return True
