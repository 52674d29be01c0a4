"""Every expression of the bank, read by the parser of a real engine: MiniStack, and AWS's own in DynamoDB Local.

MiniStack takes arithmetic in a condition and judges it wrongly; DynamoDB refuses it, and names and values that are
not used. What the engines agree on here is what a table in the cloud will do.
"""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError
from pynamodb.attributes import BinaryAttribute, NumberAttribute

from chalicelib.accounts import store as accounts_store
from chalicelib.accounts.commands.clean_buckets import clean_buckets
from chalicelib.accounts.domain import Movement
from chalicelib.approvals import service as approvals
from chalicelib.approvals.commands.expire_requests import expire_requests
from chalicelib.approvals.errors import ApprovalOutdated
from chalicelib.audit import service as audit
from chalicelib.audit.commands import link_actions
from chalicelib.audit.commands.export_actions import export_date
from chalicelib.audit.commands.verify_actions import verify_date, verify_lines
from chalicelib.blanks import service as stock
from chalicelib.blanks.commands.count import recount
from chalicelib.blanks.commands.move import move
from chalicelib.blanks.commands.spoil import give_back, spoil
from chalicelib.closing import store as closing_store
from chalicelib.closing.domain import TrialBalance
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
from chalicelib.customers import store as customers_store
from chalicelib.customers.commands.bind_account import plan_binding, unbind_account
from chalicelib.customers.commands.change_edition import Upgrade, close_online, downgrade, upgrade
from chalicelib.customers.commands.change_phone import plan_proved
from chalicelib.customers.commands.change_profile import change_mailing_address
from chalicelib.customers.commands.compare_face import compare_face
from chalicelib.customers.commands.contract_account import contract_account
from chalicelib.customers.commands.open_account import AccountForm, open_account
from chalicelib.customers.commands.open_customer import Person, open_customer
from chalicelib.customers.commands.read_document import read_document
from chalicelib.customers.commands.sign_up_online import OnlineForm, sign_up_online
from chalicelib.customers.commands.switch_transfers import switch_transfers
from chalicelib.customers.commands.verify_identity import verify_identity
from chalicelib.customers.domain import IdentityDocument
from chalicelib.customers.errors import IdentityProviderUnavailable
from chalicelib.customers.pictures import Picture
from chalicelib.customers.specimens import Specimen
from chalicelib.devices import service as devices
from chalicelib.factors import authority
from chalicelib.factors import service as factors
from chalicelib.factors import store as factors_store
from chalicelib.factors.commands import issue_certificate, remind
from chalicelib.factors.commands.change_pin import change_pin
from chalicelib.factors.commands.download_codes import download_of
from chalicelib.factors.commands.end_factor import report_loss, revoke_factor
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.factors.errors import CodeWrong
from chalicelib.identity import application_store, attempts_store, tries
from chalicelib.identity import service as identity
from chalicelib.identity import store as identity_store
from chalicelib.identity.commands import captcha
from chalicelib.identity.commands.captcha import CaptchaAnswer
from chalicelib.identity.commands.change_password import change_password
from chalicelib.identity.commands.set_login_name import set_login_name
from chalicelib.identity.commands.set_withdrawal_password import set_withdrawal_password
from chalicelib.identity.errors import ApplicationRefused, LoginRefused
from chalicelib.identity.keys import RING
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.change_state import change_state, end_deferred_credit
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.limits.commands.change_limits import change_account_limits, change_customer_limits
from chalicelib.limits.domain import CUSTOMER_LIMITS
from chalicelib.maintenance import store as maintenance_store
from chalicelib.notifications import providers
from chalicelib.notifications import store as notifications_store
from chalicelib.orders import service as orders
from chalicelib.orders import store as orders_store
from chalicelib.orders.commands import stop_order
from chalicelib.orders.commands.change_order import Change, change_order
from chalicelib.orders.commands.execute_order import execute_order
from chalicelib.parameters import service as parameters
from chalicelib.payees import service as payees
from chalicelib.platform import aws, clock, settings, totp, transactions, updates
from chalicelib.platform.dynamo import Item
from chalicelib.platform.errors import Refusal
from chalicelib.platform.http import Caller
from chalicelib.platform.key_ring import KeyRow
from chalicelib.recalls import service as recalls
from chalicelib.recalls.commands.agree import agree
from chalicelib.recalls.commands.ask import ask
from chalicelib.receipts import store as receipts_store
from chalicelib.rechecks import store as rechecks_store
from chalicelib.rechecks.domain import Mark, Sample
from chalicelib.reports import service as reports
from chalicelib.reports import store as reports_store
from chalicelib.staff import domain
from chalicelib.staff import service as staff
from chalicelib.staff import session_store as staff_session_store
from chalicelib.staff import store as staff_store
from chalicelib.staff.commands import administer, emergencies, switch_functions
from chalicelib.staff.commands.administer import Signatures
from chalicelib.staff.commands.change_password import change_password as change_staff_password
from chalicelib.staff.commands.hand_over import hand_over
from chalicelib.staff.commands.log_in import log_in as log_in_staff
from chalicelib.staff.commands.log_in import log_out as log_out_staff
from chalicelib.statements import store as statements_store
from chalicelib.statements.domain import Bill
from chalicelib.stepup import service as stepup
from chalicelib.stepup.commands.prove_phone import prove
from chalicelib.transfers import store as transfers_store
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.commands.execute_due import execute_due
from chalicelib.transfers.commands.expire_holds import expire_holds
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from chalicelib.transfers.commands.revoke_transfer import revoke_transfer
from chalicelib.transfers.commands.send_code_again import send_code_again
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once
from chalicelib.transfers.domain import Instruction, Request
from infra.local.specimens import document as drawn_document
from infra.local.specimens import face, jpeg
from tests.chain.signers import Signer
from tests.chain.two_people import (
    MAKER,
    approved,
    asked,
    change_of,
    enter_staff,
    notice_of,
    person,
    rejected,
    withdrawn,
)
from tests.chain.two_people import done as done_by_two
from tests.engine.conftest import BRANCH, DYNAMODB_LOCAL, TELLER, blank
from tests.engine.expressions import clauses, listening, model_calls
from tests.engine.payment_stories import by_receive_codes, to_another_bank, to_several, to_wrong_payees
from tests.engine.test_big_race import four_accounts
from tests.engine.test_court_races import PAPER, carried_out, frozen
from tests.engine.test_deferred_races import merchant
from tests.engine.test_device_races import Phone
from tests.engine.test_factor_races import awaiting, cloud_certified, on_device, outcome, pin_of
from tests.engine.test_hold_races import hold
from tests.engine.test_order_races import executed, order
from tests.engine.test_order_races import read as order_of
from tests.engine.test_phone_races import begun, completed
from tests.engine.test_projection_races import images_of
from tests.engine.test_small_amount_races import paid_small
from tests.engine.test_speed_races import pending
from tests.engine.test_staff_races import PASSWORD as CLERKS_PASSWORD
from tests.engine.test_staff_races import clerk
from tests.engine.test_step_up_races import challenge, code_of
from tests.engine.test_step_up_races import confirmed as step_up_confirmed
from tests.engine.test_till_races import new_branch, new_teller
from tests.engine.test_transfer_races import PASSWORD, WIDE, Customer, confirmed, created, customer
from tests.unit import rule_cases, test_rules
from tests.unit.samples import resident_number

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

