"""Every cell of staff's permission matrix, against an expectation written down in another way."""

from __future__ import annotations

import itertools
from collections.abc import Collection

import pytest

from chalicelib.staff import domain

ROLES = ("system_administrator", "ebank_administrator", "operator", "teller", "auditor")
POSTS = ("maker", "checker", "reader")
LEVELS = ("head_office", "branch", "sub_branch")
FUNCTIONS = (
    "own.session",
    "own.password",
    "staff.read",
    "staff.manage",
    "staff.approve",
    "functions.read",
    "functions.change",
    "functions.approve",
    "emergency.open",
    "emergency.read",
    "emergency.review",
    "approvals.read",
    "approvals.request",
    "approvals.decide",
    "parameters.read",
    "parameters.change",
    "parameters.approve",
    "notices.publish",
    "notices.approve",
    "outages.read",
    "outages.record",
    "outages.approve",
    "cases.read",
    "cases.record",
    "reversals.request",
    "reversals.approve",
    "customers.read",
    "transactions.monitor",
    "statistics.read",
    "audit.read",
    "bill_checks.read",
    "bill_checks.handle",
    "counter.customers",
    "counter.credentials",
    "counter.freeze",
    "counter.cash",
    "counter.stock",
    "counter.approve",
)
# Admitted, and switched off at the start.
OFF = {
    ("operator", "parameters.read"),
    ("ebank_administrator", "customers.read"),
    ("system_administrator", "transactions.monitor"),
    ("teller", "statistics.read"),
}
SWITCHABLE = {
    "outages.read",
    "outages.record",
    "outages.approve",
    "cases.read",
    "cases.record",
    "emergency.open",
    "parameters.read",
    "parameters.change",
    "parameters.approve",
    "notices.publish",
    "notices.approve",
    "reversals.request",
    "reversals.approve",
    "customers.read",
    "transactions.monitor",
    "statistics.read",
    "bill_checks.read",
    "bill_checks.handle",
    "counter.customers",
    "counter.credentials",
    "counter.freeze",
    "counter.cash",
    "counter.stock",
    "counter.approve",
}


def exists(role: str, post: str, level: str) -> bool:
    """Where there are people: administrators of the system and auditors at the head office alone."""
    if (role == "auditor") != (post == "reader"):
        return False
    if role in ("system_administrator", "auditor"):
        return level == "head_office"
    return role != "ebank_administrator" or level != "sub_branch"


def expected(function: str, role: str, post: str, level: str) -> bool:  # noqa: PLR0911  # one rule a line
    """The bank's rules in their own words, as decisions rather than as a table."""
    if not exists(role, post, level):
        return False
    what, _, verb = function.partition(".")
    if what == "own" or function == "approvals.read":
        return True
    if role == "auditor":  # reads, and nothing else
        return verb == "read" or function == "transactions.monitor"
    if verb in ("approve", "review", "decide") and post != "checker":
        return False
    if verb in ("manage", "change", "publish", "request", "withdraw") and post != "maker":
        return False
    if what == "counter":  # NB-5.2.6: tellers, never operators
        return role == "teller" and (post == "checker") == (verb == "approve")
    if what == "bill_checks":
        return role in ("operator", "teller") and (verb == "read" or post == "maker")
    if what == "approvals":
        return True
    if what in ("staff", "functions", "emergency", "parameters", "notices", "outages"):
        return administered(function, role, level)
    if what == "reversals":
        return role == "operator" and level == "head_office"
    if function == "transactions.monitor":
        return role != "teller"
    if what == "cases" or function in ("customers.read", "statistics.read"):
        return role != "system_administrator"
    assert function == "audit.read"
    return False


def administered(function: str, role: str, level: str) -> bool:
    """What administrators do, and operators beside them."""
    administrator = role in ("system_administrator", "ebank_administrator")
    if function in ("emergency.open", "outages.record"):
        return (administrator or role == "operator") and level == "head_office"
    if function in ("parameters.read", "outages.read"):
        return role != "teller"
    if function.startswith("emergency."):
        return administrator and level == "head_office"
    if function in ("functions.change", "functions.approve"):
        return role == "system_administrator"
    if function.startswith(("parameters.", "notices.", "outages.")):
        return role == "ebank_administrator" and level == "head_office"
    return administrator


def test_the_product_is_the_whole_matrix() -> None:
    assert set(FUNCTIONS) == set(domain.TABLE)
    assert set(ROLES) == set(domain.ROLES) == set(domain.SEATS)
    assert set(POSTS) == set(domain.POSTS)
    assert set(LEVELS) == set(domain.LEVELS)


@pytest.mark.requirement("NB-5.2.3")
@pytest.mark.requirement("NB-5.2.5-op")
@pytest.mark.requirement("NB-5.2.6")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_cell(function: str) -> None:
    for cell in itertools.product(ROLES, POSTS, LEVELS):
        role, post, level = cell
        assert domain.is_admitted(function, *cell) == expected(function, *cell), cell
        # what is admitted holds at the start unless it is named, what is not cannot be switched on
        holds = expected(function, *cell) and (role, function) not in OFF
        assert domain.is_allowed(function, role, {post}, level, {}) == holds, cell
        switched = {(role, function): True}
        assert domain.is_allowed(function, role, {post}, level, switched) == expected(function, *cell), cell
        # and what is fixed cannot be switched off
        kept = holds and function not in SWITCHABLE
        assert domain.is_allowed(function, role, {post}, level, {(role, function): False}) == kept, cell


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("role", ROLES)
def test_what_can_be_switched_is_what_is_admitted_and_not_fixed(function: str, role: str) -> None:
    admitted = any(expected(function, role, post, level) for post in POSTS for level in LEVELS)
    assert domain.is_switchable(function, role) == (admitted and function in SWITCHABLE)


