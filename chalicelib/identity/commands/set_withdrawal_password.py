"""Set an account's withdrawal password at the counter."""

from __future__ import annotations

import re

from chalicelib.identity import application_store
from chalicelib.ledger import service as ledger
from chalicelib.platform import passwords
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff

_PIN = re.compile(r"[0-9]{6}")


def require_six_digits(password: str) -> None:
    """Raise ValueError for what cannot be a withdrawal password."""
    if not _PIN.fullmatch(password):
        raise ValueError("a withdrawal password is six digits")


def set_withdrawal_password(account_id: str, password: str, *, teller_id: str) -> None:
    """Six digits, as the holder typed them at the counter.

    Raises NotFound for no such account, StaffNotEntitled unless the teller is of its branch, ValueError for what
    is not six digits.
    """
    require_six_digits(password)
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None:
        raise NotFound()
    staff.require_teller(teller_id, account.branch_id)
    application_store.put_withdrawal_hash(account_id, passwords.hash_password(password))
