"""All operations of all contexts: app.py registers them, the OpenAPI document lists them, tests walk them."""

from __future__ import annotations

from chalicelib.accounts.routes import api as accounts
from chalicelib.identity.routes import api as identity
from chalicelib.limits.routes import api as limits
from chalicelib.maintenance.routes import api as maintenance
from chalicelib.notifications.routes import api as notifications
from chalicelib.platform.http import Api
from chalicelib.receipts.routes import api as receipts
from chalicelib.statements.routes import api as statements
from chalicelib.transfers.routes import api as transfers

CONTEXT_APIS: tuple[Api, ...] = (
    identity,
    accounts,
    limits,
    transfers,
    receipts,
    statements,
    notifications,
    maintenance,
)
