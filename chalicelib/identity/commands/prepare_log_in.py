"""Prepare the log-in of a customer who signs up (NB-5.2.6): nothing serves it before online banking is opened."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.identity import store
from chalicelib.platform import keyed, passwords, transactions
from chalicelib.platform.dynamo import ItemUpdate


@dataclass(frozen=True, slots=True)
class PreparedLogIn:
    """A log-in that waits for its customer's online banking to be opened.

    `mark` tells it from what another form would put in its place; `unchanged` is the condition that none has.
    """

    mark: str
    unchanged: ItemUpdate


def prepare_log_in(
    customer_id: str, login_name: str, account_ids: Collection[str], password: str, *, may: ItemUpdate
) -> bool:
    """Give a customer who is not online yet a log-in name, account numbers as names and a query password, all at once.

    What an earlier form prepared is replaced by it, names included; the same form again does nothing. `may` is the
    condition that the customer is not online yet. False, and nothing is written, when a name is somebody else's or
    things changed meanwhile. Raises TryAgain.
    """
    wanted = {login_name, *account_ids}
    old, held = _log_in_of(customer_id)
    if _is_prepared(old, held, wanted, login_name, password):
        return True
    new = store.CredentialItem(customer_id, password_hash=passwords.hash_password(password), login_name=login_name)
    writes = store.log_in_writes(new, old, sorted(wanted - held), sorted(held - wanted))
    # Of two machines with one form the second finds it done.
    return transactions.commit([*writes, may]) or _is_prepared(*_log_in_of(customer_id), wanted, login_name, password)


def _log_in_of(customer_id: str) -> tuple[store.CredentialItem | None, set[str]]:
    """Credential and names of a customer: the log-in name, and which of the contracted accounts are one."""
    credential = store.find_credential(customer_id)
    names = {name for name in customers.contracts_of(customer_id) if store.customer_by_login_name(name) == customer_id}
    if credential is not None and credential.login_name is not None:
        names.add(credential.login_name)
    return credential, names


def _is_prepared(
    credential: store.CredentialItem | None, held: set[str], wanted: set[str], login_name: str, password: str
) -> bool:
    return (
        credential is not None
        and (credential.login_name, held) == (login_name, wanted)
        and passwords.matches(credential.password_hash, password)
    )


def prepared_log_in(customer_id: str) -> PreparedLogIn | None:
    """What `prepare_log_in` left."""
    stored_hash = store.password_hash_of(customer_id)
    if stored_hash is None:
        return None
    return PreparedLogIn(
        keyed.keyed_hash("prepared log-in", stored_hash).hex()[:16], store.unchanged_password(customer_id, stored_hash)
    )