@pytest.mark.requirement("NB-5.1.5")
def test_no_single_post_both_makes_and_checks() -> None:
    for level, role in itertools.product(LEVELS, ROLES):
        held = {post: {f for f in FUNCTIONS if domain.is_admitted(f, role, post, level)} for post in POSTS}
        making = {f for f in held["maker"] if f.endswith((".manage", ".change", ".publish", ".request"))}
        checking = {f for f in held["checker"] if f.endswith((".approve", ".review", ".decide"))}
        assert not making & held["checker"]
        assert not checking & held["maker"]


@pytest.mark.requirement("NB-5.2.6")
def test_whatever_is_switched_operators_never_sign_up_and_tellers_never_administer() -> None:
    everything = {(role, function): True for role in ROLES for function in FUNCTIONS}
    for post, level in itertools.product(POSTS, LEVELS):
        operators = {f for f in FUNCTIONS if domain.is_allowed(f, "operator", {post}, level, everything)}
        tellers = {f for f in FUNCTIONS if domain.is_allowed(f, "teller", {post}, level, everything)}
        assert not {f for f in operators if f.startswith("counter.")}
        assert not {f for f in tellers if f.startswith(("staff.", "functions.", "parameters.", "emergency."))}


@pytest.mark.parametrize(
    "cell",
    [
        ("", "operator", "maker", "branch"),
        ("customers.read", "", "maker", "branch"),
        ("customers.read", "operator", "", "branch"),
        ("customers.read", "operator", "maker", ""),
        ("Customers.read", "operator", "maker", "branch"),
    ],
)
def test_an_unknown_word_is_never_admitted(cell: tuple[str, str, str, str]) -> None:
    function, role, post, level = cell
    assert not domain.is_admitted(*cell)
    assert not domain.is_allowed(function, role, {post}, level, {(role, function): True})
    assert not domain.is_switchable(function, role) or cell[2:] != ("maker", "branch")


def test_two_posts_hold_what_either_holds_and_none_holds_nothing() -> None:
    both: Collection[str] = {"maker", "checker"}
    assert domain.is_allowed("counter.customers", "teller", both, "branch", {})
    assert domain.is_allowed("counter.approve", "teller", both, "branch", {})
    assert not any(domain.is_allowed(f, role, (), "head_office", {}) for f in FUNCTIONS for role in ROLES)


@pytest.mark.parametrize(
    ("role", "posts", "level", "is_one"),
    [
        ("teller", {"maker"}, "sub_branch", True),
        ("teller", {"maker", "checker"}, "branch", True),
        ("teller", set(), "branch", False),
        ("teller", {"reader"}, "branch", False),
        ("auditor", {"reader"}, "head_office", True),
        ("auditor", {"reader"}, "branch", False),
        ("auditor", {"reader", "maker"}, "head_office", False),
        ("system_administrator", {"maker"}, "branch", False),
        ("ebank_administrator", {"maker"}, "branch", True),
        ("ebank_administrator", {"maker"}, "sub_branch", False),
        ("president", {"maker"}, "head_office", False),
    ],
)
def test_a_seat_is_a_role_where_there_is_one(role: str, posts: set[str], level: str, is_one: bool) -> None:
    assert domain.is_seat(role, posts, level) is is_one


@pytest.mark.requirement("NB-5.2.5")
def test_administrators_manage_the_level_below() -> None:
    managed = {
        (role, level): {one for one in itertools.product(ROLES, LEVELS) if domain.is_managed_by((role, level), one)}
        for role, level in itertools.product(ROLES, LEVELS)
    }
    assert managed.pop(("system_administrator", "head_office")) == {("ebank_administrator", "head_office")}
    assert managed.pop(("ebank_administrator", "head_office")) == {
        ("operator", "head_office"),
        ("teller", "head_office"),
        ("auditor", "head_office"),
        ("ebank_administrator", "branch"),
    }
    assert managed.pop(("ebank_administrator", "branch")) == {
        ("operator", "branch"),
        ("teller", "branch"),
        ("operator", "sub_branch"),
        ("teller", "sub_branch"),
    }
    assert not any(managed.values())


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("T0001", True),
        ("S123456789", True),
        ("t0001", False),
        ("T001", False),
        ("T00011234567", False),
        ("T0001 ", False),
        ("", False),
    ],
)
def test_a_staff_number_is_a_letter_and_digits(text: str, is_one: bool) -> None:
    assert domain.is_staff_id(text) is is_one


def test_a_number_is_looked_up_in_capitals_and_a_blank_one_is_nobodys() -> None:
    assert (domain.normal_id(" t0001 "), domain.normal_id("  ")) == ("T0001", "-")


def test_the_tree_has_three_levels() -> None:
    head, city, village = (
        domain.Branch("0001", "", "", ""),
        domain.Branch("0002", "", "", ""),
        domain.Branch("0003", "", "", "", "0002"),
    )
    assert [one.level for one in (head, city, village)] == ["head_office", "branch", "sub_branch"]
    inside = {
        (a.branch_id, b.branch_id)
        for a in (head, city, village)
        for b in (head, city, village)
        if b.lies_in(a.branch_id)
    }
    assert inside == {(a, b) for a in ("0001", "0002", "0003") for b in ("0001", "0002", "0003") if a <= b}
