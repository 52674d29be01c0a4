"""A bank's day that touches each write and each query there is."""

from __future__ import annotations

from chalicelib.staff import service as staff
from tests.engine.access_stories import factors_and_codes, phone_change, phones, sessions, step_ups
from tests.engine.book_stories import a_sealed_day, bills_to_confirm, days_of_the_bank, lines_and_days, projections
from tests.engine.counter_stories import blanks, counter, court_orders, tills_and_vouchers
from tests.engine.document_stories import documents
from tests.engine.payment_stories import by_receive_codes, to_another_bank, to_several, to_wrong_payees
from tests.engine.staff_stories import registers, staff_log, staff_log_ins, two_people
from tests.engine.test_deferred_races import merchant
from tests.engine.test_transfer_races import customer
from tests.engine.transfer_stories import (
    arriving_later,
    asked_back,
    holds_and_limits,
    payee_book,
    payments,
    standing_orders,
)


def live_a_day(*, with_seal: bool = True) -> None:
    """All stories, one after the other, with customers of their own; the one of a seal only where the engine pages
    backwards, which moto does not.
    """
    payer, payee, shop = customer("赵小明", 10_000_00), customer("钱红", 0), merchant()
    payments(payer, payee, shop)
    arriving_later(payer, payee, shop)
    holds_and_limits(payer, payee)
    standing_orders()
    tills_and_vouchers()
    court_orders()
    sessions()
    counter()
    two_people()
    registers()
    step_ups()
    phones()
    phone_change()
    factors_and_codes(payer, payee)
    staff.register_branch(staff.Branch("0002", "示范村镇银行城东支行", "示范县城东路2号", "0990-0000002"))
    blanks()
    staff_log_ins()
    staff_log()
    lines_and_days(payer)
    projections(payer)
    if with_seal:
        a_sealed_day()
    payee_book(payer, payee)
    days_of_the_bank()
    bills_to_confirm(payer)
    asked_back(payer, payee)
    to_another_bank(payer)
    by_receive_codes(payer, payee)
    to_wrong_payees(payer)
    to_several(payer, payee)
    documents()
