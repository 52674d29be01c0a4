"""Contract an account that a customer holds for online banking (NB-5.4.1-pro)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
    profile = store.profile_update(customer_id)
    writes = contract_writes(customer_id, {account_id: right}, known, profile)
    if not transactions.commit([profile, *writes] if profile.sets else writes):
        raise why_not(customer_id, account_id)


def contract_writes(
    customer_id: str, rights: Mapping[str, str], known: Collection[str], profile: ItemUpdate
) -> list[ItemPut | ItemUpdate]:
    """The writes that give accounts rights, those that are `known` as contracted and others; two an account.

    New ones are counted on `profile`, an update of the customer's profile that belongs to the same write.
    """
    new = [account_id for account_id in rights if account_id not in known]
    if new:
        domain.count_more(profile, "contracts", store.MAX_CONTRACTS, len(new))
    writes: list[ItemPut | ItemUpdate] = []
    for account_id, right in rights.items():
        if account_id in new:
            writes.append(store.contract_put(customer_id, account_id, right))
        else:
            writes.append(store.contract_update(customer_id, account_id).set("#right = :right", right=s(right)))
        writes.append(_account_update(customer_id, account_id, right))
    return writes


def new_contract(customer_id: str, account_id: str, right: str) -> list[ItemPut | ItemUpdate]:
    """The writes of a new contract, all or none: counted, written down, and the right put on the account."""
    profile = store.profile_update(customer_id)
    return [*contract_writes(customer_id, {account_id: right}, (), profile), profile]


def _account_update(customer_id: str, account_id: str, right: str) -> ItemUpdate:
    account = ledger.account_update(account_id, payee=False).require(domain.owned_rule(customer_id))
    return account.set("#right = :right", right=s(right))


def end_of_contract(customer_id: str, account_id: str) -> list[ItemPut | ItemUpdate]:
    """What goes with the end of a contract, beside the contract itself: one less, and no right on the account."""
    profile = store.profile_update(customer_id)
    return [less_contracts(profile, 1), right_ended(account_id)]


def less_contracts(profile: ItemUpdate, less: int) -> ItemUpdate:
    """Make an update of a customer's profile count so many contracts less."""
    return profile.set("#contracts = #contracts - :less", less=n(less))


def right_ended(account_id: str) -> ItemUpdate:
    """The account's holder has no right to it online any more."""
    account = ledger.account_update(account_id, payee=False)
    return account.set("#right = :right", right=s(ledger.RIGHT_HELD))


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
