"""All operations of all contexts: app.py registers them, the OpenAPI document lists them, tests walk them."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from chalicelib.platform.http import Api

API_VERSION = "1.2.0"
# Modules of operations, and what the paths of each begin with. Named and not imported, so that a start costs no
# context and the first request for a path the few that answer there (decision 0031).
PATHS: dict[str, tuple[str, ...]] = {
    "identity.routes": ("/v1/sessions", "/v1/jwks.json"),
    "identity.credential_routes": (
        "/v1/accounts/{account_id}/payment-password",
        "/v1/captchas",
        "/v1/credentials",
        "/v1/password-applications",
    ),
    "accounts.routes": ("/v1/accounts", "/v1/overview"),
    "limits.routes": ("/v1/accounts/{account_id}/limits", "/v1/limits"),
    "customers.routes": ("/v1/cards", "/v1/identity-verifications", "/v1/profile", "/v1/settings"),
    "customers.picture_routes": ("/v1/identity-verifications/",),
    "devices.routes": ("/v1/devices",),
    "stepup.routes": ("/v1/step-ups",),
    "transfers.routes": ("/v1/transfers",),
    "payees.routes": ("/v1/payee-groups", "/v1/payee-lookups", "/v1/payees"),
    "paycodes.routes": ("/v1/receive-code",),
    "recalls.routes": ("/v1/recalls", "/v1/transfers/{transfer_id}/recall"),
    "factors.routes": ("/v1/factors",),
    "receipts.routes": (
        "/v1/receipt-keys.json",
        "/v1/receipt-verifications",
        "/v1/transfers/{transfer_id}/receipt",
        "/v1/transfers/{transfer_id}/reversal-receipt",
    ),
    "seals.routes": ("/v1/day-seal-keys.json", "/v1/day-seals", "/v1/receipt-proofs"),
    "statements.routes": ("/v1/accounts/{account_id}/bills",),
    "billchecks.routes": ("/v1/accounts/{account_id}/bills/{month}/check", "/v1/bill-checks"),
    "notifications.routes": ("/v1/notifications",),
    "notifications.settings_routes": ("/v1/notification-settings",),
    "maintenance.routes": ("/v1/notices",),
    "maintenance.staff_routes": ("/v1/staff/notices",),
    "audit.routes": ("/v1/security-events",),
    "orders.routes": ("/v1/standing-orders",),
    "outages.routes": ("/v1/outages",),
    "batches.routes": ("/v1/batches",),
    "documents.routes": ("/v1/documents",),
    "contract.routes": ("/v1/health", "/v1/openapi.json"),
    "site.reference_routes": ("/docs",),
    "site.routes": (
        "/availability",
        "/branches",
        "/feed.atom",
        "/maintenance",
        "/maintenance.ics",
        "/rates",
        "/status",
        "/verify",
    ),
    "staff.routes": ("/v1/staff/password", "/v1/staff/sessions"),
    "staff.administration_routes": ("/v1/staff/emergencies", "/v1/staff/functions", "/v1/staff/members"),
    "counter.routes": ("/v1/staff/counter/deposits", "/v1/staff/counter/withdrawals"),
    "counter.till_routes": ("/v1/staff/counter/tills",),
    "counter.voucher_routes": ("/v1/staff/counter/vouchers",),
    "counter.customer_routes": ("/v1/staff/counter/customers",),
    "counter.factor_routes": ("/v1/staff/counter/customers",),
    "counter.stock_routes": ("/v1/staff/counter/stock",),
    "counter.account_routes": ("/v1/staff/counter/accounts", "/v1/staff/counter/customers"),
    "counter.court_routes": ("/v1/staff/counter/accounts", "/v1/staff/counter/court-enquiries"),
    "approvals.routes": ("/v1/staff/approvals",),
    "approvals.appointment_routes": ("/v1/staff/members",),
    "parameters.routes": ("/v1/staff/parameters",),
    "reports.routes": ("/v1/staff/statistics", "/v1/staff/transactions"),
    "enquiry.customer_routes": ("/v1/staff/customers",),
    "enquiry.routes": ("/v1/staff/entries", "/v1/staff/receipts"),
    "billchecks.staff_routes": ("/v1/staff/bill-checks",),
    "outages.staff_routes": ("/v1/staff/outages",),
    "outages.case_routes": ("/v1/staff/emergency-cases",),
    "rechecks.routes": ("/v1/staff/audit/samples",),
    "audit.staff_routes": ("/v1/staff/audit",),
}


def api_of(module: str) -> Api:
    """The operations of one of the modules, which this imports."""
    return cast("Api", importlib.import_module(f"chalicelib.{module}").api)


@functools.cache
def all_apis() -> tuple[Api, ...]:
    """Those of all contexts."""
    return tuple(api_of(module) for module in PATHS)
