"""What test_expressions.py plays at the counter: tills, vouchers, court orders, services, blanks."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from chalicelib.blanks import service as stock
from chalicelib.blanks.commands.count import recount
from chalicelib.blanks.commands.move import move
from chalicelib.blanks.commands.spoil import give_back, spoil
from chalicelib.counter import court_store
from chalicelib.counter import service as counter_service
from chalicelib.counter import vouchers as voucher_kinds
from chalicelib.counter.commands.correct_cash import Correction, plan_correction
from chalicelib.counter.commands.count_till import count_till, settle_difference
from chalicelib.counter.commands.court_orders import plan_lifting, plan_renewal
from chalicelib.counter.commands.court_transfer import CourtTransfer, plan_transfer
from chalicelib.counter.commands.expire_court_orders import expire_court_orders
from chalicelib.counter.commands.move_vault_cash import VaultMove, move_vault_cash
from chalicelib.counter.commands.open_till import open_till
from chalicelib.counter.commands.pay_out import Withdrawal, pay_out
from chalicelib.counter.commands.print_voucher import print_voucher
from chalicelib.counter.commands.take_deposit import take_deposit
from chalicelib.counter.domain import People
from chalicelib.counter.vouchers import VoucherDraft
from chalicelib.customers import providers as identity_providers
from chalicelib.customers import service as customers
from chalicelib.customers.commands.bind_account import plan_binding, unbind_account
from chalicelib.customers.commands.change_edition import Upgrade, close_online, downgrade, upgrade
from chalicelib.customers.commands.change_profile import change_mailing_address
from chalicelib.customers.commands.compare_face import compare_face
from chalicelib.customers.commands.contract_account import contract_account
from chalicelib.customers.commands.open_account import AccountForm, open_account
from chalicelib.customers.commands.open_customer import Person, open_customer
from chalicelib.customers.commands.read_document import read_document
from chalicelib.customers.commands.sign_up_online import OnlineForm, sign_up_online
from chalicelib.customers.commands.verify_identity import verify_identity
from chalicelib.customers.domain import IdentityDocument
from chalicelib.customers.errors import IdentityProviderUnavailable
from chalicelib.customers.pictures import Picture
from chalicelib.customers.specimens import Specimen
from chalicelib.factors.commands import issue_certificate
from chalicelib.factors.commands.end_factor import revoke_factor
from chalicelib.identity.commands.set_withdrawal_password import set_withdrawal_password
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, transactions, updates
from chalicelib.platform.callers import Caller
from infra.local.specimens import document as drawn_document
from infra.local.specimens import face, jpeg
from tests.engine.conftest import BRANCH, TELLER, blank
from tests.engine.test_court_races import PAPER, carried_out, frozen
from tests.engine.test_till_races import new_branch, new_teller
from tests.engine.test_transfer_races import PASSWORD, WIDE, customer
from tests.unit.samples import resident_number


def tills_and_vouchers() -> None:
    """Cash from the vault through a till and back; one that agrees, one that does not; vouchers and their prints."""
    branch, today = new_branch(), clock.business_date(clock.now())
    first, second = (new_teller(branch) for _ in range(2))
    for fen in (500_00, -100_00):
        move = VaultMove(branch, fen, f"supply{fen}", "备付")
        assert not move_vault_cash(move, maker_id=first, checker_id=second).hit
    for teller in (first, second):
        open_till(teller, 200_00)
    account = customer("陈一", 0).account
    set_withdrawal_password(account, "273849", teller_id=TELLER)
    taken = take_deposit(account, 10_00, reference="deposit-1", teller_id=first)
    assert counter_service.voucher_of(taken.voucher).amount_fen == 10_00
    pay_out(Withdrawal(account, 4_00, "withdraw-1", "273849"), teller_id=first)
    wrong = take_deposit(account, 3_00, reference="deposit-2", teller_id=first)
    paid = pay_out(Withdrawal(account, 1_00, "withdraw-2", "273849"), teller_id=first)
    for voucher in (paid.voucher, wrong.voucher):
        now = clock.now()
        planned = plan_correction(Correction(voucher, "户名不符"), now)
        updates.run_together(planned.writes(People(first, second, now)))
    assert count_till(today, first, 206_00, by=first).state == "closed"
    assert count_till(today, second, 199_00, by=second).state == "counted"
    assert [till.teller_id for till in counter_service.unclosed_tills(today) if till.branch_id == branch] == [second]
    assert settle_difference(today, second, 199_00, reason="原因待查", checker_id=first).state == "closed"
    assert counter_service.vault_fen(branch) == 405_00
    draft = VoucherDraft(voucher_kinds.CASH_IN, first, clock.to_text(clock.now()), {})
    assert len({counter_service.write_once(branch, "by-reference", draft) for _ in range(2)}) == 1
    assert [print_voucher(taken.voucher, by=first).place for _ in range(2)] == [1, 2]


def court_orders() -> None:
    """An account frozen, orders that wait for it, renewed, lifted and over."""
    account = customer("蒋一", 100_00).account
    today, until = clock.now(), clock.business_date(clock.now() + dt.timedelta(days=3))
    for amount_fen in (None, 5_00, None):
        frozen(account, amount_fen, until)
    later = clock.business_date(today + dt.timedelta(days=5))
    carried_out(plan_renewal(account, 1, later, PAPER, today))
    for place in (1, 2):
        carried_out(plan_lifting(account, place, PAPER))
    states = [order.state for order in court_store.orders_of(account)]
    assert states == ["lifted", "lifted", "in_force"]
    assert expire_court_orders(today + dt.timedelta(days=9)) >= 1
    assert ledger.read_accounts([account])[account].state == "open"
    place = len(states) + 1
    for amount_fen in (60_00, 50_00):
        frozen(account, amount_fen, until)
    for amount_fen in (20_00, 40_00):
        carried_out(plan_transfer(CourtTransfer(account, place, PAPER, amount_fen), today))
    assert [order.state for order in court_store.orders_of(account)][place - 1 :] == ["executed", "in_force"]


def counter() -> None:
    """A customer with a document who signs up later, and a contract with another right."""
    now = clock.now()
    document = IdentityDocument.of("resident_id", resident_number(int(uuid.uuid4()) % 1000))
    phone, name = "13900000001", "c" + uuid.uuid4().hex[:12]
    person = open_customer(Person("周敏", phone, BRANCH, document, "19900307"), teller_id=TELLER, at=now)
    assert customers.customer_with(document) == person
    held = [open_account(person, AccountForm("savings", phone, WIDE), teller_id=TELLER, at=now) for _ in range(2)]
    assert set(customers.holdings_of(person)) >= set(held)
    form = OnlineForm(person, phone, name, PASSWORD, dict.fromkeys(held, "query"), 100_00, push_address="push")
    sign_up_online(form, teller_id=TELLER, at=now)
    contract_account(person, held[0], "full")
    assert customers.contracts_of(person) == {held[0]: "full", held[1]: "query"}
    caller = Caller(person, "s" * 20, "professional")
    third = open_account(person, AccountForm("savings", phone, WIDE), teller_id=TELLER, at=now)
    assert transactions.commit(plan_binding(caller, third, now).writes)
    assert customers.contracts_of(person)[third] == "query"
    unbind_account(caller, third, now)
    assert third not in customers.contracts_of(person)
    downgrade(person, "express", teller_id=TELLER, at=now)
    upgrade(Upgrade(person, "sms", 200_00, {held[0]: "full"}), teller_id=TELLER, at=now)
    assert [change["to"] for change in customers.editions_of(person)] == ["professional", "express", "professional"]
    identity_providers.LocalProvider.register("周敏", document)
    identity_providers.LocalProvider.behave(document, identity_providers.FAILS)
    with pytest.raises(IdentityProviderUnavailable):
        verify_identity(caller, "周敏", document, now)
    identity_providers.LocalProvider.behave(document, None)
    later = now + dt.timedelta(days=1)
    assert verify_identity(caller, "周敏", document, later).state == "verified"
    specimen = Specimen(document.kind, document.number, "周敏")
    pictures = [Picture(jpeg(drawn)) for drawn in (drawn_document(specimen), face(document.number))]
    assert read_document(caller, pictures[0], later).document == document
    assert compare_face(caller, pictures[0], pictures[1], later).provider == "local"
    assert change_mailing_address(caller, "东街8号", now).image["mailing_address"] == "东街8号"
    close_online(person, teller_id=TELLER, at=now)
    assert customers.contracts_of(person) == {}


def blanks() -> None:
    """USB keys moved to another branch and back, issued, kept, cancelled, given back, spoiled, and counted."""
    one, other = blank("usb_key"), blank("usb_key")
    for from_branch, to_branch in ((BRANCH, "0002"), ("0002", BRANCH)):
        order = {"from_branch": from_branch, "to_branch": to_branch, "reference": uuid.uuid4().hex}
        assert move("usb_key", [one], **order, staff_id=TELLER, now=clock.now()) == 1
    owner, now = customer("孙八", 0).caller.customer_id, clock.now()
    for serial in (one, one, other):  # the second keeps it, the third takes its place
        factor_id = issue_certificate.apply_for_certificate(
            owner, "usb_key", teller_id=TELLER, now=now, device_serial=serial, correlation_id="test"
        )
    give_back("usb_key", [one], reason="unused", staff_id=TELLER, now=now)
    revoke_factor(owner, factor_id, teller_id=TELLER, now=now)
    spoil("usb_key", [one, other], reason="broken", staff_id=TELLER, now=now)
    assert [step["action"] for step in stock.steps_of("usb_key", one)] == [
        "receive",
        "move",
        "move",
        "issue",
        "cancel",
        "return",
        "spoil",
    ]
    assert recount().findings == []
    assert {row["kind"] for row in stock.counts_of(BRANCH)} >= {"usb_key"}
