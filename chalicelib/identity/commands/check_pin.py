"""Judge a PIN of digits that a customer chooses for something of their own."""

from __future__ import annotations

from chalicelib.identity.commands.personal import personal_of
from chalicelib.identity.password_rules import check_digits


def require_good_pin(customer_id: str, pin: str) -> None:
    """Raise PasswordPattern or PasswordPersonal for six digits or more that are easily guessed."""
    check_digits(pin, personal_of(customer_id))
