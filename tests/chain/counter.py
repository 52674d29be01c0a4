"""What the counter does for tests: customers with documents, accounts with reserved phones."""

from __future__ import annotations

from typing import Any

from chalicelib.customers.commands.open_account import AccountForm, open_account
from chalicelib.customers.commands.open_customer import Person, open_customer
from chalicelib.customers.commands.sign_up_online import OnlineForm, sign_up_online
from chalicelib.customers.domain import RESIDENT_ID, IdentityDocument
from chalicelib.ledger import service as ledger
from tests.chain.bank import BRANCH, LIMITS, PASSWORD, TELLER, Bank
from tests.unit.samples import resident_number

PHONE = "13700000001"
BIRTH_DATE = "19900307"


def document(serial: int) -> IdentityDocument:
    """A made-up person's document."""
    return IdentityDocument.of(RESIDENT_ID, resident_number(serial, BIRTH_DATE))


def enter(bank: Bank, serial: int, name: str = "赵小明", **changes: Any) -> str:
    """A customer of the counter; the id."""
    facts = {"phone": "13600000000", "branch_id": BRANCH, "document": document(serial), "birth_date": BIRTH_DATE}
    teller_id = changes.pop("teller_id", TELLER)
    return open_customer(Person(name=name, **{**facts, **changes}), teller_id=teller_id, at=bank.clock.now())


def account(bank: Bank, customer_id: str, kind: str = "savings", phone: str = PHONE) -> str:
    """An account of theirs; the number."""
    return open_account(customer_id, AccountForm(kind, phone, LIMITS), teller_id=TELLER, at=bank.clock.now())


def sign_up(bank: Bank, customer_id: str, *account_ids: str, **changes: Any) -> str:
    """Online banking for them; the log-in name."""
    facts = {
        "phone": PHONE,
        "login_name": "c" + customer_id[:10],
        "password": PASSWORD,
        "rights": dict.fromkeys(account_ids, ledger.RIGHT_FULL),
        "limit_outward_fen": 1000_00,
    }
    form = OnlineForm(customer_id=customer_id, **{**facts, **changes})
    sign_up_online(form, teller_id=TELLER, at=bank.clock.now())
    return form.login_name


def log_in(bank: Bank, login_name: str) -> str:
    """The access token."""
    reply = bank.request("POST", "/v1/sessions", {"login_name": login_name, "password": PASSWORD})
    assert reply.status == 201, reply
    return str(reply.body["access_token"])
