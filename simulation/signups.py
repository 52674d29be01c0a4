"""The books of sign-ups: who can log in, and that a customer is complete before anybody can."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from simulation.engine import Changed
from simulation.images import text


class SignUps:
    """Customers with all that belongs to them; `owner` are the accounts' owners, kept by the books."""

    def __init__(self, broken: Callable[[str], None], owner: Mapping[str, str]) -> None:
        self._broken, self._owner = broken, owner
        self.names: dict[str, str] = {}
        self.can_log_in: set[str] = set()
        self.contracted: set[str] = set()
        self._has: dict[str, set[str]] = defaultdict(set)
        self._contracts: dict[str, set[str]] = defaultdict(set)
        self._named: dict[str, set[str]] = {}

    def row(self, change: Changed) -> None:
        """One row of a table that a customer needs, or a session."""
        new = change.new
        if new is None:
            self._broken(f"a row of {change.table} was removed")
            return
        customer_id = text(new, "customer_id")
        if change.table == "ContractsTable":
            self._contracts[customer_id].add(text(new, "account_id"))
            self.contracted.add(text(new, "account_id"))
        elif change.table == "LoginNamesTable":
            name = text(new, "login_name")
            if self.names.setdefault(name, customer_id) != customer_id:
                self._broken(f"the log-in name {name} went to another customer")
            self._named.setdefault(customer_id, set()).add(name)
            self.can_log_in.add(customer_id)
        elif change.table == "SessionsTable":
            if customer_id not in self.can_log_in:
                self._broken(f"customer {customer_id} has a session before the sign-up was done")
        else:
            self._has[customer_id].add(change.table)

    @property
    def half_done(self) -> int:
        """Customers whom no name leads to, for good once nobody acts any more."""
        return len(self._has.keys() - self.can_log_in)

    def end_write(self) -> None:
        """Who got a log-in in this write must have everything by then: one name, and each account's number."""
        for customer_id, names in self._named.items():
            accounts = {account for account, owner in self._owner.items() if owner == customer_id}
            lacks = {"CustomersTable", "ProfilesTable", "CredentialsTable"} - self._has[customer_id]
            is_whole = accounts == self._contracts[customer_id] == names & accounts and len(names - accounts) == 1
            if lacks or not accounts or not is_whole:
                self._broken(f"customer {customer_id} can log in though the sign-up is not done")
        self._named.clear()
