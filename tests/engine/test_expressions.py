"""Every expression of the bank, read by the parser of a real engine: MiniStack, and AWS's own in DynamoDB Local.

MiniStack takes arithmetic in a condition and judges it wrongly; DynamoDB refuses it, and names and values that are
not used. What the engines agree on here is what a table in the cloud will do.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError
from pynamodb.attributes import BinaryAttribute, NumberAttribute

from chalicelib.accounts import store as accounts_store
from chalicelib.accounts.commands.clean_buckets import clean_buckets
from chalicelib.accounts.domain import Movement
from chalicelib.closing import store as closing_store
from chalicelib.closing.domain import TrialBalance
from chalicelib.customers import service as customers
from chalicelib.customers import store as customers_store
from chalicelib.identity import service as identity
from chalicelib.identity import store as identity_store
from chalicelib.identity.errors import LoginRefused
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.limits.commands.change_limits import change_account_limits, change_customer_limits
from chalicelib.maintenance import store as maintenance_store
from chalicelib.notifications import providers
from chalicelib.notifications import store as notifications_store
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock
from chalicelib.platform.dynamo import Item
from chalicelib.platform.errors import Refusal
from chalicelib.receipts import store as receipts_store
from chalicelib.staff import service as staff
from chalicelib.statements import store as statements_store
from chalicelib.statements.domain import Bill
from chalicelib.transfers import store as transfers_store
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once
from chalicelib.transfers.domain import Request
from tests.engine.conftest import DYNAMODB_LOCAL
from tests.engine.expressions import clauses, listening, model_calls
from tests.engine.test_big_race import four_accounts
from tests.engine.test_deferred_races import merchant
from tests.engine.test_hold_races import hold
from tests.engine.test_transfer_races import PASSWORD, Customer, confirmed, created, customer
from tests.unit import test_rules

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

M = TypeVar("M", bound=Item)
FAR = "20991231"  # when every bucket has expired


@pytest.fixture
def rules_table() -> Any:
    """The one table that the rules' own test uses."""
    client = aws.dynamodb()
    client.create_table(
        TableName=test_rules.TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    yield client
    client.delete_table(TableName=test_rules.TABLE)


def test_the_engine_judges_every_rule_as_its_predicate_does(rules_table: Any) -> None:
    differ = []
    for name, rule, images in test_rules.cases():
        update = test_rules.update_of(rule)
        # the same images as on moto: around the edge, on both sides of it
        answers = [(test_rules.engine_admits(rules_table, update, image), image) for image in images]
        differ += [(name, image) for admits, image in answers if admits != test_rules.predicate_admits(rule, image)]
    assert differ == []


def test_only_the_second_engine_refuses_arithmetic_in_a_condition(rules_table: Any, ledger_engine: str) -> None:
    # The reason for a second engine: should MiniStack learn it, or the jar forget it, this says so.
    rules_table.put_item(TableName=test_rules.TABLE, Item={"id": {"S": "it"}, "fen": {"N": "5"}})

    def write() -> None:
        rules_table.update_item(
            TableName=test_rules.TABLE,
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
        holds_and_limits(payer, payee)
        sessions()
        lines_and_days(payer)
        projections(payer)

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
    request = Request(one.account, other.account, one.name, 1_00, "CNY", "")
    assert not transfer_at_once(one.caller, uuid.uuid4().hex, request, "test", clock.now()).hit
    last = created(payer, payee, 50_00)
    assert confirmed(payer, last) == "posted"
    reverse_transfer(last, reason="冲正", by="T0001", correlation_id="test")
    since = clock.now() - dt.timedelta(days=1)
    found = ledger.entries_posted(payer.account, clock.to_text(since), clock.to_text(clock.now()), 1000)
    assert {image["entry_id"] for image in found} >= {*entries, last}
    assert [line.entry_id for line in ledger.deferred_lines_from(shop.account, "00000000")] == [entries[1]]
    assert sum(len(page) for page in ledger.account_pages()) >= 3


def holds_and_limits(payer: Customer, payee: Customer) -> None:
    """Holds to each of their ends, limits both ways, expired buckets, and an account's states."""
    partly, released, expired = (hold(payer, 100_00) for _ in range(3))
    holds.capture(partly, payee_account=payee.account, amount_fen=60_00)
    holds.release(released)
    holds.expire(expired, clock.now() + dt.timedelta(hours=1))
    owner = payer.caller.customer_id
    for value in (9_000_00, 8_000_00, 9_500_00):
        wanted = {"limit_day": value, "limit_count": value, "limit_single": value}
        assert change_account_limits(owner, payer.account, wanted, may_raise=True)["limit_day"] == value
        changed = change_customer_limits(owner, {"limit_outward": value, "limit_nocert": value}, may_raise=True)
        assert changed["limit_outward"] == value
    clean_buckets(None, ledger.read_accounts([payer.account])[payer.account].image, FAR)
    left = {*ledger.read_accounts([payer.account])[payer.account].image, *read_customer(owner)}
    assert not [name for name in left if name.startswith(("day_", "count_", "month_", "outward_", "nocert_"))]
    empty = customer("李四", 0).account
    for before, after in itertools.pairwise(("open", "frozen", "open", "closed")):
        assert change_state(empty, before=before, after=after)["state"] == after


def read_customer(customer_id: str) -> dict[str, Any]:
    image = customers_store.read_customer(customer_id)
    assert image is not None
    return image


def sessions() -> None:
    """Log-in, wrong passwords to the lock and past it, renewal, and the end of sessions."""
    person, now = customer("周五", 0), clock.now()
    grant = identity.log_in(person.login_name, PASSWORD, now)
    identity.renew(grant.refresh_token, now)
    with pytest.raises(Refusal):
        identity.renew(grant.refresh_token, now)
    for _ in range(7):
        with suppress(LoginRefused):
            identity.log_in(person.login_name, "wrong", now)
    owner = person.caller.customer_id
    far = int((now + dt.timedelta(days=2)).timestamp())
    assert identity_store.claim_try(owner, 5, 60, far) is not None
    for days in range(2):  # the second finds the first one's tokens dead, and takes it off
        later = now + dt.timedelta(days=days)
        customers.end_session(owner, f"s{days}", later + dt.timedelta(minutes=5), later)
    assert set(read_customer(owner)["revoked"]) >= {"s1"}
    assert "s0" not in read_customer(owner)["revoked"]
    identity.log_out(person.caller, now)
    assert identity_store.end(person.caller.session_id) is None


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
    staff.register_branch(staff.Branch("0002", "示范村镇银行城东支行", "示范县城东路2号", "0990-0000002"))
    staff.appoint_teller("T0002", "柜员乙", "0002", PASSWORD)
    assert staff.teller_named("T0002") == "0002"
    owner = payer.caller.customer_id
    image = {"customer_id": owner, "created_at": "2026", "entry_id": uuid.uuid4().hex}
    for state in ("posted", "awaiting"):
        transfers_store.project({**image, "state": state})
    assert transfers_store.page(owner, 10, None)[0] == [image["entry_id"]]
    receipt = filled(receipts_store.ReceiptItem, entry_id=image["entry_id"])
    assert [receipts_store.put_once(receipt) for _ in range(2)] == [True, False]
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
    notice = filled(maintenance_store.NoticeItem, notice_id=uuid.uuid4().hex)
    assert [maintenance_store.publish(notice) for _ in range(2)] == [True, False]
    assert notice.notice_id in {one.notice_id for one in maintenance_store.all_notices()}
    assert customers_store.scan_ids(None)[0]
    assert customers.contracts_of(owner) == {payer.account: ledger.RIGHT_FULL}


def filled(model: type[M], **known: Any) -> M:
    """An item with something in every attribute that is not given."""
    kinds = {NumberAttribute: 1, BinaryAttribute: b"x"}
    values: dict[str, Any] = {}
    for name, attribute in model.get_attributes().items():
        values[name] = known[name] if name in known else kinds.get(type(attribute), "x")
    return model(**values)
