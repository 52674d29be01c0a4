"""What a notice can suspend, as data: the closed list of scopes, and which operations and workers each holds back.

Pure. An operation is told by its method and its path as declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

EVERYTHING, TRANSFERS, OTHER_BANKS, NOTHING = "everything", "transfers", "other_banks", "nothing"
STANDING_ORDERS, BATCHES, SCANNED_CODES = "standing_orders", "batches", "scanned_codes"
CARDS, SIGN_UP, SETTINGS = "cards", "sign_up", "settings"

_PAYMENTS: Mapping[str, tuple[str, ...]] = {
    STANDING_ORDERS: ("/v1/standing-orders",),
    BATCHES: ("/v1/batches",),
    SCANNED_CODES: ("/v1/receive-code",),
}
# What the paths begin with that each scope holds back. Of `other_banks` no path tells: its use cases ask themselves.
_PATHS: Mapping[str, tuple[str, ...]] = {
    **_PAYMENTS,
    TRANSFERS: ("/v1/transfers", "/v1/recalls", *(path for paths in _PAYMENTS.values() for path in paths)),
    OTHER_BANKS: (),
    CARDS: ("/v1/cards",),
    SIGN_UP: ("/v1/identity-verifications", "/v1/password-applications"),
    SETTINGS: (
        "/v1/accounts/{account_id}/limits",
        "/v1/accounts/{account_id}/payment-password",
        "/v1/credentials",
        "/v1/devices",
        "/v1/factors",
        "/v1/limits",
        "/v1/notification-settings",
        "/v1/payees",
        "/v1/profile",
        "/v1/settings",
    ),
    NOTHING: (),
}
SCOPES = (EVERYTHING, *_PATHS)
# In Chinese and English, for who decides and for customers.
WORDS: Mapping[str, tuple[str, str]] = {
    EVERYTHING: ("全部网上服务", "all online services"),
    TRANSFERS: ("转账及各类付款", "transfers and all other payments"),
    OTHER_BANKS: ("跨行转账", "transfers to other banks"),
    STANDING_ORDERS: ("预约转账", "standing orders"),
    BATCHES: ("批量转账", "batches"),
    SCANNED_CODES: ("扫码付款", "payments by scanned code"),
    CARDS: ("账户加挂与解绑", "binding of cards"),
    SIGN_UP: ("网上注册", "sign-up online"),
    SETTINGS: ("限额、认证工具及个人设置", "limits, factors and settings"),
    NOTHING: ("仅公告，不暂停服务", "announcement only, nothing is suspended"),
}
# The bank's own side must be able to end a suspension; what is said of it, keys, and verification are for everybody.
_NEVER = (
    "/v1/staff",
    "/v1/notices",
    "/v1/health",
    "/v1/openapi.json",
    "/v1/jwks.json",
    "/v1/receipt-keys.json",
    "/v1/receipt-verifications",
    "/v1/receipt-proofs",
    "/v1/day-seal",
    "/v1/outages",
    "/verify",
    "/status",
    "/maintenance",
    "/feed.atom",
    "/availability",
    "/branches",
    "/rates",
    "/docs",
)
# What changes nothing although it is posted, and what keeps a customer from harm.
_UP_TOO = (
    "/v1/accounts/{account_id}/payment-password/verification",
    "/v1/devices/{device_id}/loss",
    "/v1/factors/{factor_id}/loss",
    "/v1/receive-code-lookups",
)
# Whose work waits: what is due by itself, found again once the suspension is over.
_WAITS: Mapping[str, frozenset[str]] = {
    TRANSFERS: frozenset({EVERYTHING, TRANSFERS}),
    STANDING_ORDERS: frozenset({EVERYTHING, TRANSFERS, STANDING_ORDERS}),
    BATCHES: frozenset({EVERYTHING, TRANSFERS, BATCHES}),
}


def holds_back(scope: str, method: str, path: str) -> bool:
    """Whether an operation is refused while the scope is suspended; reads stay up unless everything is."""
    if path.startswith(_NEVER) or scope == NOTHING:
        return False
    if scope == EVERYTHING:
        return True
    return method != "GET" and path not in _UP_TOO and path.startswith(_PATHS[scope])


def can_be_held_back(method: str, path: str) -> bool:
    """Whether any scope refuses the operation."""
    return any(holds_back(scope, method, path) for scope in SCOPES)


def waits(work: str, suspended: Iterable[str]) -> bool:
    """Whether work that is due by itself (`transfers`, `standing_orders`, `batches`) waits while those scopes hold."""
    return not _WAITS[work].isdisjoint(suspended)