M = TypeVar("M", bound=Item)
FAR = "20991231"  # when every bucket has expired


@pytest.fixture
def rules_table() -> Any:
    """The one table that the rules' own test uses."""
    client = aws.dynamodb()
    client.create_table(
        TableName=rule_cases.TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    yield client
    client.delete_table(TableName=rule_cases.TABLE)


def test_the_engine_judges_every_rule_as_its_predicate_does(rules_table: Any) -> None:
    differ = []
    for name, rule, images in rule_cases.cases():
        update = rule_cases.update_of(rule)
        # the same images as on moto: around the edge, on both sides of it
        answers = [(test_rules.engine_admits(rules_table, update, image), image) for image in images]
        differ += [(name, image) for admits, image in answers if admits != test_rules.predicate_admits(rule, image)]
    assert differ == []


def test_only_the_second_engine_refuses_arithmetic_in_a_condition(rules_table: Any, ledger_engine: str) -> None:
    # The reason for a second engine: should MiniStack learn it, or the jar forget it, this says so.
    rules_table.put_item(TableName=rule_cases.TABLE, Item={"id": {"S": "it"}, "fen": {"N": "5"}})

    def write() -> None:
        rules_table.update_item(
            TableName=rule_cases.TABLE,
            Key={"id": {"S": "it"}},
            UpdateExpression="SET touched = :one",
            ConditionExpression="fen - :one >= :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    if ledger_engine == DYNAMODB_LOCAL:
        with pytest.raises(ClientError, match="ValidationException"):
            write()
    else:
        write()


def test_every_clause_and_model_of_the_code_passes_the_engine() -> None:
    # given a bank's day that touches each write and each query there is
    with listening() as sent:
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
        payee_book(payer, payee)
        days_of_the_bank()
        asked_back(payer, payee)
        to_another_bank(payer)
        by_receive_codes(payer, payee)
        to_wrong_payees(payer)
        to_several(payer, payee)

    # then nothing that stands in the code was left out
    assert [clause for clause in clauses() if not sent.has_clause(clause)] == []
    missing = [f"{path.name}:{node.lineno}" for path, node in model_calls() if not sent.has_place(node, path)]
    assert missing == []
    assert min(len(clauses()), len(model_calls())) > 15


def payments(payer: Customer, payee: Customer, shop: Customer) -> None:
    """Claim and posting with a fee, a deferred payee, own accounts in one write, a reversal, the stream's legs."""
    parameters.set_value("fee.transfer.own_bank_fen", 1_00)
    try:
        entries = [created(payer, one, 100_00) for one in (payee, shop)]
        assert [confirmed(payer, entry_id) for entry_id in entries] == ["posted", "posted"]
    finally:
        parameters.set_value("fee.transfer.own_bank_fen", 0)
    assert not post_deferred_legs(entries)
    one, other, *_ = four_accounts("孙立")
    valid_until = clock.to_text(clock.now() + dt.timedelta(minutes=1))
    request = Request(one.account, other.account, one.name, 1_00, "CNY", "", valid_until=valid_until)
    assert not transfer_at_once(one.caller, uuid.uuid4().hex, request, "test", clock.now()).hit
    last = created(payer, payee, 50_00)
    send_code_again(payer.caller, last, clock.now() + dt.timedelta(seconds=60))
    assert confirmed(payer, last) == "posted"
    reverse_transfer(last, reason="冲正", by="T0001", correlation_id="test")
    since = clock.now() - dt.timedelta(days=1)
    found = ledger.entries_posted(payer.account, clock.to_text(since), clock.to_text(clock.now()), 1000)
    assert {image["entry_id"] for image in found} >= {*entries, last}
    assert [line.entry_id for line in ledger.deferred_lines_from(shop.account, "00000000")] == [entries[1]]
    assert sum(len(page) for page in ledger.account_pages()) >= 3


def arriving_later(payer: Customer, payee: Customer, shop: Customer) -> None:
    """What is set aside to each of its ends: executed, to a deferred payee too, revoked, returned."""
    entries = [pending(payer, one, 10_00) for one in (payee, shop)]
    ahead = clock.now() + dt.timedelta(hours=3)
    revoked = pending(payer, payee, 10_00)
    assert not revoke_transfer(payer.caller, revoked).hit
    assert execute_due(ahead)["executed"] >= 2
    other = customer("周杰", 10_00)
    returned = pending(other, payee, 10_00)
    switch_transfers(other.caller, on=False, given=None, correlation_id="test", now=clock.now())
    assert execute_due(clock.now() + dt.timedelta(hours=3))["returned"] >= 1
    ends = [read_state(entry_id) for entry_id in (*entries, revoked, returned)]
    assert ends == ["posted", "posted", "cancelled", "returned"]


def holds_and_limits(payer: Customer, payee: Customer) -> None:
    """Holds to each of their ends, limits both ways, expired buckets, and an account's states."""
    partly, released, expired = (hold(payer, 100_00) for _ in range(3))
    holds.capture(partly, payee_account=payee.account, amount_fen=60_00)
    holds.release(released)
    later = clock.now() + dt.timedelta(hours=1)
    assert expire_holds(later) >= 1
    assert read_state(expired) == "expired"
    assert not [row for row in holds.due_expiries(later, 100) if row.hold_id in (partly, released, expired)]
    owner = payer.caller.customer_id
    for value in (9_000_00, 8_000_00, 9_500_00):
        wanted = {"limit_day": value, "limit_count": value, "limit_single": value}
        assert change_account_limits(owner, payer.account, wanted, may_raise=True)["limit_day"] == value
        changed = change_customer_limits(owner, dict.fromkeys(CUSTOMER_LIMITS, value), may_raise=True)
        assert changed["limit_outward"] == value
    assert paid_small(payer, payee, 1_00) == "posted"
    clean_buckets(None, ledger.read_accounts([payer.account])[payer.account].image, FAR)
    left = {*ledger.read_accounts([payer.account])[payer.account].image, *read_customer(owner)}
    words = ("day_", "count_", "month_", "outward_", "nocert_", "nofactor_", "uncertified_")
    assert not [name for name in left if name.startswith(words)]
    empty = customer("李四", 0).account
    for before, after in itertools.pairwise(("open", "frozen", "open", "closed")):
        assert change_state(empty, before=before, after=after)["state"] == after
    shop = merchant().account
    until = end_deferred_credit(shop, clock.now())["deferred_until"]
    assert change_state(shop, before="open", after="closed", closed_through=until)["state"] == "closed"


def standing_orders() -> None:
    """One set up, executed, refused, changed to a count and to a date, paused, resumed, cancelled; lists and dues."""
    payer, payee = customer("韩八", 50_00), customer("钱红", 0)
    made = order(payer, payee, 40_00)
    assert executed(made) == "executed"
    after = order_of(made)
    with pytest.raises(Refusal):
        orders.order_of(payee.caller.customer_id, made.order_id)
    # the next date, refused: two dates on, as it falls due in a month
    later = clock.from_text(after.due_at) + dt.timedelta(days=1)
    assert execute_order(made.order_id, after.next_due, "test", later) in ("retrying", "failed")
    for change in (Change(count=5), Change(until=later.date() + dt.timedelta(days=30)), Change(amount_fen=1_00)):
        changed = change_order(payer.caller, made.order_id, change, None, "test", clock.now())
    assert (changed.terms.schedule.count, changed.terms.amount_fen) == (None, 1_00)
    stops = (stop_order.pause_order, stop_order.resume_order, stop_order.cancel_order)
    assert [stop(payer.caller, made.order_id, "test", clock.now()).state for stop in stops] == [
        "paused",
        "active",
        "cancelled",
    ]
    assert [event.kind for event in orders.history_of(order_of(made))][:2] == ["cancelled", "resumed"]
    second = order(payer, payee, 1_00)
    assert orders_store.event_at(second.order_id, 1) is not None
    owner = payer.caller.customer_id
    for state in (None, "cancelled"):
        page, cursor = orders.order_page(owner, state, 1, None)
        rest, _ = orders.order_page(owner, state, 9, cursor)
        assert made.order_id in {one.order_id for one in [*page, *rest]}
    due_at = order_of(second).due_at
    rows = [row for page_ in orders_store.due_pages(due_at, 1, 100) for row in page_]
    assert second.order_id in {row.order_id for row in rows}
    assert executed(second) == "executed"


def read_state(entry_id: str) -> str:
    image = ledger.read_entry(entry_id)
    assert image is not None
    return str(image["state"])


def read_customer(customer_id: str) -> dict[str, Any]:
    image = customers_store.read_customer(customer_id)
    assert image is not None
    return image


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


def sessions() -> None:
    """Log-in, wrong passwords to the lock and past it, renewal, and the end of sessions."""
    person, now = customer("周五", 0), clock.now()
    grant = identity.log_in(person.login_name, PASSWORD, now)
    identity.renew(grant.refresh_token, now)
    with pytest.raises(Refusal):
        identity.renew(grant.refresh_token, now)
    parameters.set_value("login.captcha_after", 10)
    for _ in range(7):
        with suppress(LoginRefused):
            identity.log_in(person.login_name, "wrong", now)
    owner = person.caller.customer_id
    day_ago = now - dt.timedelta(days=1)
    events, cursor = audit.page(owner, since=day_ago, before=None, category=None, limit=1, after=None)
    more, _ = audit.page(owner, since=None, before=None, category="login", limit=9, after=cursor)
    assert {event.kind.code for event in [*events, *more]} == {
        "logged_in",
        "session_revoked",
        "login_refused",
        "locked",
    }
    far = int((now + dt.timedelta(days=2)).timestamp())
    tries_of(owner, now)
    for days in range(2):  # the second finds the first one's tokens dead, and takes it off
        later = now + dt.timedelta(days=days)
        identity.log_out(logged_in(person, later), later)
    assert len(read_customer(owner)["revoked"]) == 1
    # one more log-in than a customer may have sessions ends the oldest; then all the others
    later += dt.timedelta(minutes=1)
    for _ in range(parameters.SESSIONS_MAX.default + 1):
        caller = logged_in(person, later)
        later += dt.timedelta(seconds=1)
    assert len(identity.live_sessions(owner, later)) == parameters.SESSIONS_MAX.default
    assert identity.end_sessions(owner, caller.session_id, now=later) == parameters.SESSIONS_MAX.default - 1
    assert [one.session_id for one in identity.live_sessions(owner, later)] == [caller.session_id]
    assert change_password(person.caller, PASSWORD, "Another-Horse-8", later) == 1
    for name in (f"n{uuid.uuid4().hex[:20]}", f"m{uuid.uuid4().hex[:20]}"):
        assert set_login_name(person.caller, name, now) == name
    account_id = person.account
    assert identity_store.put_login_name(account_id, owner)
    application_store.put_withdrawal_hash(account_id, "hash")
    for _ in range(2):  # set, and reset
        noted = audit.event(owner, audit.PAYMENT_PASSWORD_SET, now)
        updates.together([application_store.payment_hash_write(account_id, "hash"), noted])
    for has_one, customer_id in ((True, owner), (False, uuid.uuid4().hex)):
        one = application_store.Application(uuid.uuid4().hex, customer_id, account_id, "1", "9")
        application_store.put(one, far)
        assert application_store.claim(one.application_id, "5", 5) == one
        updates.run_together(application_store.set_password(one, "hash", has_one))
        with pytest.raises(ApplicationRefused):
            updates.run_together(application_store.set_password(one, "hash", True)[:1])
    captchas = [captcha.give("nobody", now) for _ in range(2)]
    assert [captcha.is_passed(CaptchaAnswer(one.captcha_id, "x"), "nobody", now) for one in captchas] == [False, False]
    RING.put(KeyRow("withdrawn", 0, is_withdrawn=True))
    assert [row.key_id for row in RING.stored()] == ["withdrawn"]


def tries_of(owner: str, now: dt.datetime) -> None:
    """A lock that is over, and then tries that end one way and the other, alone and beside others."""
    later = now + dt.timedelta(days=2)
    subject, later_s = tries.of_log_in(owner), int(later.timestamp())
    found = attempts_store.claim(subject, 3, later_s, also_locked=False)
    assert found is not None
    assert attempts_store.start_anew(subject, found.count.locked_until, found, later, by="time")
    second = attempts_store.claim(subject, 3, later_s, also_locked=True)
    assert second is not None
    assert attempts_store.mark_wrong(subject, found.claim_id) is not None
    assert attempts_store.mark_wrong(subject, found.claim_id) is None
    third = attempts_store.claim(subject, 3, later_s, also_locked=True)
    assert third is not None
    assert attempts_store.claim(subject, 3, later_s, also_locked=True) is None
    assert not attempts_store.forget_row(subject, second.count)
    assert not attempts_store.forget_wrong(subject, second.count, [second.claim_id])
    assert attempts_store.forget_wrong(subject, third.count, [second.claim_id])
    left = attempts_store.read(subject)
    assert left == attempts_store.Count(1, 0, 0, {third.claim_id: later_s})
    assert attempts_store.lock(subject, later_s, 1, later)
    assert attempts_store.start_anew(subject, later_s, None, later, by="reset")
    assert attempts_store.read(subject) == attempts_store.Count()
    last = attempts_store.claim(subject, 3, later_s, also_locked=False)
    assert last is not None
    assert attempts_store.forget_row(subject, last.count)


def logged_in(person: Customer, now: dt.datetime) -> Caller:
    grant = identity.log_in(person.login_name, PASSWORD, now)
    return Caller(grant.customer_id, grant.session_id, grant.edition)


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


def two_people() -> None:
    """Requests to each of their ends, the lists by page, and a parameter's first and later changes with its history."""
    enter_staff()
    name, hour = "notice.lead_h", dt.timedelta(hours=1)
    for one in (name, "approval.valid_h"):
        aws.dynamodb().delete_item(TableName=settings.table("parameters"), Key={"name": {"S": one}})
    later = clock.to_text(clock.now() + hour)
    payloads = [change_of(name, 80), change_of(name, 90), change_of(name, 99, effective_from=later)]
    made = [approved(asked("parameter.change", payload)) for payload in payloads]
    assert {one.state for one in made} == {"approved"}
    standing = parameters.standing_of(name, clock.now())
    assert (standing.value, standing.revision, len(standing.scheduled)) == (90, 3, 1)
    # the default is in force until then: the row has no value of its own
    approved(asked("parameter.change", change_of("approval.valid_h", 80, effective_from=later)))
    approved(asked("parameter.change", change_of("approval.valid_h", 81, effective_from=later)))
    page, cursor = parameters.history(name, 2, None)
    rest, _ = parameters.history(name, 99, cursor)
    assert [one.new for one in [*page, *rest]][:3] == [99, 90, 80]
    request = [asked("parameter.change", change_of(name, value)) for value in (100, 101, 102, 103)]
    assert rejected(request[0]).state == "rejected"
    assert withdrawn(request[1]).state == "withdrawn"
    approved(request[2])
    with pytest.raises(ApprovalOutdated):
        approved(request[3])
    late = asked("parameter.change", change_of(name, 104))
    assert expire_requests(clock.now() + 100 * hour, "test") >= 1
    assert [event.state for event in approvals.show(person("parameter.change", MAKER), late.approval_id).history] == [
        "requested",
        "expired",
    ]
    counter_by_two(customer("沈七", 10_00))
    for branch_id in (None, BRANCH):
        for kind in (None, "parameter.change"):
            found, cursor = approvals.page(
                person("parameter.change", MAKER), "approved", kind=kind, branch_id=branch_id, limit=1, cursor=None
            )
            more, _ = approvals.page(
                person("parameter.change", MAKER), "approved", kind=kind, branch_id=branch_id, limit=9, cursor=cursor
            )
            assert {one.approval_id for one in [*found, *more]} >= {made[0].approval_id, made[1].approval_id}
    parameters.set_value(name, 72)


def counter_by_two(owner: Customer) -> None:
    """Limits, a loss of an account and a lock, each by two tellers."""
    who, account_id = owner.caller.customer_id, owner.account
    done_by_two("limits.account", customer_id=who, account_id=account_id, day="700.00", count=7)
    done_by_two("limits.customer", customer_id=who, day_outward="600.00")
    assert change_state(account_id, before="open", after="lost")["state"] == "lost"
    done_by_two("account.lift_loss", account_id=account_id)
    parameters.set_value("login.captcha_after", 10)
    for _ in range(7):
        with suppress(LoginRefused):
            identity.log_in(owner.login_name, "wrong", clock.now())
    assert done_by_two("login.unlock", customer_id=who).state == "approved"


def step_ups() -> None:
    """A challenge counted, sent again, confirmed and used; the switch it is for, off and on."""
    owner, now = customer("吴九", 0), clock.now()
    switch_transfers(owner.caller, on=False, given=None, correlation_id="test", now=now)
    asked = challenge(owner)
    later = now + dt.timedelta(seconds=100)
    again = stepup.send_again(owner.caller, asked.challenge_id, later)
    assert step_up_confirmed(owner, asked, code_of(asked, again.attempt), later) == "confirmed"
    given = asked.challenge_id
    assert switch_transfers(owner.caller, on=True, given=given, correlation_id="test", now=later).transfers_on


def phones() -> None:
    """A device bound, known again, renamed and revoked."""
    owner = customer("郑十", 10_00)
    phone = Phone(owner)
    grant = phone.bound()
    assert identity.log_in(owner.login_name, PASSWORD, clock.now(), device=phone.proof()).access_token
    caller = Caller(owner.caller.customer_id, grant.session_id, "professional")
    (device,) = devices.devices_of(caller)
    devices.rename(caller, device.device_id, "x")
    on_device = Caller(caller.customer_id, caller.session_id, "professional", device.device_id)
    request = Request(owner.account, customer("钱红", 0).account, "钱红", 1_00, "CNY", "")
    image = create_transfer(on_device, uuid.uuid4().hex, request, "test", clock.now()).image
    code = factors.confirmation_code(image["digest"], image["attempt"])
    assert not confirm_transfer(on_device, image["entry_id"], factors.Given(factors.SMS, code), clock.now()).hit
    devices.revoke(caller, device.device_id, clock.now())
    assert devices.devices_of(caller) == []


def phone_change() -> None:
    """A reserved phone changed at the counter."""
    owner = customer("冯一", 0)
    assert completed(owner, begun(owner)) == "changed"
    change, who, now = begun(owner), owner.caller.customer_id, clock.now()
    prove(who, TELLER, change.challenge_id, code_of(change), now)
    updates.run_together(plan_proved(who, change.challenge_id, teller_id=TELLER).writes(TELLER, now))
    assert customers.profile_of(who).phone == change.facts["phone"]


def factors_and_codes(payer: Customer, payee: Customer) -> None:
    """Every method issued, used, lost, restored, renewed and revoked; a wrong code; the strict day."""
    owner, session, now = payer.caller.customer_id, payer.caller.session_id, clock.now()
    seed, signer = bytes(32), Signer()
    for row in factors_store.of_customer(authority.BANK):  # as before the key was used first
        row.delete()
    authority.authority_named.cache_clear()
    revoked_id = issue_token(owner, serial=blank(), seed=seed, teller_id=TELLER, now=now)
    revoke_factor(owner, revoked_id, teller_id=TELLER, now=now)
    token_id = issue_token(owner, serial=blank(), seed=seed, teller_id=TELLER, now=now)
    for _ in range(2):  # the second is a new code for the same
        phone_id = issue_certificate.apply_for_certificate(
            owner, "phone", teller_id=TELLER, now=now, correlation_id="test"
        )
    found = download_of(owner, phone_id, 2, now)
    assert found is not None
    offer = issue_certificate.Offer(signer.request_pem())
    issue_certificate.download_certificate(owner, phone_id, code=found[1], offer=offer, now=now, session_id=session)
    parameters.set_value("factor.policy", "strict")
    try:
        for factor in ("token", "certificate", "sms"):
            request = Request(payer.account, payee.account, payee.name, 1_00, "CNY", "", factor=factor)
            image = create_transfer(payer.caller, uuid.uuid4().hex, request, "test", clock.now()).image
            code = totp.code_at(seed, totp.step_at(clock.now()))
            signature = base64.b64decode(signer.sign(Instruction.from_image(image).canonical()))
            given = {
                "token": factors.Given("token", code),
                "certificate": factors.Given("certificate", signature=signature),
                "sms": factors.Given("sms", "wrong!"),
            }
            with suppress(CodeWrong):
                done = confirm_transfer(payer.caller, image["entry_id"], given[factor], clock.now())
                assert done.image["state"] == "posted"
    finally:
        parameters.set_value("factor.policy", "standard")
    cloud_certificate(payer, payee)
    report_loss(owner, token_id, now)
    done_by_two("factor.lift_loss", customer_id=owner, factor_id=token_id)
    revoke_factor(owner, token_id, teller_id=TELLER, now=now)
    later = now + dt.timedelta(days=710)
    new = Signer().request_pem()
    signature = base64.b64decode(signer.sign(new.encode()))
    new_id, _ = issue_certificate.renew_certificate(
        payer.caller, phone_id, offer=issue_certificate.Offer(new), signature=signature, now=later
    )
    assert read_customer(owner)["factors"] == {"sms": "sms", new_id: "phone"}
    ends = later + dt.timedelta(days=900)
    # Races beside this test may have put factors without their reminders: they get them once.
    remind.backfill(later)
    assert remind.backfill(later) == 0
    assert remind.remind(ends, "test") >= 4
    due = remind.due(owner, new_id, "ended", ends)
    assert due is not None
    assert (due.method, due.has_ended) == ("phone", True)
    assert len(factors.factors_of(owner)) == 6


def cloud_certificate(payer: Customer, payee: Customer) -> None:
    """A cloud certificate: made, signing for its PIN, locked by wrong ones, and the lock lifted."""
    owner, right = on_device(payer), "802731"
    customer_id, factor_id = owner.caller.customer_id, cloud_certified(owner, right)
    image = awaiting(owner, payee, "certificate")
    assert [outcome(owner, image, pin_of(owner, pin)) for pin in ("802713", right)] == ["pin_wrong", "posted"]
    image = awaiting(owner, payee, "certificate")
    assert [outcome(owner, image, pin_of(owner, "802713")) for _ in range(5)] == ["pin_wrong"] * 5
    done_by_two("factor.lift_loss", customer_id=customer_id, factor_id=factor_id)
    change_pin(owner.caller, factor_id, old=right, new="620845", now=clock.now())
    revoke_factor(customer_id, factor_id, teller_id=TELLER, now=clock.now())


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


def staff_log() -> None:
    """A row of what staff did is linked, swept, read by what it says, exported and verified."""
    now = dt.datetime(2199, 1, 1, 12, tzinfo=clock.SHANGHAI) + dt.timedelta(days=uuid.uuid4().int % 10_000)
    assert transactions.commit([audit.staff_event("S1", "probed", now)])
    assert link_actions.sweep_actions(now + dt.timedelta(minutes=6)).rows == 1
    tomorrow = now + dt.timedelta(days=1)
    assert link_actions.sweep_actions(tomorrow).heads == 1
    date = clock.business_date(now)
    assert [verify_date(one, tomorrow).wrong for one in (date, clock.business_date(tomorrow))] == [0, 0]
    assert [one.held for one in verify_lines(export_date(date, tomorrow), tomorrow)] == [1]
    assert len(audit.staff_actions(date, limit=10, action="probed")[0]) == 1


def staff_log_ins() -> None:
    """A member of staff appointed, logged in, seen, with another password, logged out; what they did, by day."""
    person, now = clerk(), clock.now()
    grant = person.log_in(now)
    assert grant is not None
    caller = grant.caller
    assert staff_store.number_of("nobody") is None
    member = staff_store.read(caller.staff_id)
    assert member is not None
    session = staff_session_store.update_of(caller.staff_id, caller.session_id)
    session.require(staff_session_store.live_rule(0, int(now.timestamp())))
    updates.insist(staff_session_store.used(session, int(now.timestamp()) + 60))
    log_out_staff(caller, now)
    change_staff_password(caller, CLERKS_PASSWORD, "Copper-Window-Sparrow-9", now)
    later = now + dt.timedelta(seconds=60)
    again = log_in_staff(caller.staff_id, "Copper-Window-Sparrow-9", person.code(later), later)
    update = staff.acting(again.caller).set("#touched = :one", one={"N": "1"})
    updates.insist(update)
    noted, cursor = audit.staff_actions(clock.business_date(now), limit=1)
    more, _ = audit.staff_actions(clock.business_date(now), limit=1000, after=cursor)
    found = [one.action for one in [*noted, *more] if one.staff_id == caller.staff_id]
    assert sorted(found) == ["logged_in", "logged_in", "logged_out", "password_changed"]
    # two administrators change a member, switch a function, and one takes an emergency right that another reviews
    now, person = later, clerk()
    administrators = [clerk(domain.EBANK_ADMINISTRATOR, post) for post in (domain.MAKER, domain.CHECKER)]
    maker, checker = (one.staff_id for one in administrators)
    by = Signatures("a1", maker, checker)
    for _ in range(parameters.STAFF_LOGIN_TRIES.default):
        assert person.log_in(now, "wrong") is None
    plans: list[Callable[[], administer.Plan]] = [
        lambda: administer.plan_unlock(person.staff_id, now),
        lambda: administer.plan_token(person.staff_id),
        lambda: administer.plan_password(person.staff_id),
        lambda: administer.plan_seat(person.staff_id, domain.OPERATOR, frozenset({domain.CHECKER}), BRANCH),
        lambda: administer.plan_state(person.staff_id, domain.SUSPENDED),
        lambda: administer.plan_state(person.staff_id, domain.LEFT),
    ]
    for plan in plans:
        updates.together(plan().writes(by, now))
        if (due := staff_store.read(person.staff_id)) and due.hand_over and due.hand_over.with_password:
            who_asked = administrators[0].log_in(now)
            assert who_asked is not None
            given = hand_over(who_asked.caller, person.staff_id, now)
            assert given.password is not None
            assert given.token_uri is not None
    assert {person.staff_id, maker, checker} <= {member.staff_id for member in staff_store.all_members()}
    system = [clerk(domain.SYSTEM_ADMINISTRATOR, post) for post in (domain.MAKER, domain.CHECKER)]
    by = Signatures("a1", system[0].staff_id, system[1].staff_id)
    for is_on in (False, True):
        switch = switch_functions.plan_switch(domain.OPERATOR, domain.STATISTICS_READ, is_on=is_on)
        updates.together(switch.writes(by, now))
    one, other = (given.caller for given in (member.log_in(now) for member in system) if given)
    case = emergencies.open_emergency(one, domain.CUSTOMERS_READ, "reason", now)
    assert emergencies.review_emergency(other, case.case_id, "finding", now).state == "reviewed"
    assert case.case_id in {opened.case_id for opened in emergencies.cases_of(case.month)}
    staff.register_branch(staff.Branch("0008", "河东分理处", "示范县", "0990-0000008", "0002"))


def lines_and_days(payer: Customer) -> None:
    """Statement lines by every way to read them; a closed date; a bill."""
    for seq, date in ((1, "20261101"), (2, "20261102")):
        line = Movement(payer.account, seq, date, date, uuid.uuid4().hex, "transfer", 1, seq, "test", b"x")
        assert accounts_store.append(line, counterparty=None, purpose="")
        assert not accounts_store.append(line, counterparty=None, purpose="")
    reads: list[Callable[[], Movement | None]] = [
        lambda: accounts_store.last(payer.account),
        lambda: accounts_store.first_after(payer.account, "20261101"),
        lambda: next(accounts_store.newest(payer.account, 1)),
        lambda: next(accounts_store.between(payer.account, "20261102", "20261103")),
    ]
    assert [found.seq if (found := read()) else None for read in reads] == [2, 2, 2, 2]
    before = accounts_store.last(payer.account, "20261102")
    assert before is not None
    assert before.seq == 1
    assert len(list(accounts_store.all_lines(payer.account))) == 2
    assert accounts_store.get(payer.account, "20261101", 1) is not None
    (newest,), cursor = accounts_store.page(payer.account, "20261101", "20261130", 1, None)
    (oldest,), _ = accounts_store.page(payer.account, "20261101", "20261130", 1, cursor)
    assert (newest.seq, oldest.seq) == (2, 1)
    closed = TrialBalance("20000101", "20000101")
    assert [closing_store.put_once(closed, "now") for _ in range(2)] == [True, False]
    day = closing_store.last_before("20000102")
    assert day is not None
    assert closing_store.get(day.business_date) is not None
    bill = Bill(payer.account, "2026-11", 0, 0, 0, 0, 0, 0, 0, 0)
    assert [statements_store.put_once(bill, "now") for _ in range(2)] == [True, False]
    assert len(statements_store.newest(payer.account)) == 1


def projections(payer: Customer) -> None:
    """What workers and staff write: transfers by time, receipts, the inbox, messages, notices, a branch, a teller."""
    staff.appoint_teller("T0002", "柜员乙", "0002", PASSWORD)
    assert staff.teller_named("T0002") == "0002"
    owner = payer.caller.customer_id
    image = {"customer_id": owner, "created_at": "2026", "entry_id": uuid.uuid4().hex}
    for state in ("posted", "awaiting"):
        transfers_store.project({**image, "state": state})
    assert transfers_store.page(owner, 10, None)[0] == [image["entry_id"]]
    receipt = filled(receipts_store.ReceiptItem, entry_id=image["entry_id"])
    assert [receipts_store.put_once(receipt) for _ in range(2)] == [True, False]
    assert receipts_store.issued_of([image["entry_id"], "x"]) == {image["entry_id"]}
    assert receipts_store.entry_numbered("nobody's") is None
    assert [row.entry_id for row in receipts_store.numbered(receipt.number)] == [image["entry_id"]]
    assert transfers_store.posted_between(owner, "2026", "2026") == {image["entry_id"]}
    for _ in range(2):
        notifications_store.put_once(filled(notifications_store.InboxItem, customer_id=owner, sms=None, push=None))
    assert [notifications_store.claim(owner, "x", "sms") for _ in range(2)] == [True, False]
    notifications_store.settle(owner, "x", "sms", None)
    assert notifications_store.claim(owner, "x", "sms")
    notifications_store.settle(owner, "x", "sms", "sent")
    assert len(notifications_store.page(owner, 10, None)[0]) == 1
    for behaviour in (providers.FAILS, None):
        providers.LocalProvider.behave(payer.login_name, behaviour)
    providers.LocalProvider().send(providers.Outgoing("x", "sms", payer.login_name, None, "x"))
    notice = done_by_two("notice.publish", **notice_of(clock.now(), days=5)).approval_id
    done_by_two("notice.withdraw", notice_id=notice)
    assert [one.withdrawn_at is None for one in maintenance_store.all_notices() if one.notice_id == notice] == [False]
    assert customers_store.scan_ids(None)[0]
    assert customers.contracts_of(owner) == {payer.account: ledger.RIGHT_FULL}


def payee_book(payer: Customer, payee: Customer) -> None:
    """A payee looked up, added, renamed, used and removed."""
    now, wanted = clock.now(), payees.Wanted(payees.THIS_BANK, payee.account, payee.name)
    assert payees.look_up(payer.caller, payee.account, payee.name, now)
    added = [payees.add(payer.caller, wanted, now) for _ in range(2)]
    assert [one.hit for one in added] == [False, True]
    payee_id, owner = added[0].payee.payee_id, payer.caller.customer_id
    payees.change(payer.caller, payee_id, alias="甲", group="乙", now=now)
    for posted_at in ("2026-11-02", "2026-11-01"):
        payees.note_used({"customer_id": owner, "payee_account": payee.account, "posted_at": posted_at})
    (kept,), _ = payees.page(owner, words="甲", group="乙", limit=10, after=None)
    assert kept == replace(added[0].payee, alias="甲", group="乙", last_used_at="2026-11-02")
    payees.remove(payer.caller, payee_id, now)
    assert payees.groups(owner) == []


def days_of_the_bank() -> None:
    """A transaction's row from its code to its end: counted, listed in pages, overdue, closed."""
    account = customer("郑一", 0).account
    day = f"day-{uuid.uuid4().hex}"
    for image in images_of(account, day, 1)[:2]:
        reports.note(image)
    assert reports.list_again([image]) == 0
    (row,), _ = reports_store.page(reports_store.OF_BANK, reports_store.list_of(day, "posted"), 10, "9")
    by_branch = reports_store.list_of(day, "posted", BRANCH)
    assert reports_store.page(reports_store.OF_BRANCH, by_branch, 10, None) == ([row], None)
    assert reports_store.overdue("2000", 10, "1999") == ([], None)
    reports_store.close(row)
    assert [one.entries for one in reports_store.figures(day)] == [1]
    assert reports.entries_booked(day) == [row.entry_id]
    assert rechecks_store.sample("20000101", "nobody's") is None
    assert rechecks_store.samples_of(day) == []
    sample = Sample(day, uuid.uuid4().hex, "seed", 1, 1, [row.entry_id], "S0001", "now")
    mark = Mark(sample.sample_id, row.entry_id, "in_order", "单据齐全", "S0001", "now")
    for put in (rechecks_store.sample_put(sample), rechecks_store.mark_put(mark)):
        assert updates.put(put) is None
        assert updates.put(put) is not None
    assert (rechecks_store.samples_of(day), rechecks_store.marks_on(sample.sample_id)) == ([sample], [mark])
    assert closing_store.closed_between("20000101", "20000101") == {"20000101"}


def asked_back(payer: Customer, payee: Customer) -> None:
    """Recalls to each of their ends."""
    now, ends = clock.now(), []
    for _ in range(3):
        transfer_id = created(payer, payee, 1_00)
        assert confirmed(payer, transfer_id) == "posted"
        ends.append(ask(payer.caller, transfer_id, "other", "test", now).recall.recall_id)
    assert recalls.refuse(payee.caller, ends[0], "owed", now).state == "refused"
    assert recalls.withdraw(payer.caller, ends[1], now).state == "withdrawn"
    agreed = agree(payee.caller, ends[2], factor="sms", factor_id="", correlation_id="test", now=now)
    assert confirmed(payee, agreed.image["entry_id"]) == "posted"
    assert recalls.recall_of(payer.caller.customer_id, ends[2]).state == "returned"
    for index, owner in ((recalls.OF_PAYER, payer), (recalls.OF_PAYEE, payee)):
        first, cursor = recalls.page(index, owner.caller.customer_id, 2, None)
        rest, _ = recalls.page(index, owner.caller.customer_id, 2, cursor)
        assert {one.recall_id for one in [*first, *rest]} == set(ends)


def filled(model: type[M], **known: Any) -> M:
    """An item with something in every attribute that is not given."""
    kinds = {NumberAttribute: 1, BinaryAttribute: b"x"}
    values: dict[str, Any] = {}
    for name, attribute in model.get_attributes().items():
        values[name] = known[name] if name in known else kinds.get(type(attribute), "x")
    return model(**values)
