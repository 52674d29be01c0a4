"""What test_expressions.py plays of statement lines, projections and business days."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from pynamodb.attributes import BinaryAttribute, NumberAttribute

from chalicelib.accounts import store as accounts_store
from chalicelib.accounts.domain import Movement, line_key
from chalicelib.billchecks import store as bill_checks_store
from chalicelib.billchecks.commands.answer_bill import dispute
from chalicelib.billchecks.commands.follow_up import follow_up
from chalicelib.billchecks.commands.open_check import open_check
from chalicelib.closing import store as closing_store
from chalicelib.closing.domain import TrialBalance
from chalicelib.customers import service as customers
from chalicelib.customers import store as customers_store
from chalicelib.ledger import service as ledger
from chalicelib.maintenance import store as maintenance_store
from chalicelib.notifications import providers
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.channels import Outgoing, Settings
from chalicelib.notifications.states import Bound
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import Item
from chalicelib.receipts import store as receipts_store
from chalicelib.rechecks import store as rechecks_store
from chalicelib.rechecks.domain import Mark, Sample
from chalicelib.reports import service as reports
from chalicelib.reports import store as reports_store
from chalicelib.seals import store as seals_store
from chalicelib.seals import tiles
from chalicelib.staff import service as staff
from chalicelib.statements import store as statements_store
from chalicelib.statements.domain import Figures
from chalicelib.transfers import store as transfers_store
from tests.chain.two_people import done as done_by_two
from tests.chain.two_people import (
    notice_of,
)
from tests.engine.conftest import BRANCH
from tests.engine.test_projection_races import images_of
from tests.engine.test_transfer_races import PASSWORD, Customer, customer

M = TypeVar("M", bound=Item)


def lines_and_days(payer: Customer) -> None:
    """Statement lines by every way to read them; a closed date; a bill."""
    for seq, date in ((1, "20261101"), (2, "20261102")):
        line = Movement(payer.account, seq, date, date, uuid.uuid4().hex, "transfer", 1, seq, "test", b"x")
        assert accounts_store.append(line, counterparty=None, purpose="")
        assert not accounts_store.append(line, counterparty=None, purpose="")
    reads: list[Callable[[], Movement | None]] = [
        lambda: accounts_store.last(payer.account),
        lambda: accounts_store.first_after(payer.account, line_key("20261101", 1)),
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
    figures = Figures(0, 0, 0, 0, 0, 0, 0, 0)
    assert [statements_store.put_once(payer.account, "2026-11", figures, "now") for _ in range(2)] == [True, False]
    assert len(statements_store.newest(payer.account)) == 1


def notices() -> None:
    """Notices that suspend something are published, changed, withdrawn, told, and ended early."""
    planned = notice_of(clock.now(), days=5)
    first = done_by_two("notice.publish", **planned, scope="cards").approval_id
    later = done_by_two("notice.change", **{**planned, "scope": "settings"}, notice_id=first).approval_id
    done_by_two("notice.withdraw", notice_id=later)
    urgent = notice_of(clock.now(), kind="urgent", minutes=-30)
    running = done_by_two("notice.publish", **urgent, scope="sign_up").approval_id
    done_by_two("notice.end", notice_id=running)
    found = {one.notice_id: one for one in maintenance_store.all_notices()}
    assert found[first].replaced_by == later
    assert found[later].withdrawn_at is not None
    assert found[running].shortened_at is not None
    updates.insist(maintenance_store.note_told(found[running], "published"))
    told = maintenance_store.read(running)
    assert told is not None
    assert told.told == {"published"}


def a_sealed_day() -> None:
    """A date's list, tree, seal and proof, by every way to write and read them."""
    day = f"2{uuid.uuid4().int % 10**7:07d}"
    assert seals_store.begin_run(day) == seals_store.begin_run(day)
    for entry_id in ("a1", "b2"):
        seals_store.list_entry(day, entry_id, clock.now())
    assert seals_store.listed(day, "", 10) == ["a1", "b2"]
    assert seals_store.listed(day, "a1", 10) == ["b2"]
    run = seals_store.run_of(day)
    assert run is not None
    growth = tiles.Growth()
    growth.add(tiles.Record("a1", b"e" * 32, b""), lambda tile: seals_store.put_tile(day, tile))
    after = seals_store.Run(day, 1, "a1", 1, 2, 3, tuple(growth.to_rows()))
    assert [seals_store.advance(run, after) for _ in range(2)] == [True, False]
    level, root = growth.finish(lambda tile: seals_store.put_tile(day, tile))
    assert seals_store.tile_at(day, level, root).rows[0].first == "a1"
    seal = seals_store.Seal(day, 1, 1, root, level, "now", "signed")
    assert [seals_store.put_seal(seal) for _ in range(2)] == [True, False]
    assert seals_store.seal_of(day) == seal
    (newest,), key = seals_store.page(1, None)
    assert seals_store.newest() == newest
    assert newest not in seals_store.page(1, key)[0]
    assert closing_store.first_from("20000101") is not None
    assert list(ledger.entries_dated(day, 1000)) == []
    assert receipts_store.signed_of(["nobody's"]) == {}


