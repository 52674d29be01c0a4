"""The trial balance at the end of a business date (NB-5.1.6): every account once, a page in memory at a time.

A cut-off is by the entries' business dates. Nothing dated in a day that is over can still be written, and
what is dated later is left out, so the bank need not stand still while it is added up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from chalicelib.accounts import service as accounts
from chalicelib.closing import store
from chalicelib.closing.domain import BEGINNING, END, AccountDay, TrialBalance, is_over, parse_date
from chalicelib.closing.errors import BusinessDayNotOver
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image

# As many as one batch of the engine reads.
_BATCH = 100


def trial_balance(business_date: str, now: dt.datetime) -> TrialBalance:
    """Add up all accounts at the end of `business_date`, from the day after the last closed one.

    Raises BusinessDateMalformed, BusinessDayNotOver. What is pending or wrong is in the answer.
    """
    if not is_over(parse_date(business_date), now):
        raise BusinessDayNotOver(date=business_date)
    previous = store.last_before(business_date)
    balance = TrialBalance(business_date, clock.day_after(previous.business_date) if previous else BEGINNING)
    entries = _Entries(balance)
    for page in ledger.account_pages():
        for image in page:
            if ledger.is_house(image["account_id"]):
                balance.add_house(image["account_id"], _house(image, balance))
            else:
                balance.add_customer(_customer(image, balance, entries))
            entries.note_account(image)
    entries.finish()
    balance.compare(
        int(previous.customers_fen) if previous else 0,
        {account_id: int(fen) for account_id, fen in previous.house.items()} if previous else {},
    )
    return balance


def _house(image: Image, balance: TrialBalance) -> AccountDay:
    """A house account: its balance without the lines dated after, and without those posted since it was read."""
    rows = [0, 0]
    day = AccountDay()
    for row in ledger.deferred_lines_from(image["account_id"], balance.first_date):
        if row.seq > image["seq"]:
            continue
        if row.business_date > balance.business_date:
            rows[1] += row.amount_fen
        else:
            rows[0] += row.amount_fen
            day = day.with_leg(row.amount_fen, row.lines)
    opening_fen = ledger.Account.from_image(image).posted_fen - sum(rows)
    return AccountDay(opening_fen, day.legs_fen, day.turnover_fen, day.lines)


def _customer(image: Image, balance: TrialBalance, entries: _Entries) -> AccountDay:
    """A customer's account from its statement lines, held against the account's own item."""
    account = ledger.Account.from_image(image)
    before = accounts.last_line(account.account_id, before_date=balance.first_date)
    day = AccountDay(before.balance_fen if before else 0)
    last_seq, last_fen = (before.seq, before.balance_fen) if before else (0, 0)
    for line in _lines(account, balance):
        if line.business_date > balance.business_date and line.seq > account.seq:
            break  # came while the books are being added up
        if line.seq != last_seq + 1 or line.balance_fen != last_fen + line.amount_fen or line.seq > account.seq:
            balance.broken.add(f"{account.account_id} line {line.seq}")
        last_seq, last_fen = line.seq, line.balance_fen
        if line.valued_on < balance.first_date:
            day = AccountDay(day.opening_fen + line.amount_fen, day.legs_fen, day.turnover_fen, day.lines)
        elif line.valued_on <= balance.business_date:
            day = day.with_leg(line.amount_fen)
            entries.add(line)
    _against_item(account, last_seq, last_fen, balance)
    return day


def _lines(account: ledger.Account, balance: TrialBalance) -> Iterator[accounts.Movement]:
    """The lines of the period; where deferred legs may have come, also later ones, which may carry its date."""
    until = END if account.may_get_deferred_legs_of(balance.first_date) else balance.business_date
    return accounts.lines_between(account.account_id, balance.first_date, until)


def _against_item(account: ledger.Account, seq: int, balance_fen: int, balance: TrialBalance) -> None:
    """Compare the account's item with the line of its sequence; a missing one is pending, not wrong."""
    if seq < account.seq:
        newest = accounts.last_line(account.account_id)
        if newest is None or newest.seq < account.seq:
            written = newest.seq if newest else 0
            if _is_due(account, account.seq - written, balance.business_date):
                balance.pending_accounts.add(account.account_id)
            return
        seq, balance_fen = newest.seq, newest.balance_fen
        if seq > account.seq:
            later = accounts.lines_between(account.account_id, clock.day_after(balance.business_date), END)
            seq, balance_fen = next(((one.seq, one.balance_fen) for one in later if one.seq == account.seq), (0, 0))
    if seq != account.seq or balance_fen != account.posted_fen:
        balance.broken.add(account.account_id)


