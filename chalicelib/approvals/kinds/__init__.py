"""What needs two people. A new kind is a module beside these and a row here."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.approvals.domain import Kind


@cache
def kinds() -> dict[str, Kind[Any]]:
    """Every kind, by its code.

    Imported when it is first asked for: a kind knows the contexts in which it acts, and no customer's request and no
    worker should wait for what staff do now and then.
    """
    from chalicelib.approvals.kinds.cash import (  # noqa: PLC0415  # see above
        CASH_CORRECTION,
        CASH_WITHDRAWAL,
        VAULT_CASH,
    )
    from chalicelib.approvals.kinds.counter import (  # noqa: PLC0415  # see above
        ACCOUNT_UNFREEZE,
        CUSTOMER_CLOSING,
        CUSTOMER_SIGN_UP,
        EDITION_CHANGE,
        PHONE_CHANGE,
        TRANSFER_RESUMPTION,
    )
    from chalicelib.approvals.kinds.court_order import (  # noqa: PLC0415  # see above
        COURT_FREEZE,
        COURT_LIFTING,
        COURT_RENEWAL,
        COURT_TRANSFER,
    )
    from chalicelib.approvals.kinds.entry_reversal import ENTRY_REVERSAL  # noqa: PLC0415  # see above
    from chalicelib.approvals.kinds.limits_change import (  # noqa: PLC0415  # see above
        ACCOUNT_LIMITS_CHANGE,
        CUSTOMER_LIMITS_CHANGE,
    )
    from chalicelib.approvals.kinds.login_unlock import LOGIN_UNLOCK  # noqa: PLC0415  # see above
    from chalicelib.approvals.kinds.loss_lift import ACCOUNT_LOSS_LIFT, FACTOR_LOSS_LIFT  # noqa: PLC0415  # see above
    from chalicelib.approvals.kinds.notices import (  # noqa: PLC0415  # see above
        NOTICE_CHANGE,
        NOTICE_END,
        NOTICE_PUBLICATION,
        NOTICE_WITHDRAWAL,
    )
    from chalicelib.approvals.kinds.parameter_change import PARAMETER_CHANGE  # noqa: PLC0415  # see above
    from chalicelib.approvals.kinds.staff_administration import STAFF_KINDS  # noqa: PLC0415  # see above

    found: tuple[Kind[Any], ...] = (
        PARAMETER_CHANGE,
        ENTRY_REVERSAL,
        ACCOUNT_LIMITS_CHANGE,
        CUSTOMER_LIMITS_CHANGE,
        LOGIN_UNLOCK,
        ACCOUNT_LOSS_LIFT,
        FACTOR_LOSS_LIFT,
        ACCOUNT_UNFREEZE,
        CASH_WITHDRAWAL,
        VAULT_CASH,
        CASH_CORRECTION,
        CUSTOMER_SIGN_UP,
        EDITION_CHANGE,
        CUSTOMER_CLOSING,
        PHONE_CHANGE,
        TRANSFER_RESUMPTION,
        COURT_FREEZE,
        COURT_RENEWAL,
        COURT_LIFTING,
        *STAFF_KINDS,
        NOTICE_PUBLICATION,
        NOTICE_CHANGE,
        NOTICE_WITHDRAWAL,
        NOTICE_END,
        COURT_TRANSFER,
    )
    return {kind.code: kind for kind in found}


def kind_of(code: str) -> Kind[Any]:
    """The kind with that code; raises KeyError."""
    return kinds()[code]
