"""Bind a card or account of one's own in one step (一键绑卡), and take it off again (YQ-4.2.2-set)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from stdnum import luhn

from chalicelib.audit import service as audit
from chalicelib.customers import domain, store
from chalicelib.customers import service as customers
from chalicelib.customers.commands.contract_account import end_of_contract, new_contract, why_not
from chalicelib.customers.errors import CardNumberInvalid, ContractedAtCounter, DocumentNotOnFile, PhoneNotReserved
from chalicelib.entitlements import service as entitlements
from chalicelib.ledger import service as ledger
from chalicelib.platform import ids, transactions, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_account
from chalicelib.stepup import service as stepup


@dataclass(frozen=True, slots=True)
class Binding:
    """What is to be written so that `account` is bound; nothing when it is bound already."""

    account: ledger.Account
    writes: list[ItemPut | ItemUpdate]


def reference_of(customer_id: str, account_id: str) -> str:
    """What an account that is not bound yet is called towards the customer, who sees its number masked."""
    return ids.derived_id("holding", customer_id, account_id)


def unbound_of(customer_id: str) -> list[ledger.Account]:
    """Accounts and cards that the customer holds in good standing and has not bound, in order of number."""
    known = customers.contracts_of(customer_id)
    held = [account_id for account_id in customers.holdings_of(customer_id) if account_id not in known]
    found = ledger.read_accounts(held)
    return [found[id_] for id_ in held if id_ in found and found[id_].state == ledger.OPEN]


def plan_binding(caller: Caller, card: str, now: dt.datetime) -> Binding:
    """What binding a card takes; `card` is a number or what reference_of calls it.

    An account has one owner, and an identity document one customer: so the account must be the caller's own, of
    the name on file, and there must be a document on file. It will only be looked at (NB-5.4.1-pro). Raises
    CardNumberInvalid (Luhn), DocumentNotOnFile, NotFound (also for another's card: no way to probe),
    EditionNotEntitled (the credit-card edition binds cards alone),
    PhoneNotReserved unless codes go to the phone reserved for this card.
    """
    holdings = customers.holdings_of(caller.customer_id)
    by_reference = {reference_of(caller.customer_id, account_id): account_id for account_id in holdings}
    account_id = by_reference.get(card, card)
    if not luhn.is_valid(account_id) or not account_id.isascii():
        raise CardNumberInvalid()
    profile = customers.profile_of(caller.customer_id)
    if profile.document is None:
        raise DocumentNotOnFile()
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None or (account.customer_id, account.holder) != (caller.customer_id, profile.name):
        raise NotFound()
    entitlements.require(caller.edition, entitlements.CARD_BIND, account=_kind_of(account))
    if holdings.get(account_id) != profile.phone:
        raise PhoneNotReserved()
    if account_id in customers.contracts_of(caller.customer_id):
        return Binding(account, [])
    event = audit.event(
        caller.customer_id, audit.ACCOUNT_BOUND, now, session_id=caller.session_id, account=mask_account(account_id)
    )
    return Binding(account, [*new_contract(caller.customer_id, account_id, ledger.RIGHT_QUERY), event])


def bind_account(
    caller: Caller, binding: Binding, given: str | None, correlation_id: str, now: dt.datetime
) -> ledger.Account:
    """Write what was planned, with a step-up (`given`) for just this card; the account as it is then.

    Raises StepUpRequired and its kin; what `why_not` names; TryAgain, OutcomeUnknown.
    """
    account_id, kind = binding.account.account_id, _kind_of(binding.account)
    if binding.writes:
        demand = stepup.Demand(caller, stepup.BIND_CARD, {"card": account_id}, given, correlation_id, kind)
        try:
            stepup.write_with(demand, binding.writes, now)
        except updates.Overtaken:
            raise why_not(caller.customer_id, account_id) from None
    return ledger.read_accounts([account_id])[account_id]


def unbind_account(caller: Caller, account_id: str, now: dt.datetime) -> None:
    """Take an account that is only looked at out of online banking.

    Raises NotFound; EditionNotEntitled (the credit-card edition unbinds cards alone); ContractedAtCounter for one
    that may pay: what the counter contracted the counter ends.
    """
    if account_id not in customers.contracts_of(caller.customer_id):
        raise NotFound()
    account = ledger.read_accounts([account_id])[account_id]
    entitlements.require(caller.edition, entitlements.CARD_UNBIND, account=_kind_of(account))
    event = audit.event(
        caller.customer_id, audit.ACCOUNT_UNBOUND, now, session_id=caller.session_id, account=mask_account(account_id)
    )
    contract = store.contract_delete(caller.customer_id, account_id).require(domain.query_rule())
    if not transactions.commit([contract, *end_of_contract(caller.customer_id, account_id), event]):
        raise ContractedAtCounter()


def _kind_of(account: ledger.Account) -> str:
    return entitlements.account_kind(account.kind, account.right)
