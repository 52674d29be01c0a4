"""Count a till at day-end (轧账): what agrees goes back to the vault, a difference needs a second person (NB-5.1.5)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from chalicelib.counter import domain, service, store, vouchers
from chalicelib.counter.domain import CLOSED, COUNTED, Till
from chalicelib.counter.errors import SecondPersonRequired, TillCountChanged, TillNotCounted
from chalicelib.counter.vouchers import Number, VoucherDraft
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import Beside
from chalicelib.ledger.commands.post_house_entry import HouseEntry, draft_house_entry
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, n, s
from chalicelib.platform.errors import AmountOutOfRange
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff

OVER_SHORT = "cash_over_short"


def count_till(business_date: str, teller_id: str, counted_fen: int, *, by: str) -> Till:
    """Note what was counted; the till as it is then.

    If that is what should be there, the till closes and its cash is the vault's again. Else it takes and gives no
    more cash, may be counted again, and `settle_difference` closes it. A repeat answers the till as it is.
    Raises AmountOutOfRange below zero, NotFound, StaffNotEntitled, TillNotOpen (closed with another count),
    TillCountChanged, TryAgain, OutcomeUnknown.
    """
    if counted_fen < 0:
        raise AmountOutOfRange()
    till = service.till_of(business_date, teller_id)
    staff.require_teller(by, till.branch_id)
    if till.state == CLOSED and till.counted_fen == counted_fen:
        return till
    if counted_fen == till.cash_fen:
        service.write_numbered(till.branch_id, lambda number, now: _closing(till, counted_fen, by, number, now))
    else:
        update = _count(till, counted_fen, by).set("#state = :after", after=s(COUNTED))
        updates.together([update])
    return service.till_of(business_date, teller_id)


def _count(till: Till, counted_fen: int, by: str) -> ItemUpdate:
    update = store.till_update(till.business_date, till.teller_id)
    update.require(domain.countable_rule(), domain.expected_rule(till.cash_fen))
    return update.set("#counted_fen = :found, #counted_by = :by", found=n(counted_fen), by=s(by))


def _closing(read: Till, counted_fen: int, by: str, number: Number, now: dt.datetime) -> Sequence[ItemPut | ItemUpdate]:
    """The till's last write and its voucher; what was read is looked at again, as others take numbers meanwhile."""
    till = service.till_of(read.business_date, read.teller_id)
    if till.cash_fen != counted_fen:
        raise TillCountChanged()
    at = clock.to_text(now)
    facts = {
        "till": f"{till.teller_id} {till.business_date}",
        "opened": decimal_text(till.opened_fen),
        "in": decimal_text(till.in_fen),
        "out": decimal_text(till.out_fen),
        "counted": decimal_text(counted_fen),
    }
    draft = VoucherDraft(vouchers.TILL_CLOSED, by, at, facts, amount_fen=counted_fen)
    update = _count(till, counted_fen, by)
    update.set("#state = :after, #closed_at = :at", after=s(CLOSED), at=s(at))
    return [update, *_into_vault(till.branch_id, counted_fen), store.voucher_put(number, draft)]


def _into_vault(branch_id: str, amount_fen: int) -> list[ItemUpdate]:
    if not amount_fen:
        return []
    return [store.vault_update(branch_id).set("#cash_fen = #cash_fen + :amount", amount=n(amount_fen))]


def settle_difference(business_date: str, teller_id: str, seen_fen: int, *, reason: str, checker_id: str) -> Till:
    """Book a till's difference to over and short (长短款), and close the till with what was counted (`seen_fen`).

    The entry has the date on which it is booked. The checker is neither whose till it is nor who counted it, as a
    condition of the write; a repeat answers the closed till. Raises NotFound, StaffNotEntitled, TillNotCounted,
    TillCountChanged, SecondPersonRequired, TryAgain, OutcomeUnknown.
    """
    till = service.till_of(business_date, teller_id)
    staff.require_teller(checker_id, till.branch_id)
    if till.state == CLOSED and (till.checker_id, till.counted_fen) == (checker_id, seen_fen):
        return till
    if till.state != COUNTED:
        raise TillNotCounted()
    if checker_id in (till.teller_id, till.counted_by):
        raise SecondPersonRequired()
    if till.counted_fen != seen_fen:
        raise TillCountChanged()
    ledger.post(lambda now: _difference(till, seen_fen, reason, checker_id, now))
    return service.till_of(business_date, teller_id)


def _difference(till: Till, seen_fen: int, reason: str, checker_id: str, now: dt.datetime) -> ledger.Draft:
    over_fen = seen_fen - till.cash_fen
    entry = ledger.Entry(
        ids.derived_id(OVER_SHORT, till.business_date, till.teller_id),
        (
            ledger.Leg(ledger.cash_account(till.branch_id), -over_fen, "over_short"),
            ledger.Leg(ledger.over_short_account(till.branch_id), over_fen, "over_short"),
        ),
    )
    digest = hashlib.sha256(f"{seen_fen}|{checker_id}".encode()).digest()
    wanted = HouseEntry(entry, OVER_SHORT, abs(over_fen), reason, till.counted_by or till.teller_id, digest)
    return draft_house_entry(wanted, now, lambda facts: _beside(till, seen_fen, reason, checker_id, entry, facts))


def _beside(
    till: Till, seen_fen: int, reason: str, checker_id: str, entry: ledger.Entry, facts: ledger.PostingFacts
) -> Beside:
    update = store.till_update(till.business_date, till.teller_id).require(
        domain.counted_rule(), domain.same_count_rule(seen_fen), domain.other_person_rule(checker_id)
    )
    update.set(
        "#state = :after, #closed_at = :at, #checker_id = :by_checker",
        after=s(CLOSED),
        at=s(facts.posted_at),
        by_checker=s(checker_id),
    )
    number = store.next_number(till.branch_id, facts.business_date)
    over_fen = seen_fen - till.cash_fen
    told = {
        "till": f"{till.teller_id} {till.business_date}",
        "expected": decimal_text(till.cash_fen),
        "counted": decimal_text(seen_fen),
        "side": "长款" if over_fen > 0 else "短款",
        "reason": reason,
    }
    draft = VoucherDraft(
        vouchers.TILL_DIFFERENCE,
        till.counted_by or till.teller_id,
        facts.posted_at,
        told,
        amount_fen=abs(over_fen),
        checker_id=checker_id,
        entry_id=entry.entry_id,
    )
    return Beside(
        (update, *_into_vault(till.branch_id, seen_fen)),
        (store.voucher_put(number, draft),),
        {"voucher": str(number), "checker_id": checker_id},
    )
