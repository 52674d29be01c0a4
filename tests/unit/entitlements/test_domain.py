"""Every cell of the table, against an expectation written down in another way."""

from __future__ import annotations

import itertools

import pytest

from chalicelib.customers.domain import EDITIONS as SIGNED_UP
from chalicelib.customers.domain import paying_rules
from chalicelib.entitlements import domain, service
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.ledger.domain import debit_rules
from chalicelib.transfers.domain import NO_FACTOR, SMS

EDITIONS = ("express", "credit_card", "professional")
FACTORS = ("none", "sms", "token", "phone", "cloud", "usb_key", "payment_password", "small")
ACCOUNTS = ("-", "full", "query", "held", "credit_card")
OPERATIONS = (
    "session.end",
    "accounts.read",
    "bills.read",
    "bills.check",
    "notifications.read",
    "security.read",
    "security.protect",
    "phone.change",
    "phone.prove",
    "email.bind",
    "email.prove",
    "wechat.bind",
    "notifications.less",
    "device.bind",
    "certificate.download",
    "certificate.renew",
    "pin.change",
    "step_up.confirm",
    "identity.verify",
    "profile.manage",
    "card.bind",
    "card.unbind",
    "transfers.switch_on",
    "transfers.switch_off",
    "password.change",
    "login_name.change",
    "payment_password.manage",
    "payments.important",
    "receipts.read",
    "documents.read",
    "transfers.read",
    "transfers.revoke",
    "limits.read",
    "limits.lower",
    "limits.raise",
    "payees.read",
    "payees.manage",
    "paycodes.show",
    "recalls.manage",
    "orders.stop",
    "orders.manage",
    "order.create",
    "order.change",
    "batch.create",
    "transfers.own",
    "transfers.outward",
)


def expected(operation: str, edition: str, factor: str, account: str) -> bool:  # noqa: PLR0911, PLR0912  # one rule a line
    """The bank's rules in their own words, as decisions rather than as a table."""
    confirming = factor in ("sms", "token") or factor in ("phone", "cloud", "usb_key")
    if operation in ("session.end", "notifications.read", "security.read", "security.protect", "password.change"):
        return (factor, account) == ("none", "-")
    if operation in ("login_name.change", "step_up.confirm", "identity.verify", "profile.manage", "documents.read"):
        return (factor, account) == ("none", "-")
    if operation in ("accounts.read", "bills.read", "bills.check", "card.bind", "card.unbind"):
        shown = {"express": account != "credit_card", "credit_card": account == "credit_card", "professional": True}
        return (confirming if operation == "card.bind" else factor == "none") and account != "-" and shown[edition]
    if operation in ("email.bind", "wechat.bind", "notifications.less"):
        return confirming and account == "-"
    if operation in ("device.bind", "email.prove"):
        return (factor, account) == ("sms", "-")
    if operation in (
        "receipts.read",
        "transfers.read",
        "transfers.revoke",
        "limits.read",
        "recalls.manage",
        "orders.stop",
    ):
        return edition != "credit_card" and (factor, account) == ("none", "-")
    if operation == "payment_password.manage":
        return edition == "express" and factor == "none" and account in ("full", "held")
    if operation == "payments.important" and edition == "express":
        return factor == "payment_password" and account in ("full", "held")
    # what is left is the professional edition's alone
    if edition != "professional":
        return False
    if operation == "payments.important":
        return confirming and account == "full"
    if operation in ("phone.prove", "certificate.download"):
        return (factor, account) == ("sms", "-")
    if operation == "phone.change":
        return confirming and factor != "sms" and account == "-"
    if operation == "certificate.renew":
        return factor in ("phone", "cloud", "usb_key") and account == "-"
    if operation in ("payees.read", "payees.manage"):
        return (factor, account) == ("none", "-")
    if operation == "paycodes.show":
        return (factor, account) == ("none", "full")
    if operation == "pin.change":
        return (factor, account) == ("cloud", "-")
    if operation == "limits.lower":
        return factor == "none"
    if operation == "limits.raise":
        return confirming and factor != "sms" and account in ("-", "full")
    if operation in ("transfers.switch_on", "transfers.switch_off"):
        return account == "-" and (confirming if operation == "transfers.switch_on" else factor == "none")
    if operation in ("transfers.own", "orders.manage"):
        return (confirming or factor == "none") and account == "full"
    if operation in ("order.create", "order.change", "batch.create"):
        return confirming and account == "full"
    assert operation == "transfers.outward"
    return (confirming or factor == "small") and account == "full"


CELLS = list(itertools.product(OPERATIONS, EDITIONS, FACTORS, ACCOUNTS))


def test_the_product_is_the_whole_table() -> None:
    assert set(OPERATIONS) == set(domain.TABLE)
    assert EDITIONS == tuple(domain.EDITIONS) == SIGNED_UP
    assert set(FACTORS) == set(domain.FACTORS)
    assert set(ACCOUNTS) == set(domain.ACCOUNT_KINDS)


