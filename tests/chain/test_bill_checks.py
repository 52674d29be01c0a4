"""Online reconciliation (网上对账): a bill is confirmed or disputed by its owner, or stays unanswered."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.billchecks import store
from chalicelib.billchecks.workers import follow_up_bills
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, queues
from chalicelib.platform.errors import Retryable
from chalicelib.staff import domain as staff
from chalicelib.statements.workers import start_bill_run
from tests.chain.bank import Bank, LambdaContext, Person, Reply
from tests.chain.clerks import CITY, OTHER, VILLAGE, Clerk, appoint, branches, log_in
from tests.chain.probe import force_account, scheduled, table_items, unchanged
from tests.event_schemas import check as check_event

pytestmark = pytest.mark.requirement("XJ-5.3-recon")

ISSUED = dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI)
# Thirty days after the day of issue, at midnight in Shanghai.
LAST = dt.datetime(2027, 1, 1, 0, 0, tzinfo=clock.SHANGHAI)
MORNING = dt.datetime(2026, 12, 1, 9, 30, tzinfo=clock.SHANGHAI)
MS, DAY = dt.timedelta(milliseconds=1), dt.timedelta(days=1)
MONTH, DESK = "2026-11", "/v1/staff/bill-checks"
PURPOSE = {"purpose": quote("处理客户账单异议")}


@pytest.fixture
def owner(bank: Bank) -> Person:
    """A customer with a line of 100.00 in November, whose bill is issued."""
    return issued(bank, bank.sign_up("赵小明", deposit="100.00"))


def issued(bank: Bank, person: Person) -> Person:
    bank.settle()
    bank.clock.set(ISSUED)
    start_bill_run(scheduled(ISSUED), LambdaContext())
    bank.settle()
    return person


def ask(
    bank: Bank, person: Person, step: str = "", body: Any = None, *, account: str = "", month: str = MONTH
) -> Reply:
    path = f"/v1/accounts/{account or person.account}/bills/{month}/check{step}"
    return bank.request("POST" if body is not None else "GET", path, body, token=bank.log_in(person))


def confirm(bank: Bank, person: Person, closing: str = "100.00", **more: Any) -> Reply:
    return ask(bank, person, "/confirmation", {"closing": closing}, **more)


def dispute(bank: Bank, person: Person, **more: Any) -> Reply:
    body = {"reason": "not_mine", "text": "这笔存款不是我的", "lines": [1], **more}
    return ask(bank, person, "/dispute", body)


def follow_up(bank: Bank, at: dt.datetime) -> dict[str, int]:
    bank.clock.set(at)
    done = follow_up_bills(scheduled(at), LambdaContext())
    bank.settle()
    return dict(done)


def told(bank: Bank, person: Person) -> list[str]:
    return [text for text in bank.messages(person) if "账单" in text]


def history(bank: Bank) -> list[tuple[str, str]]:
    rows = sorted(table_items(bank, "BillCheckHistoryTable"), key=lambda row: row["place"])
    return [(row["kind"], row["state"]) for row in rows]


@pytest.fixture
def clerk(bank: Bank, owner: Person) -> Clerk:
    branches()
    return entered(bank, appoint(bank, staff.TELLER, staff.MAKER))


def entered(bank: Bank, member: Clerk) -> Clerk:
    log_in(bank, member)
    return member


def desk(bank: Bank, member: Clerk, list_: str = "disputed", **query: str) -> Reply:
    words = "&".join(f"{name}={value}" for name, value in {"list": list_, **query}.items())
    return bank.request("GET", f"{DESK}?{words}", token=member.token, headers=PURPOSE)


def handle(bank: Bank, member: Clerk, step: str, **body: str) -> Reply:
    (row,) = table_items(bank, "BillChecksTable")
    return bank.request("POST", f"{DESK}/{row['check_id']}/{step}", body, token=member.token)


def test_a_bill_waits_and_is_confirmed_with_the_balance_that_was_shown(bank: Bank, owner: Person) -> None:
    waiting = ask(bank, owner).body
    assert (waiting["state"], waiting["closing"], waiting["late"]) == ("waiting", "100.00", False)
    assert waiting["answer_by"] == clock.to_text(LAST)
    # another balance is not what was shown
    assert confirm(bank, owner, "99.99").code == "bill_balance_differs"
    confirmed = confirm(bank, owner)
    assert (confirmed.status, confirmed.body["state"], confirmed.body["late"]) == (200, "confirmed", False)
    # sent again it is the same, and nothing is written
    with unchanged(bank, but=["SessionsTable", "CustomersTable", "SecurityEventsTable", "LoginNamesTable"]):
        assert confirm(bank, owner).body == confirmed.body
    assert history(bank) == [("issued", "waiting"), ("confirmed", "confirmed")]
    listed = bank.request("GET", "/v1/bill-checks", token=bank.log_in(owner)).body
    assert listed == {"checks": [confirmed.body], "next_cursor": None}


def test_the_first_answer_stands(bank: Bank, owner: Person) -> None:
    disputed = dispute(bank, owner)
    assert (disputed.body["state"], disputed.body["lines"], disputed.body["reason"]["code"]) == (
        "disputed",
        [1],
        "not_mine",
    )
    assert dispute(bank, owner).body == disputed.body
    assert confirm(bank, owner).code == "bill_check_answered"
    assert dispute(bank, owner, text="另有一笔").code == "bill_check_answered"
    assert history(bank) == [("issued", "waiting"), ("disputed", "disputed")]


def test_a_confirmed_bill_is_not_disputed(bank: Bank, owner: Person) -> None:
    assert confirm(bank, owner).status == 200
    refused = dispute(bank, owner)
    assert (refused.code, refused.body["facts"]) == ("bill_check_answered", {"state": "confirmed"})


@pytest.mark.parametrize("body", [{"lines": [2]}, {"lines": [1, 99]}])
def test_a_line_that_the_bill_does_not_have_is_not_disputed(bank: Bank, owner: Person, body: dict[str, Any]) -> None:
    assert dispute(bank, owner, **body).code == "bill_line_unknown"
    assert ask(bank, owner).body["state"] == "waiting"


@pytest.mark.parametrize("body", [{"reason": "?"}, {"text": "字"}, {"text": "\u202e反"}, {"lines": list(range(1, 22))}])
def test_a_dispute_that_nobody_could_read_is_malformed(bank: Bank, owner: Person, body: dict[str, Any]) -> None:
    assert dispute(bank, owner, **body).code == "malformed_request"


def test_anothers_bill_and_one_that_is_not_issued_are_not_there(bank: Bank, owner: Person) -> None:
    other = bank.sign_up("钱红")
    for refused in (
        ask(bank, other, account=owner.account),
        confirm(bank, other, account=owner.account),
        confirm(bank, owner, month="2026-12"),
        ask(bank, owner, month="2026-13"),
        confirm(bank, owner, month="x"),
    ):
        assert (refused.status, refused.code) == (404, "not_found")
    assert ask(bank, owner).body["state"] == "waiting"


def test_a_closed_account_answers_at_a_branch_and_is_not_reminded(bank: Bank, owner: Person) -> None:
    force_account(bank, owner.account, available_fen=0)
    change_state(owner.account, before="open", after="closed")
    for refused in (confirm(bank, owner), dispute(bank, owner)):
        assert refused.code == "bill_account_closed"
    follow_up(bank, MORNING)
    assert told(bank, owner) == []
    assert ask(bank, owner).body["state"] == "waiting"


@pytest.mark.parametrize(("before", "late"), [(MS, False), (dt.timedelta(0), True)], ids=["just before", "at"])
def test_midnight_in_shanghai_divides_in_time_from_late(
    bank: Bank, owner: Person, before: dt.timedelta, late: bool
) -> None:
    bank.clock.set(LAST - before)
    assert ask(bank, owner).body["state"] == ("unanswered" if late else "waiting")
    answered = confirm(bank, owner).body
    assert (answered["state"], answered["late"]) == ("confirmed", late)


def test_who_does_not_answer_is_reminded_so_often_and_then_listed(bank: Bank, owner: Person, clerk: Clerk) -> None:
    # given nights, in which nobody wants an SMS
    assert follow_up(bank, ISSUED) == {}
    # when the schedule runs every day, twice
    days = []
    for number in range(31):
        before = len(told(bank, owner))
        for _ in range(2):
            follow_up(bank, MORNING + number * DAY)
        days += [number] * (len(told(bank, owner)) - before)
    # then the owner heard of the bill on its first day, and of its waiting three times, a week apart
    assert days == [0, 7, 14, 21]
    assert "11账单已出，请于2027-01-01 00:00:00前" in told(bank, owner)[0]
    assert owner.account not in "".join(told(bank, owner))
    log_in(bank, clerk)
    assert desk(bank, clerk, "unanswered").body["checks"] == []
    # when the last moment has passed, then it is unanswered, which is not confirmed, and staff have it on their list
    assert follow_up(bank, MORNING + 31 * DAY)["lapse"] == 1
    assert follow_up(bank, MORNING + 31 * DAY)["lapse"] == 0
    assert ask(bank, owner).body["state"] == "unanswered"
    log_in(bank, clerk)
    (row,) = desk(bank, clerk, "unanswered").body["checks"]
    assert (row["customer"], row["state"], row["month"]) == (owner.customer_id, "unanswered", MONTH)
    assert owner.account not in json.dumps(row)
    assert history(bank) == [("issued", "waiting"), ("unanswered", "unanswered")]
    assert table_items(bank, "BillCheckDuesTable") == []
    # and an answer that comes late takes it off
    assert confirm(bank, owner).body["late"] is True
    assert desk(bank, clerk, "unanswered").body["checks"] == []


def test_a_schedule_that_stood_still_makes_up_for_no_reminder(bank: Bank, owner: Person) -> None:
    for _ in range(3):
        follow_up(bank, MORNING + 20 * DAY)
    assert len(told(bank, owner)) == 1
    # and the next one comes on the day on which it would have come anyway
    follow_up(bank, MORNING + 21 * DAY)
    assert len(told(bank, owner)) == 2


def test_who_has_answered_is_left_alone(bank: Bank, owner: Person) -> None:
    confirm(bank, owner)
    for number in (0, 7, 31):
        assert follow_up(bank, MORNING + number * DAY) == {"remind": 0, "lapse": 0, "tell": 0}
    assert told(bank, owner) == []
    assert ask(bank, owner).body["state"] == "confirmed"


def test_parameters_say_how_long_and_how_often(bank: Bank) -> None:
    for name, value in (("bill_check.open_d", 3), ("bill_check.reminder_d", 1), ("bill_check.reminders", 1)):
        parameters.set_value(name, value)
    owner = issued(bank, bank.sign_up("赵小明"))
    for number in range(5):
        follow_up(bank, MORNING + number * DAY)
    assert len(told(bank, owner)) == 2
    assert ask(bank, owner).body["answer_by"] == clock.to_text(ISSUED.replace(hour=0) + 4 * DAY)
    assert ask(bank, owner).body["state"] == "unanswered"


def test_a_queue_that_takes_nothing_loses_no_reminder_and_doubles_none(
    bank: Bank, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[queues.Message] = []

    def refuses(queue: str, messages: list[queues.Message]) -> None:
        sent.extend(messages)
        if messages:
            raise Retryable("not taken")

    with monkeypatch.context() as patched:
        patched.setattr(queues, "send", refuses)
        with pytest.raises(Retryable):
            follow_up(bank, MORNING)
    for message in sent:
        check_event(message.to_json())
    assert [message.event_type for message in sent] == ["bill_check.due"]
    follow_up(bank, MORNING)
    assert len(told(bank, owner)) == 1
    # the next one waits once
    waiting = [(row["kind"], row["number"]) for row in table_items(bank, "BillCheckDuesTable")]
    assert sorted(waiting) == [("lapse", 0), ("remind", 1)]


def test_a_bill_that_was_put_before_its_check_gets_it_by_the_repeat(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a worker that dies once after it put the bill
    real, deaths = store.put_of, [RuntimeError("died")]

    def dies(check: Any) -> Any:
        if deaths:
            raise deaths.pop()
        return real(check)

    monkeypatch.setattr(store, "put_of", dies)
    owner = bank.sign_up("赵小明")
    issued(bank, owner)
    assert len(table_items(bank, "BillsTable")) == 1
    assert table_items(bank, "BillChecksTable") == []
    # when the run comes again, twice
    for _ in range(2):
        issued(bank, owner)
    assert ask(bank, owner).body["state"] == "waiting"
    assert history(bank) == [("issued", "waiting")]


def test_a_dispute_is_taken_replied_to_and_closed_and_its_owner_is_told(
    bank: Bank, owner: Person, clerk: Clerk
) -> None:
    dispute(bank, owner)
    (row,) = desk(bank, clerk).body["checks"]
    assert (row["ticket"], row["handler"]) == ("open", "")
    # nobody replies to or closes what they have not taken
    assert handle(bank, clerk, "reply", text="经核实无误").code == "dispute_step_refused"
    assert handle(bank, clerk, "taking").body["handler"] == clerk.staff_id
    assert handle(bank, clerk, "closing", outcome="bill_stands").code == "dispute_step_refused"
    # another one takes it over only by saying from whom, and then it is theirs alone
    second = entered(bank, appoint(bank, staff.OPERATOR, staff.MAKER))
    assert handle(bank, second, "taking").code == "dispute_of_another"
    assert handle(bank, second, "taking", handler=clerk.staff_id).body["handler"] == second.staff_id
    assert handle(bank, clerk, "reply", text="经核实无误").code == "dispute_of_another"
    assert handle(bank, second, "reply", text="该笔为柜面存款，凭证已核对").body["ticket"] == "replied"
    # the owner reads the reply, and is told once that it is closed
    assert ask(bank, owner).body["reply"] == "该笔为柜面存款，凭证已核对"
    closed = handle(bank, second, "closing", outcome="bill_stands")
    assert (closed.body["state"], closed.body["ticket"]) == ("resolved", "closed")
    assert handle(bank, second, "closing", outcome="bill_stands").body == closed.body
    assert handle(bank, second, "closing", outcome="corrected").code == "dispute_step_refused"
    for _ in range(2):
        follow_up(bank, MORNING)
    (text,) = told(bank, owner)
    assert "已办结：经核实账单无误" in text
    assert ask(bank, owner).body["outcome"]["code"] == "bill_stands"
    log_in(bank, clerk)
    assert desk(bank, clerk).body["checks"] == []
    # the history has all of it, with who said what; so has the log of what staff did
    seen = bank.request("GET", f"{DESK}/{row['id']}", token=clerk.token, headers=PURPOSE).body
    assert [(event["kind"], event["by"]) for event in seen["history"]] == [
        ("issued", ""),
        ("disputed", owner.customer_id),
        ("taken", clerk.staff_id),
        ("taken", second.staff_id),
        ("replied", second.staff_id),
        ("closed", second.staff_id),
    ]
    assert (seen["text"], seen["history"][1]["text"]) == ("这笔存款不是我的", "这笔存款不是我的")
    logged = [row["action"] for row in table_items(bank, "StaffActionsTable")]
    assert [logged.count(f"bill_dispute.{kind}") for kind in ("taken", "replied", "closed")] == [2, 1, 1]


def test_staff_see_their_own_scope_and_only_with_the_right_to(bank: Bank, owner: Person, clerk: Clerk) -> None:
    # given a dispute at the head office
    dispute(bank, owner)
    (row,) = table_items(bank, "BillChecksTable")
    elsewhere = entered(bank, appoint(bank, staff.TELLER, staff.MAKER, branch_id=OTHER))
    assert desk(bank, elsewhere).body["checks"] == []
    assert desk(bank, elsewhere, branch=row["branch_id"]).code == "not_found"
    assert handle(bank, elsewhere, "taking").code == "not_found"
    one = bank.request("GET", f"{DESK}/{row['check_id']}", token=elsewhere.token, headers=PURPOSE)
    assert one.code == "not_found"
    # a checker sees and does nothing, an administrator does not even see
    checker = entered(bank, appoint(bank, staff.TELLER, staff.CHECKER))
    assert len(desk(bank, checker).body["checks"]) == 1
    assert handle(bank, checker, "taking").code == "staff_permission_denied"
    administrator = entered(bank, appoint(bank, staff.EBANK_ADMINISTRATOR, staff.MAKER))
    assert desk(bank, administrator).code == "staff_permission_denied"
    # a look states its purpose, and what is no id is not there
    assert bank.request("GET", DESK, token=clerk.token).code == "purpose_required"
    assert bank.request("GET", f"{DESK}/x", token=clerk.token, headers=PURPOSE).code == "not_found"


def test_lists_of_staff_and_customers_go_on_by_page(bank: Bank) -> None:
    branches()
    people = [bank.sign_up(f"客户{number}", branch_id=VILLAGE) for number in range(3)]
    for person in people:
        issued(bank, person)
    for person in people:
        assert dispute(bank, person, lines=[]).status == 200
    member = entered(bank, appoint(bank, staff.TELLER, staff.MAKER, branch_id=CITY))
    found, cursor = [], ""
    for _ in range(3):
        page = desk(bank, member, branch=VILLAGE, limit="1", **({"cursor": cursor} if cursor else {})).body
        found += [row["customer"] for row in page["checks"]]
        cursor = page["next_cursor"] or ""
    assert sorted(found) == sorted(person.customer_id for person in people)
    # a list of another branch, or another's list, takes no such cursor
    first = desk(bank, member, branch=VILLAGE, limit="1").body["next_cursor"]
    assert desk(bank, member, branch=CITY, cursor=first).code == "cursor_malformed"
    reply = bank.request("GET", f"/v1/bill-checks?cursor={first}", token=bank.log_in(people[0]))
    assert reply.code == "cursor_malformed"