def _is_due(account: ledger.Account, missing: int, business_date: str) -> bool:
    """Whether one of the account's newest `missing` lines, which are not written yet, belongs before the cut-off.

    The bank does not stand still at night, so some line is always on its way; the account remembers its last
    entries, and what is older than its memory counts as due.
    """
    remembered = ledger.remembered_entries(account)
    images = ledger.read_entries(remembered)
    for entry_id in remembered:
        image = images.get(entry_id)
        if image is None or image["business_date"] <= business_date:
            return True
        missing -= sum(posting["a"] == account.account_id for posting in image["postings"])
        if missing <= 0:
            return False
    return True


class _Entries:
    """Holds statement lines against the journal, and the journal's deferred legs against their rows, in batches.

    Every entry has a leg that its own write posts, so each is met here once its lines are there: a deferred
    leg that is still on its way cannot be missed. A row that landed after its account was read is no part of
    what was added up, so it counts as on its way too.
    """

    def __init__(self, balance: TrialBalance) -> None:
        self._balance = balance
        self._lines: dict[str, list[accounts.Movement]] = {}
        # Of the accounts that get deferred legs, which are few: the sequence up to which they were added up.
        self._seqs: dict[str, int] = {}
        # The newest row seen of those that were not read by then: (sequence, entry).
        self._ahead: dict[str, tuple[int, str]] = {}

    def note_account(self, image: Image) -> None:
        """Keep how far an account was added up."""
        account = ledger.Account.from_image(image)
        if ledger.is_house(account.account_id) or account.is_credit_deferred or "deferred_until" in image:
            self._seqs[account.account_id] = account.seq

    def add(self, line: accounts.Movement) -> None:
        """Keep a line for the next check, and check when a batch is full."""
        self._lines.setdefault(line.entry_id, []).append(line)
        if len(self._lines) == _BATCH:
            self.check()

    def finish(self) -> None:
        """Check the rest, when all accounts have been read; one that has no sequence was made meanwhile."""
        self.check()
        for account_id, (seq, entry_id) in self._ahead.items():
            if seq > self._seqs.get(account_id, 0):
                self._balance.pending_entries.add(entry_id)

    def check(self) -> None:
        """Check what is kept, and forget it."""
        images = ledger.read_entries(list(self._lines))
        due: dict[tuple[str, str], tuple[str, int]] = {}
        for entry_id, lines in self._lines.items():
            entry = _entry(images.get(entry_id))
            if entry is None:
                self._balance.broken.add(f"entry {entry_id}")
                continue
            own = [(leg.account_id, leg.amount_fen, leg.kind) for leg in entry.legs]
            first = next(leg for leg in entry.legs if not ledger.is_deferred(leg))
            for line in lines:
                key = (line.account_id, line.amount_fen, line.kind)
                if key not in own or line.valued_on != images[entry_id]["business_date"]:
                    self._balance.broken.add(f"{line.account_id} line {line.seq}")
                if key == (first.account_id, first.amount_fen, first.kind):
                    for leg in filter(ledger.is_deferred, entry.legs):
                        _, so_far = due.get((leg.account_id, entry_id), ("", 0))
                        due[leg.account_id, entry_id] = (line.valued_on, so_far + leg.amount_fen)
        self._lines.clear()
        self._check_deferred(due)

    def _check_deferred(self, due: dict[tuple[str, str], tuple[str, int]]) -> None:
        wanted = list(due.items())
        for start in range(0, len(wanted), _BATCH):
            part = wanted[start : start + _BATCH]
            rows = ledger.deferred_lines_at([(account_id, date, id_) for (account_id, id_), (date, _) in part])
            late = dict.fromkeys(key[1] for key, _ in part if key not in rows or self._landed_after(rows[key]))
            for entry_id in late:
                self._balance.pending_entries.add(entry_id)
            for key, (_, amount_fen) in part:
                if key in rows and rows[key].amount_fen != amount_fen:
                    self._balance.broken.add(f"{key[0]} entry {key[1]}")

    def _landed_after(self, row: ledger.DeferredLine) -> bool:
        """Whether a row is past its account as it was read; of one that is still to be read `finish` will tell."""
        if row.account_id in self._seqs:
            return row.seq > self._seqs[row.account_id]
        self._ahead[row.account_id] = max(self._ahead.get(row.account_id, (0, "")), (row.seq, row.entry_id))
        return False


def _entry(image: Image | None) -> ledger.Entry | None:
    """The entry of a posted journal item; None when it is missing or does not balance."""
    if image is None or "postings" not in image:
        return None
    try:
        return ledger.entry_from_image(image)
    except ledger.EntryUnbalanced:
        return None
