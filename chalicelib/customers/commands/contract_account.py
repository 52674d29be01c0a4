"""Contract an account that a customer holds for online banking (NB-5.4.1-pro)."""

from __future__ import annotations

from chalicelib.customers import domain, store
from chalicelib.customers import service as customers
from chalicelib.customers.errors import TooManyAccounts
from chalicelib.ledger import service as ledger
from chalicelib.platform import transactions
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, n, s
from chalicelib.platform.errors import NotFound, Refusal, TryAgain


def contract_account(customer_id: str, account_id: str, right: str) -> None:
    """Contract an account, or give one that is contracted another right; done twice it is done once.

    The right goes on the account too, where payments look. Raises NotFound for an account that is not the
    customer's, AccountNotInGoodStanding, TooManyAccounts.
    """
    known = customers.contracts_of(customer_id)
    if account_id in known:
        contract = store.contract_update(customer_id, account_id).set("#right = :right", right=s(right))
        writes: list[ItemPut | ItemUpdate] = [contract, _account_update(customer_id, account_id, right)]
    else:
        writes = new_contract(customer_id, account_id, right)
    if not transactions.commit(writes):
        raise why_not(customer_id, account_id)


def new_contract(customer_id: str, account_id: str, right: str) -> list[ItemPut | ItemUpdate]:
    """The writes of a new contract, all or none: counted, written down, and the right put on the account."""
    return [
        domain.count_one(store.profile_update(customer_id), "contracts", store.MAX_CONTRACTS),
        store.contract_put(customer_id, account_id, right),
        _account_update(customer_id, account_id, right),
    ]


def _account_update(customer_id: str, account_id: str, right: str) -> ItemUpdate:
    account = ledger.account_update(account_id, payee=False).require(domain.owned_rule(customer_id))
    return account.set("#right = :right", right=s(right))


def end_of_contract(customer_id: str, account_id: str) -> list[ItemPut | ItemUpdate]:
    """What goes with the end of a contract, beside the contract itself: one less, and no right on the account."""
    profile = store.profile_update(customer_id).set("#contracts = #contracts - :one", one=n(1))
    account = ledger.account_update(account_id, payee=False)
    return [profile, account.set("#right = :right", right=s(ledger.RIGHT_HELD))]


def why_not(customer_id: str, account_id: str) -> Refusal:
    """Why the writes of a contract did not pass; TryAgain when nothing stands in their way any more."""
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None:
        return NotFound()
    rule = domain.owned_rule(customer_id)
    if rule.refuse is not None and not rule.holds(account.image):
        return rule.refuse(account.image)
    if len(customers.contracts_of(customer_id)) >= store.MAX_CONTRACTS:
        return TooManyAccounts(most=str(store.MAX_CONTRACTS))
    return TryAgain()
