"""What test_expressions.py plays of staff: their log-ins, their log, and what takes two of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import suppress

import pytest

from chalicelib.approvals import service as approvals
from chalicelib.approvals.commands.expire_requests import expire_requests
from chalicelib.approvals.errors import ApprovalOutdated
from chalicelib.audit import service as audit
from chalicelib.audit.commands import link_actions
from chalicelib.audit.commands.export_actions import export_date
from chalicelib.audit.commands.verify_actions import verify_date, verify_lines
from chalicelib.counter.commands.stop_transfers import stop_transfers
from chalicelib.identity import service as identity
from chalicelib.identity.errors import LoginRefused
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.outages import service as outages
from chalicelib.outages.commands import keep_cases, keep_outages, watch
from chalicelib.outages.commands.keep_outages import Wish as Step
from chalicelib.outages.domain import Words
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, settings, transactions, updates
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
from tests.chain.two_people import (
    CHECKER,
    MAKER,
    approved,
    asked,
    change_of,
    enter_staff,
    person,
    rejected,
    withdrawn,
)
from tests.chain.two_people import done as done_by_two
from tests.engine.conftest import BRANCH
from tests.engine.test_staff_races import PASSWORD as CLERKS_PASSWORD
from tests.engine.test_staff_races import clerk
from tests.engine.test_transfer_races import Customer, customer


def registers() -> None:
    """An outage from its first step to its publication and its end, the probes' looks, and a customer's case."""
    enter_staff()
    now = clock.now()
    author, publisher = person("notice.publish", MAKER), person("notice.publish", CHECKER)
    one, _ = keep_outages.open_outage(author, uuid.uuid4().hex, uuid.uuid4().hex, "cause", now, now)
    for actor, wish in (
        (author, Step("explain", "reason", words=Words("说明", "words"))),
        (publisher, Step("publish", "")),
        (author, Step("end", "reason")),
    ):
        one = keep_outages.note_step(actor, one.outage_id, one.revision, wish, clock.now())
    assert [row.action for row in outages.steps_of(one.outage_id)] == ["open", "explain", "publish", "end"]
    assert one.outage_id in {found.outage_id for found in outages.published(clock.now())}
    assert watch.watch_all(now)["bad"] == watch.watch_all(now + dt.timedelta(minutes=1))["bad"] == 0
    wish_ = keep_cases.CaseWish("emergency", "phone", now, "本人", "手机丢失")
    case, _ = keep_cases.open_case(author, uuid.uuid4().hex, wish_, now)
    keep_cases.note_case_step(author, case.case_id, 1, "contact", text="已联系", owner=None, now=now)
    assert case.case_id in {found.case_id for found in outages.cases_of(author, case.case_id[:7])}


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
    """Limits, a loss of an account, a stop of transfers and a lock, each by two tellers."""
    who, account_id = owner.caller.customer_id, owner.account
    done_by_two("limits.account", customer_id=who, account_id=account_id, day="700.00", count=7)
    done_by_two("limits.customer", customer_id=who, day_outward="600.00")
    assert change_state(account_id, before="open", after="lost")["state"] == "lost"
    done_by_two("account.lift_loss", account_id=account_id)
    for _ in range(2):
        stop_transfers(person("account.unfreeze", MAKER), who, "来电挂失")
        done_by_two("customer.resume_transfers", customer=who)
    parameters.set_value("login.captcha_after", 10)
    for _ in range(7):
        with suppress(LoginRefused):
            identity.log_in(owner.login_name, "wrong", clock.now())
    assert done_by_two("login.unlock", customer_id=who).state == "approved"


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
