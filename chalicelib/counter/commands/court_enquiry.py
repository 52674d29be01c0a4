"""Answer an authority's enquiry about deposits (司法查询): on record, with its document, before it is answered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.accounts import service as accounts
from chalicelib.counter import court, service, store, vouchers
from chalicelib.counter.commands.take_deposit import account_at_counter
from chalicelib.counter.court import Document, Order
from chalicelib.counter.errors import CourtPeriodInvalid
from chalicelib.counter.vouchers import Number, VoucherDraft
from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_account

MAX_DAYS = 366
# Of one account; an enquiry about more is made in parts.
MAX_LINES = 2000


@dataclass(frozen=True, slots=True)
class Enquiry:
    """What the document asks: an account, or all of a person's by document; dates, both included."""

    document: Document
    first_date: str
    last_date: str
    account_id: str | None = None
    person: customers.IdentityDocument | None = None


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """One account as it is now, what is ordered on it, and its lines of the period, oldest first."""

    account: ledger.Account
    orders: list[Order]
    lines: list[accounts.Movement]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the authority is told, and the voucher by which it is on record."""

    voucher: str
    accounts: list[AccountAnswer]


def answer_enquiry(enquiry: Enquiry, *, teller_id: str) -> Answer:
    """Balances and movements of a period; the voucher is written first, so that no answer is without one.

    Raises CourtDocumentMalformed, CourtPeriodInvalid (dates, or more than MAX_LINES lines), NotFound (also of a person
    who is no customer), StaffNotEntitled.
    """
    enquiry.document.check()
    _check_period(enquiry)
    branch_id = service.branch_of_teller(teller_id)
    found = _accounts(enquiry)

    def plan(number: Number, now: dt.datetime) -> list[ItemPut | ItemUpdate]:
        facts = {
            "account": "、".join(mask_account(account.account_id) for account in found),
            "authority": enquiry.document.authority,
            "document": enquiry.document.number,
            "officers": "、".join(enquiry.document.officers),
            "period": f"{enquiry.first_date} - {enquiry.last_date}",
        }
        draft = VoucherDraft(
            vouchers.COURT_ENQUIRY, teller_id, clock.to_text(now), facts, customer_id=found[0].customer_id
        )
        return [store.voucher_put(number, draft)]

    number = service.write_numbered(branch_id, plan)
    return Answer(str(number), [_answer(account, enquiry) for account in found])


def _check_period(enquiry: Enquiry) -> None:
    try:
        days = court.days_until(enquiry.first_date, enquiry.last_date)
    except ValueError:
        raise CourtPeriodInvalid() from None
    if {len(enquiry.first_date), len(enquiry.last_date)} != {8} or not 0 <= days < MAX_DAYS:
        raise CourtPeriodInvalid()


def _accounts(enquiry: Enquiry) -> list[ledger.Account]:
    if enquiry.account_id is not None:
        return [account_at_counter(enquiry.account_id)]
    customer_id = customers.customer_with(enquiry.person) if enquiry.person is not None else None
    held = accounts.accounts_held(customer_id) if customer_id is not None else []
    if not held:
        raise NotFound()
    return sorted(held, key=lambda account: account.account_id)


def _answer(account: ledger.Account, enquiry: Enquiry) -> AccountAnswer:
    lines: list[accounts.Movement] = []
    for line in accounts.lines_between(account.account_id, enquiry.first_date, enquiry.last_date):
        if len(lines) == MAX_LINES:
            raise CourtPeriodInvalid()
        lines.append(line)
    return AccountAnswer(account, service.live_orders(account.account_id), lines)
