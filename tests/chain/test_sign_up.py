"""Sign-up at the counter: done as a whole or of no use, and the form can be sent again (NB-5.2.6)."""

from __future__ import annotations

import dataclasses
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.customers.commands.sign_up import AccountWish, SignedUp, SignUp, sign_up
from chalicelib.customers.errors import SignUpRefused
from chalicelib.identity import service as identity
from chalicelib.identity.errors import LoginRefused
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock
from tests.chain.bank import BRANCH, LIMITS, PASSWORD, TELLER, Bank
from tests.chain.probe import table_items

pytestmark = pytest.mark.requirement("NB-5.2.6")

FORM = SignUp(
    name="周梅",
    phone="13911112222",
    branch_id=BRANCH,
    login_name="zhoumei",
    password=PASSWORD,
    limit_outward_fen=1_000_00,
    accounts=(
        AccountWish("savings", ledger.RIGHT_FULL, LIMITS),
        AccountWish("savings", ledger.RIGHT_QUERY, dataclasses.replace(LIMITS, day_fen=1)),
    ),
)
WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
# The person; each of two accounts: held, opened, contracted; the log-in; the phone as a factor; online banking opens.
MOST_WRITES = 10
LOG_IN_WRITE = 8


class Died(BaseException):
    """The machine is gone."""


def signed(form: SignUp = FORM) -> SignedUp:
    return sign_up(form, teller_id=TELLER, at=clock.now())


def dying(nth: int, when: str) -> Any:
    """The client, whose machine dies before or after its nth write."""
    client: Any = aws.dynamodb()
    own, seen = client._make_api_call, 0

    def call(operation: str, parameters: dict[str, Any]) -> Any:
        nonlocal seen
        seen += operation in WRITES
        dies = operation in WRITES and seen == nth
        if dies and when == "before":
            raise Died
        answer = own(operation, parameters)
        if dies:
            raise Died
        return answer

    return patch.object(client, "_make_api_call", call)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, MOST_WRITES + 1))
def test_a_crash_around_any_write_leaves_nothing_of_use_and_the_form_works_again(
    bank: Bank, nth: int, when: str
) -> None:
    parameters.set_value("login.captcha_after", 10)
    with dying(nth, when), pytest.raises(Died):
        signed()
    opened = [row["account_id"] for row in table_items(bank, "AccountsTable")]
    is_done = (nth, when) == (MOST_WRITES, "after")
    # then no name lets anybody in, but all do once it is done
    for name in (FORM.login_name, *opened):
        if is_done:
            identity.log_in(name, PASSWORD, clock.now())
        else:
            with pytest.raises(LoginRefused):
                identity.log_in(name, PASSWORD, clock.now())
    # and the form, sent again, gives the accounts in its own order; once more changes nothing
    done = signed()
    goes_on = nth > LOG_IN_WRITE or (nth, when) == (LOG_IN_WRITE, "after")
    assert (set(done.account_ids) == set(opened)) is goes_on
    accounts = ledger.read_accounts(done.account_ids)
    assert [accounts[id_].image["limit_day"] for id_ in done.account_ids] == [LIMITS.day_fen, 1]
    assert {one.customer_id for one in accounts.values()} == {done.customer_id}
    for name in (FORM.login_name, *done.account_ids):
        assert identity.log_in(name, PASSWORD, clock.now()).customer_id == done.customer_id
    rows = {name: len(table_items(bank, name)) for name in ("AccountsTable", "CustomersTable", "LoginNamesTable")}
    assert signed() == done
    assert rows == {name: len(table_items(bank, name)) for name in rows}


def test_the_same_form_at_two_counters_makes_one_customer(bank: Bank) -> None:
    # given that the other was faster after this one had looked
    done = signed()
    with patch.object(identity, "customer_named", side_effect=[None, None, *[done.customer_id] * 2]):
        assert signed() == done


@pytest.mark.parametrize(
    "other",
    [
        {"name": "周海"},
        {"phone": "13911112223"},
        {"password": "Another-Password-1"},
        {"accounts": FORM.accounts[:1]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_login_name_is_one_customers(bank: Bank, other: dict[str, Any]) -> None:
    done = signed()
    for found_first in (True, False):
        names = [done.customer_id] if found_first else [None, None, *[done.customer_id] * 2]
        with patch.object(identity, "customer_named", side_effect=names), pytest.raises(SignUpRefused):
            signed(dataclasses.replace(FORM, **other))
    assert identity.log_in(FORM.login_name, PASSWORD, clock.now()).customer_id == done.customer_id


def test_an_account_is_opened_once_and_its_number_is_one_accounts(bank: Bank) -> None:
    account = ledger.NewAccount(
        "9000010000000000017", "c1", BRANCH, "周梅", "savings", ledger.RIGHT_FULL, "20261121", LIMITS
    )
    ledger.open_account(account)
    # as after an answer that was lost
    ledger.open_account(account)
    with pytest.raises(ValueError, match="taken"):
        ledger.open_account(dataclasses.replace(account, customer_id="c2"))
