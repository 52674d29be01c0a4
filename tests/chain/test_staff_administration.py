"""Staff are administered by two people, one number a person, each by the level above (NB-5.2.3 to NB-5.2.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from chalicelib.platform import clock, updates
from chalicelib.platform.errors import NotFound, Refusal
from chalicelib.staff import domain, store
from chalicelib.staff.commands import administer, read_functions, switch_functions
from chalicelib.staff.commands.administer import Plan, Signatures
from chalicelib.staff.commands.appoint import Appointment, person_of
from chalicelib.staff.commands.found import found
from tests.chain.bank import BRANCH, Bank
from tests.chain.clerks import CITY, OTHER, PASSWORD, VILLAGE, Clerk, appoint, ask, branches, log_in, try_log_in
from tests.chain.probe import table_items, unchanged
from tests.unit.samples import resident_number


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    branches()
    read_functions.forget()
    return shared_bank


def pair(bank: Bank, role: str, branch_id: str = BRANCH) -> tuple[Clerk, Clerk]:
    """A maker and a checker of a role."""
    return appoint(bank, role, domain.MAKER, branch_id=branch_id), appoint(
        bank, role, domain.CHECKER, branch_id=branch_id
    )


def approved(bank: Bank, plan: Plan, by: tuple[Clerk, Clerk]) -> None:
    """What an approval does: all writes of a plan in one."""
    now = bank.clock.now()
    updates.together(plan.writes(Signatures("a1", by[0].staff_id, by[1].staff_id), now))


def wish(number: str, role: str, branch_id: str, serial: int, *posts: str) -> Appointment:
    person = person_of(resident_number(serial, "19690504"), clock.now())
    seats = frozenset(posts or ({domain.READER} if role == domain.AUDITOR else {domain.MAKER}))
    return Appointment(number, "周敏", branch_id, role, seats, person)


def appointed(bank: Bank, by: tuple[Clerk, Clerk], number: str, role: str, branch_id: str, serial: int) -> None:
    approved(bank, administer.plan_appointment(wish(number, role, branch_id, serial)), by)


# ---- who appoints whom ----------------------------------------------------------------------------------------
@pytest.mark.requirement("NB-5.2.5")
def test_each_level_is_appointed_by_the_one_above_and_nobody_else(bank: Bank) -> None:
    system, head = pair(bank, domain.SYSTEM_ADMINISTRATOR), pair(bank, domain.EBANK_ADMINISTRATOR)
    city = pair(bank, domain.EBANK_ADMINISTRATOR, CITY)
    operators = pair(bank, domain.OPERATOR)
    seats = {
        "E7001": (domain.EBANK_ADMINISTRATOR, BRANCH, system),
        "E7002": (domain.EBANK_ADMINISTRATOR, CITY, head),
        "O7003": (domain.OPERATOR, BRANCH, head),
        "A7004": (domain.AUDITOR, BRANCH, head),
        "O7005": (domain.OPERATOR, CITY, city),
        "T7006": (domain.TELLER, VILLAGE, city),
    }
    for serial, (number, (role, branch_id, right)) in enumerate(seats.items(), 1):
        for by in (system, head, city, operators):
            if by is right:
                continue
            with unchanged(bank), pytest.raises(NotFound):
                appointed(bank, by, number, role, branch_id, serial)
        appointed(bank, right, number, role, branch_id, serial)
        member = store.read(number)
        assert member is not None
        assert (member.role, member.branch_id, member.must_change) == (role, branch_id, True)
    # and nobody appoints for another branch
    with pytest.raises(NotFound):
        appointed(bank, city, "T7007", domain.TELLER, OTHER, 7)


@pytest.mark.requirement("NB-5.1.5")
def test_a_maker_without_a_checker_and_the_reverse_appoint_nobody(bank: Bank) -> None:
    maker, checker = pair(bank, domain.EBANK_ADMINISTRATOR)
    for by in ((maker, maker), (checker, checker), (checker, maker)):
        with pytest.raises(NotFound):
            appointed(bank, by, "O7010", domain.OPERATOR, BRANCH, 10)


@pytest.mark.requirement("NB-5.2.4")
def test_a_person_has_one_number_and_a_number_one_person(bank: Bank) -> None:
    by = pair(bank, domain.EBANK_ADMINISTRATOR)
    appointed(bank, by, "O7020", domain.OPERATOR, BRANCH, 20)
    for number, serial, code in (("O7021", 20, "staff_person_taken"), ("O7020", 21, "staff_number_taken")):
        with pytest.raises(Refusal) as refused:
            appointed(bank, by, number, domain.OPERATOR, BRANCH, serial)
        assert refused.value.code == code
    # also where both were asked for before either was approved
    plans = [administer.plan_appointment(wish(number, domain.OPERATOR, BRANCH, 22)) for number in ("O7022", "O7023")]
    approved(bank, plans[0], by)
    with pytest.raises(Refusal):
        approved(bank, plans[1], by)
    assert store.read("O7023") is None
    # who has left gives up the claim, and the number stays theirs
    approved(bank, administer.plan_state("O7020", domain.LEFT), by)
    appointed(bank, by, "O7024", domain.OPERATOR, BRANCH, 20)
    with pytest.raises(Refusal) as refused:
        appointed(bank, by, "O7020", domain.OPERATOR, BRANCH, 25)
    assert refused.value.code == "staff_number_taken"


@pytest.mark.parametrize(
    ("number", "role", "branch_id", "posts"),
    [
        ("X1", domain.OPERATOR, BRANCH, (domain.MAKER,)),
        ("O7030", domain.OPERATOR, "9999", (domain.MAKER,)),
        ("O7030", domain.OPERATOR, BRANCH, (domain.READER,)),
        ("O7030", domain.AUDITOR, CITY, (domain.READER,)),
        ("O7030", "president", BRANCH, (domain.MAKER,)),
        ("O7030", domain.EBANK_ADMINISTRATOR, VILLAGE, (domain.MAKER,)),
    ],
)
def test_a_seat_that_is_none_is_refused(
    bank: Bank, number: str, role: str, branch_id: str, posts: tuple[str, ...]
) -> None:
    with pytest.raises(Refusal) as refused:
        administer.plan_appointment(wish(number, role, branch_id, 30, *posts))
    assert refused.value.code == "appointment_refused"


@pytest.mark.parametrize("number", ["", "110101196905040011", "11010119690504", "x" * 18])
def test_a_person_is_known_by_a_true_identity_number(bank: Bank, number: str) -> None:
    with pytest.raises(Refusal) as refused:
        person_of(number, bank.clock.now())
    assert refused.value.code == "document_invalid"


# ---- what ends sessions ---------------------------------------------------------------------------------------
CHANGES: list[tuple[str, Callable[[str], Plan]]] = [
    ("suspended", lambda staff_id: administer.plan_state(staff_id, domain.SUSPENDED)),
    ("left", lambda staff_id: administer.plan_state(staff_id, domain.LEFT)),
    ("role", lambda staff_id: administer.plan_seat(staff_id, domain.TELLER, frozenset({domain.MAKER}), BRANCH)),
    ("post", lambda staff_id: administer.plan_seat(staff_id, domain.OPERATOR, frozenset({domain.CHECKER}), BRANCH)),
    ("password", administer.plan_password),
    ("token", administer.plan_token),
]


@pytest.mark.requirement("NB-5.2.4")
@pytest.mark.parametrize(("name", "plan"), CHANGES, ids=[name for name, _ in CHANGES])
def test_every_change_of_a_member_ends_their_sessions_at_once(
    bank: Bank, name: str, plan: Callable[[str], Plan]
) -> None:
    by, clerk = pair(bank, domain.EBANK_ADMINISTRATOR), appoint(bank, domain.OPERATOR)
    log_in(bank, clerk)
    asked, overtaken = plan(clerk.staff_id), plan(clerk.staff_id)
    assert ask(bank, clerk).status == 200
    approved(bank, asked, by)
    assert ask(bank, clerk).code == "session_ended"
    # and what was asked for on what they were before is not done on top
    with pytest.raises(Refusal):
        approved(bank, overtaken, by)
    rows = [row for row in table_items(bank, "StaffActionsTable") if row["on"] == clerk.staff_id]
    assert [(row["staff_id"], row["facts"]["maker"]) for row in rows] == [(by[1].staff_id, by[0].staff_id)]
    if name in ("suspended", "left", "password", "token"):
        assert try_log_in(bank, clerk).code == "staff_login_refused"
    else:
        log_in(bank, clerk)


def test_a_suspended_member_comes_back_and_one_who_left_does_not(bank: Bank) -> None:
    by, clerk = pair(bank, domain.EBANK_ADMINISTRATOR), appoint(bank, domain.OPERATOR)
    approved(bank, administer.plan_state(clerk.staff_id, domain.SUSPENDED), by)
    for state in (domain.SUSPENDED, "x"):
        with pytest.raises(Refusal):
            administer.plan_state(clerk.staff_id, state)
    with pytest.raises(Refusal):
        administer.plan_password(clerk.staff_id)
    approved(bank, administer.plan_state(clerk.staff_id, domain.ACTIVE), by)
    log_in(bank, clerk)
    approved(bank, administer.plan_state(clerk.staff_id, domain.LEFT), by)
    for state in (domain.ACTIVE, domain.SUSPENDED):
        with pytest.raises(Refusal):
            administer.plan_state(clerk.staff_id, state)


def test_who_signed_and_lost_the_seat_meanwhile_signs_nothing(bank: Bank) -> None:
    by, clerk = pair(bank, domain.EBANK_ADMINISTRATOR), appoint(bank, domain.OPERATOR)
    above = pair(bank, domain.SYSTEM_ADMINISTRATOR)
    plan = administer.plan_state(clerk.staff_id, domain.SUSPENDED)
    writes = plan.writes(Signatures("a1", by[0].staff_id, by[1].staff_id), bank.clock.now())
    approved(bank, administer.plan_state(by[0].staff_id, domain.SUSPENDED), above)
    with pytest.raises(Refusal):
        updates.together(writes)
    assert (found := store.read(clerk.staff_id)) is not None
    assert found.state == domain.ACTIVE


# ---- functions ------------------------------------------------------------------------------------------------
def functions(bank: Bank, clerk: Clerk) -> list[str]:
    return list(ask(bank, clerk).body["functions"])


def switched(bank: Bank, by: tuple[Clerk, Clerk], role: str, function: str, *, is_on: bool) -> None:
    plan = switch_functions.plan_switch(role, function, is_on=is_on)
    updates.together(plan.writes(Signatures("a1", by[0].staff_id, by[1].staff_id), bank.clock.now()))


@pytest.mark.requirement("NB-5.2.3")
def test_two_system_administrators_switch_a_function_of_a_role(bank: Bank) -> None:
    by, clerk = pair(bank, domain.SYSTEM_ADMINISTRATOR), appoint(bank, domain.OPERATOR)
    log_in(bank, clerk)
    for function, starts in ((domain.STATISTICS_READ, True), (domain.PARAMETERS_READ, False)):
        assert (function in functions(bank, clerk)) is starts
        for is_on in (not starts, starts, not starts):
            switched(bank, by, domain.OPERATOR, function, is_on=is_on)
            bank.clock.advance(read_functions.MAX_STALENESS)
            assert (function in functions(bank, clerk)) is is_on
    # a switch asked for on another state than there is fails
    late = switch_functions.plan_switch(domain.OPERATOR, domain.STATISTICS_READ, is_on=True)
    switched(bank, by, domain.OPERATOR, domain.STATISTICS_READ, is_on=True)
    with pytest.raises(Refusal):
        updates.together(late.writes(Signatures("a1", by[0].staff_id, by[1].staff_id), bank.clock.now()))


@pytest.mark.requirement("NB-5.2.3")
@pytest.mark.parametrize("role", [domain.EBANK_ADMINISTRATOR, domain.OPERATOR, domain.TELLER])
def test_nobody_else_switches_functions(bank: Bank, role: str) -> None:
    with pytest.raises(NotFound):
        switched(bank, pair(bank, role), domain.OPERATOR, domain.STATISTICS_READ, is_on=False)


@pytest.mark.requirement("NB-5.2.6")
@pytest.mark.parametrize(
    ("role", "function", "code"),
    [
        (domain.OPERATOR, domain.COUNTER_CUSTOMERS, "function_not_switchable"),
        (domain.TELLER, domain.STAFF_MANAGE, "function_not_switchable"),
        (domain.SYSTEM_ADMINISTRATOR, domain.FUNCTIONS_CHANGE, "function_not_switchable"),
        ("president", domain.STATISTICS_READ, "not_found"),
        (domain.OPERATOR, "statistics.write", "not_found"),
    ],
)
def test_what_the_standard_does_not_admit_is_never_switched_on(bank: Bank, role: str, function: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        switch_functions.plan_switch(role, function, is_on=True)
    assert refused.value.code == code


def test_the_functions_of_all_roles_are_listed(bank: Bank) -> None:
    clerk = appoint(bank, domain.AUDITOR)
    reply = bank.request("GET", "/v1/staff/functions", token=log_in(bank, clerk))
    found = {(row["role"], row["function"]): row for row in reply.body["functions"]}
    assert found[domain.TELLER, domain.STATISTICS_READ]["is_on"] in (True, False)
    assert (domain.OPERATOR, domain.COUNTER_CUSTOMERS) not in found
    assert found[domain.SYSTEM_ADMINISTRATOR, domain.STAFF_MANAGE]["switchable"] is False


# ---- who sees whom --------------------------------------------------------------------------------------------
@pytest.mark.requirement("NB-5.2.5")
def test_an_administrator_sees_their_own_scope(bank: Bank) -> None:
    city = appoint(bank, domain.EBANK_ADMINISTRATOR, branch_id=CITY)
    seen = {where: appoint(bank, domain.TELLER, branch_id=where) for where in (CITY, VILLAGE)}
    unseen = {where: appoint(bank, domain.TELLER, branch_id=where) for where in (BRANCH, OTHER)}
    token = log_in(bank, city)
    members = bank.request("GET", "/v1/staff/members", token=token).body["members"]
    assert {member["branch_id"] for member in members} == {CITY, VILLAGE}
    assert {clerk.staff_id for clerk in seen.values()} <= {member["staff_id"] for member in members}
    for where, clerk in {**seen, **unseen}.items():
        one = bank.request("GET", f"/v1/staff/members/{clerk.staff_id}", token=token)
        listed = bank.request("GET", f"/v1/staff/members?branch_id={where}", token=token)
        assert {one.status, listed.status} == ({200} if where in seen else {404})
    assert bank.request("GET", "/v1/staff/members/S99999", token=token).status == 404
    body = bank.request("GET", f"/v1/staff/members/{seen[CITY].staff_id}", token=token).body
    assert set(body) == {
        "staff_id",
        "name",
        "branch_id",
        "role",
        "posts",
        "state",
        "has_token",
        "credentials_due_until",
    }


@pytest.mark.requirement("NB-5.2.3")
def test_operators_and_tellers_see_no_staff(bank: Bank) -> None:
    for role in (domain.OPERATOR, domain.TELLER):
        token = log_in(bank, appoint(bank, role))
        assert bank.request("GET", "/v1/staff/members", token=token).code == "staff_permission_denied"


# ---- a new bank -----------------------------------------------------------------------------------------------
def test_the_first_two_are_appointed_once(bank: Bank) -> None:
    now = bank.clock.now()
    one, other = ("S8001", "王强", resident_number(1, "19680102")), ("S8002", "李静", resident_number(2, "19680102"))
    for first, second, code in (
        (one, (other[0], other[1], one[2]), "staff_person_taken"),
        (one, (one[0], other[1], other[2]), "staff_person_taken"),
        (one, ("s1", other[1], other[2]), "appointment_refused"),
        (one, (other[0], other[1], "1"), "document_invalid"),
    ):
        with unchanged(bank), pytest.raises(Refusal) as refused:
            found(first, second, now)
        assert refused.value.code == code
    found(one, other, now)
    members = [store.read(number) for number in ("S8001", "S8002")]
    assert [(m.role, sorted(m.posts), m.must_change) for m in members if m] == [
        (domain.SYSTEM_ADMINISTRATOR, ["maker"], True),
        (domain.SYSTEM_ADMINISTRATOR, ["checker"], True),
    ]
    later = [(f"S800{n}", "王强", resident_number(n, "19680102")) for n in (3, 4)]
    with unchanged(bank), pytest.raises(Refusal) as refused:
        found(later[0], later[1], now + dt.timedelta(days=1))
    assert refused.value.code == "staff_founded"
    assert PASSWORD