@pytest.mark.requirement("YQ-4.1.3")
@pytest.mark.requirement("NB-5.4.1-pro")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("edition", EDITIONS)
def test_every_cell(operation: str, edition: str) -> None:
    for cell in itertools.product((operation,), (edition,), FACTORS, ACCOUNTS):
        _, _, factor, account = cell
        allowed = expected(*cell)
        assert domain.is_allowed(operation, edition, factor, account) == allowed, cell
        if allowed:
            service.require(edition, operation, factor=factor, account=account)
        else:
            with pytest.raises(EditionNotEntitled):
                service.require(edition, operation, factor=factor, account=account)


@pytest.mark.requirement("NB-5.4.1-express")
@pytest.mark.requirement("NB-5.4.1-card")
@pytest.mark.requirement("NB-5.3.7")
def test_the_rules_that_nobody_may_lose() -> None:
    allowed = {cell for cell in CELLS if domain.is_allowed(*cell)}
    transfers = {cell for cell in allowed if cell[0] in ("transfers.own", "transfers.outward")}
    # express and credit card never transfer, nor does anything but an account contracted at the counter
    assert {(edition, account) for _, edition, _, account in transfers} == {("professional", "full")}
    # money to others always takes a factor, or what the owner agreed on with one; and never the payment password
    outward = {factor for operation, _, factor, _ in allowed if operation == "transfers.outward"}
    assert outward == {"sms", "token", "phone", "cloud", "usb_key", "small"}
    # what changes more than it protects takes a factor
    sensitive = ("limits.raise", "phone.change", "device.bind", "card.bind", "transfers.switch_on")
    assert "none" not in {factor for operation, _, factor, _ in allowed if operation in sensitive}
    # and what raises what may be lost takes more than a phone with its SIM card
    for operation in ("limits.raise", "phone.change"):
        assert "sms" not in {factor for named, _, factor, _ in allowed if named == operation}


@pytest.mark.requirement("YQ-4.1.3")
def test_the_factors_of_an_operation_are_those_of_its_cells() -> None:
    for operation, edition, account in itertools.product(OPERATIONS, EDITIONS, ACCOUNTS):
        would_do = tuple(factor for factor in FACTORS if expected(operation, edition, factor, account))
        assert domain.factors_for(operation, edition, account) == would_do
    # at the counter there is no session that could be of less than some edition
    assert domain.factors_for("phone.prove", None, "-") == ("sms",)
    assert domain.factors_for("card.bind", None, "credit_card") == ("sms", "token", "phone", "cloud", "usb_key")
    assert domain.factors_for("card.bind", "gold", "credit_card") == ()
    with pytest.raises(KeyError):
        domain.factors_for("gold", None, "-")


@pytest.mark.parametrize("unknown", ["", "gold", "Professional"])
def test_what_is_unknown_is_refused(unknown: str) -> None:
    for operation in OPERATIONS:
        assert not domain.is_allowed(operation, unknown)
        assert not domain.is_allowed(operation, "professional", unknown)
        assert not domain.is_allowed(operation, "professional", None, unknown)
    with pytest.raises(KeyError):
        domain.is_allowed(unknown, "professional")


def test_an_open_question_asks_for_any_cell() -> None:
    for operation, edition in itertools.product(OPERATIONS, EDITIONS):
        any_cell = any(expected(operation, edition, f, a) for f in FACTORS for a in ACCOUNTS)
        assert domain.is_allowed(operation, edition) == any_cell


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_money_write_says_the_same_of_accounts(account: str) -> None:
    (right,) = [rule for rule in debit_rules("c", 1) if rule.expression.startswith("#right")]
    assert right.holds({"right": account}) == domain.is_allowed("transfers.outward", "professional", SMS, account)
    assert right.holds({"right": account}) == domain.is_allowed("transfers.own", "professional", NO_FACTOR, account)


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_money_write_says_the_same_of_the_customers_own_edition(edition: str) -> None:
    (rule,) = [rule for rule in paying_rules("s") if rule.expression.startswith("#edition")]
    assert rule.holds({"edition": edition}) == domain.is_allowed("transfers.outward", edition)


@pytest.mark.parametrize(
    ("signed_up", "wanted", "given"),
    [
        ("professional", None, "professional"),
        ("professional", "professional", "professional"),
        ("professional", "express", "express"),
        ("professional", "credit_card", "credit_card"),
        ("express", None, "express"),
        ("express", "express", "express"),
        ("express", "professional", None),
        ("express", "credit_card", None),
        ("credit_card", None, "credit_card"),
        ("credit_card", "express", None),
        ("credit_card", "professional", None),
    ],
)
def test_a_session_gets_no_more_than_was_signed_up(signed_up: str, wanted: str | None, given: str | None) -> None:
    assert domain.session_edition(signed_up, wanted) == given


def test_a_card_is_a_card_whatever_its_right() -> None:
    assert domain.account_kind("credit_card", "full") == "credit_card"
    assert domain.account_kind("savings", "full") == "full"
    assert domain.account_kind("savings", "query") == "query"
