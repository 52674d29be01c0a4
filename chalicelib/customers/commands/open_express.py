"""Somebody who holds accounts and never signed up gets online banking by a query password (NB-5.4.1-express)."""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import domain, store
from chalicelib.customers import service as customers
from chalicelib.customers.commands.contract_account import contract_account
from chalicelib.customers.domain import CREDIT_CARD, EXPRESS, NO_EDITION, OFFLINE
from chalicelib.factors.commands import enrol
from chalicelib.ledger import service as ledger
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s

_BY_PASSWORD = "password"  # noqa: S105  # in the history of editions, where a teller's number stands else


def contract_held(customer_id: str, phone: str) -> None:
    """List what the customer holds in good standing for online banking; each account keeps the right it has.

    Only accounts that the phone is reserved for, as where they are bound one by one (XJ-4.2-phone). Done again it
    does what is left. Raises TooManyAccounts.
    """
    known, holdings = customers.contracts_of(customer_id), customers.holdings_of(customer_id)
    held = [account_id for account_id, reserved in holdings.items() if account_id not in known and reserved == phone]
    for account in ledger.read_accounts(held).values():
        if account.state == ledger.OPEN:
            contract_account(customer_id, account.account_id, ledger.RIGHT_HELD)


def opening(customer_id: str, phone: str, code_asked_at: dt.datetime, at: dt.datetime) -> list[ItemPut | ItemUpdate]:
    """The writes that open online banking; who holds cards alone gets the credit-card edition (NB-5.4.1-card).

    `phone` is the one that the code went to: the account's reserved one, which codes go to from now on. Raises
    FactorNotActive when codes were revoked by staff.
    """
    accounts = ledger.read_accounts(list(customers.holdings_of(customer_id))).values()
    edition = CREDIT_CARD if all(account.kind == CREDIT_CARD for account in accounts) else EXPRESS
    record = customers.customer_update(customer_id)
    record.require(domain.standing_rule(OFFLINE, NO_EDITION), domain.phone_rule(code_asked_at))
    record.set("#state = :active, #edition = :edition", active=s(domain.ACTIVE), edition=s(edition))
    profile = store.profile_update(customer_id).set("#phone = :phone", phone=s(phone))
    codes = enrol.enrol_codes(record, customer_id, at)
    return [record, domain.note_edition(profile, NO_EDITION, edition, _BY_PASSWORD, at), *codes]