def projections(payer: Customer) -> None:
    """What workers and staff write: transfers by time, receipts, the inbox, messages, notices, a branch, a teller."""
    staff.appoint_teller("T0002", "柜员乙", "0002", PASSWORD)
    assert staff.teller_named("T0002") == "0002"
    owner = payer.caller.customer_id
    image = {"customer_id": owner, "created_at": "2026", "entry_id": uuid.uuid4().hex}
    for state in ("posted", "awaiting"):
        transfers_store.project({**image, "state": state})
    assert transfers_store.page(owner, 10, None)[0] == [image["entry_id"]]
    receipt = filled(receipts_store.ReceiptItem, entry_id=image["entry_id"], number=uuid.uuid4().hex)
    assert [receipts_store.put_once(receipt) for _ in range(2)] == [True, False]
    assert receipts_store.issued_of([image["entry_id"], "x"]) == {image["entry_id"]}
    assert receipts_store.numbers_of([image["entry_id"], "x", "x"]) == {image["entry_id"]: receipt.number}
    assert receipts_store.entry_numbered("nobody's") is None
    assert [row.entry_id for row in receipts_store.numbered(receipt.number)] == [image["entry_id"]]
    assert transfers_store.posted_between(owner, "2026", "2026") == {image["entry_id"]}
    unsent = dict.fromkeys(("sms", "push", "wechat", "email", "channels", "failures"))
    row = filled(notifications_store.InboxItem, customer_id=owner, **unsent)
    numbered = [notifications_store.put_once(row)[1]["number"] for _ in range(2)]
    assert numbered == [1, 1]
    another = filled(notifications_store.InboxItem, customer_id=owner, notification_id="y", **unsent)
    for _ in range(2):
        notifications_store.put_once(another)
    for moved in (
        notifications_store.move_head(owner, lambda head: head.with_read([2])),
        notifications_store.move_head(owner, lambda head: head.with_settings(Settings(least_fen=1))),
        notifications_store.move_head(owner, lambda head: head.with_address("email", Bound("z@example.com", "2026"))),
        notifications_store.move_head(owner, lambda head: head.with_read_to(1)),
    ):
        assert moved.arrived == 2
    assert notifications_store.head_of(owner) == moved
    assert (moved.read_to, moved.read, moved.unread) == (2, frozenset(), 0)
    assert [notifications_store.claim(owner, "x", "sms") for _ in range(2)] == [True, False]
    notifications_store.settle(owner, "x", "sms", None)
    assert notifications_store.claim(owner, "x", "sms")
    notifications_store.settle(owner, "x", "sms", "sent")
    for channel in ("push", "wechat", "email"):
        assert notifications_store.claim(owner, "x", channel)
        notifications_store.settle(owner, "x", channel, "sent")
        notifications_store.settle(owner, "x", channel, None)
    assert len(notifications_store.page(owner, 10, None)[0]) == 2
    assert [notifications_store.count_sms(owner, "20261128", most, 1) for most in (1, 1, None)] == [True, False, True]
    notifications_store.uncount_sms(owner, "20261128")
    assert notifications_store.sms_counted(owner, "20261128") == 1
    for behaviour in (providers.FAILS, None):
        providers.LocalProvider.behave(payer.login_name, behaviour)
    providers.LocalProvider().send(Outgoing("x", "sms", payer.login_name, payer.login_name, "x"))
    notices()
    assert customers_store.scan_ids(None)[0]
    assert customers.contracts_of(owner) == {payer.account: ledger.RIGHT_FULL}


def bills_to_confirm(payer: Customer) -> None:
    """A bill's check: opened, on a customer's and on staff's list, its history, and what is due of it."""
    month, now = "2026-10", clock.now()
    account = ledger.read_accounts([payer.account])[payer.account]
    assert open_check(account, month, 0, (0, 0), now)
    check_id = bill_checks_store.id_of(payer.account, month)
    assert follow_up(now, "test")[bill_checks_store.REMIND] >= 1
    disputed = dispute(payer.caller, payer.account, month, ("other", "余额不符", []), now)
    assert disputed.desk is not None
    for index, value in (
        (bill_checks_store.OF_CUSTOMER, payer.caller.customer_id),
        (bill_checks_store.OF_DESK, disputed.desk),
    ):
        found, _ = bill_checks_store.page(index, value, 100, None, newest_first=True)
        assert disputed in found
    assert [event.kind for event in bill_checks_store.history(check_id)] == ["issued", "disputed"]


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
    for end in ("refused", "failed", "failed"):
        reports_store.count_unpaid(day, end, "a request")
    assert reports_store.unpaid(day) == (1, 2)
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


def filled(model: type[M], **known: Any) -> M:
    """An item with something in every attribute that is not given."""
    kinds = {NumberAttribute: 1, BinaryAttribute: b"x"}
    values: dict[str, Any] = {}
    for name, attribute in model.get_attributes().items():
        values[name] = known[name] if name in known else kinds.get(type(attribute), "x")
    return model(**values)
