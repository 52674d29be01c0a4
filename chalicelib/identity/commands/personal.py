"""What the bank knows of a customer that a password must not be made of."""

from __future__ import annotations

from chalicelib.customers import service as customers
from chalicelib.identity import store
from chalicelib.identity.password_rules import Personal


def personal_of(customer_id: str) -> Personal:
    """Phone, document number, log-in name and account numbers as they are now."""
    profile = customers.profile_of(customer_id)
    return Personal(
        phone=profile.phone,
        id_number=profile.document.number if profile.document else "",
        login_name=store.login_name_of(customer_id) or "",
        account_ids=tuple(customers.contracts_of(customer_id)),
    )
