"""The way in that people take: the operations behind which the bank does what they do, and what stops each.

The HTTP edge itself is left out here. What it asks before anything else, people ask in the machine that serves them.
"""

from __future__ import annotations

from dataclasses import dataclass

EVERYTHING, TRANSFERS, OTHER_BANKS = "everything", "transfers", "other_banks"
STANDING_ORDERS, BATCHES, SCANNED_CODES, SETTINGS = "standing_orders", "batches", "scanned_codes", "settings"
Scopes = frozenset[str]
# The scopes whose suspension stops each kind of work, as docs/maintenance.md has it.
ALL: Scopes = frozenset({EVERYTHING})
OF_TRANSFERS = ALL | {TRANSFERS}
OF_ORDERS, OF_BATCHES = OF_TRANSFERS | {STANDING_ORDERS}, OF_TRANSFERS | {BATCHES}
OF_CODES = OF_TRANSFERS | {SCANNED_CODES}
OF_SETTINGS = ALL | {SETTINGS}


@dataclass(frozen=True, slots=True)
class Route:
    """An operation as declared, and the scopes that stop it. `within` is one that its view asks about by itself."""

    method: str
    path: str
    stopped_by: Scopes
    within: str | None = None


LOG_IN = Route("POST", "/v1/sessions", ALL)
LOG_OUT = Route("DELETE", "/v1/sessions/current", ALL)
STEP_UP = Route("POST", "/v1/step-ups/{step_up_id}/confirmation", ALL)
CREATE = Route("POST", "/v1/transfers", OF_TRANSFERS)
CREATE_ELSEWHERE = Route("POST", "/v1/transfers", OF_TRANSFERS | {OTHER_BANKS}, within=OTHER_BANKS)
CONFIRM = Route("POST", "/v1/transfers/{transfer_id}/confirmation", OF_TRANSFERS)
REVOKE = Route("POST", "/v1/transfers/{transfer_id}/revocation", OF_TRANSFERS)
RECALL = Route("POST", "/v1/transfers/{transfer_id}/recall", OF_TRANSFERS)
RECALL_AGREE = Route("POST", "/v1/recalls/{recall_id}/agreement", OF_TRANSFERS)
RECALL_REFUSE = Route("POST", "/v1/recalls/{recall_id}/refusal", OF_TRANSFERS)
RECALL_WITHDRAW = Route("POST", "/v1/recalls/{recall_id}/withdrawal", OF_TRANSFERS)
ORDER_CREATE = Route("POST", "/v1/standing-orders", OF_ORDERS)
ORDER_CHANGE = Route("PATCH", "/v1/standing-orders/{order_id}", OF_ORDERS)
ORDER_PAUSE = Route("POST", "/v1/standing-orders/{order_id}/pause", OF_ORDERS)
ORDER_RESUME = Route("POST", "/v1/standing-orders/{order_id}/resumption", OF_ORDERS)
ORDER_CANCEL = Route("POST", "/v1/standing-orders/{order_id}/cancellation", OF_ORDERS)
BATCH_CREATE = Route("POST", "/v1/batches", OF_BATCHES)
CODE_SHOW = Route("POST", "/v1/receive-codes", OF_CODES)
CODE_WITHDRAW = Route("DELETE", "/v1/receive-codes/{code_id}", OF_CODES)
CODE_PAY = Route("POST", "/v1/receive-code-payments", OF_CODES)
LIMITS_LOWER = Route("PATCH", "/v1/limits", OF_SETTINGS)
ACCOUNT_LIMITS_LOWER = Route("PATCH", "/v1/accounts/{account_id}/limits", OF_SETTINGS)
SWITCH = Route("PUT", "/v1/settings/transfers", OF_SETTINGS)
ROUTES = tuple(one for one in globals().values() if isinstance(one, Route))
