"""All operations of all contexts: app.py registers them, the OpenAPI document lists them, tests walk them."""

from __future__ import annotations

import functools

from chalicelib.accounts.routes import api as accounts
from chalicelib.audit.routes import api as audit
from chalicelib.customers.picture_routes import api as pictures
from chalicelib.customers.routes import api as customers
from chalicelib.devices.routes import api as devices
from chalicelib.factors.routes import api as factors
from chalicelib.identity.credential_routes import api as credentials
from chalicelib.identity.routes import api as identity
from chalicelib.limits.routes import api as limits
from chalicelib.maintenance.routes import api as maintenance
from chalicelib.notifications.routes import api as notifications
from chalicelib.orders.routes import api as orders
from chalicelib.payees.routes import api as payees
from chalicelib.platform.http import Api
from chalicelib.recalls.routes import api as recalls
from chalicelib.receipts.routes import api as receipts
from chalicelib.statements.routes import api as statements
from chalicelib.stepup.routes import api as stepup
from chalicelib.transfers.routes import api as transfers

API_VERSION = "0.1.0"
STAFF_PREFIX = "/v1/staff/"
CUSTOMER_APIS: tuple[Api, ...] = (
    identity,
    credentials,
    accounts,
    limits,
    customers,
    pictures,
    devices,
    stepup,
    transfers,
    payees,
    recalls,
    factors,
    receipts,
    statements,
    notifications,
    maintenance,
    audit,
    orders,
)


@functools.cache
def staff_apis() -> tuple[Api, ...]:
    """Those of the bank's own people, loaded by the first request for one: no phone waits for them at a start."""
    from chalicelib.approvals.appointment_routes import api as appointments  # noqa: PLC0415  # as said
    from chalicelib.approvals.routes import api as approvals  # noqa: PLC0415  # as said
    from chalicelib.audit.staff_routes import api as audit_of_staff  # noqa: PLC0415  # as said
    from chalicelib.counter.account_routes import api as counter_accounts  # noqa: PLC0415  # as said
    from chalicelib.counter.court_routes import api as counter_courts  # noqa: PLC0415  # as said
    from chalicelib.counter.customer_routes import api as counter_customers  # noqa: PLC0415  # as said
    from chalicelib.counter.factor_routes import api as counter_factors  # noqa: PLC0415  # as said
    from chalicelib.counter.routes import api as counter  # noqa: PLC0415  # as said
    from chalicelib.counter.stock_routes import api as counter_stock  # noqa: PLC0415  # as said
    from chalicelib.counter.till_routes import api as counter_tills  # noqa: PLC0415  # as said
    from chalicelib.counter.voucher_routes import api as counter_vouchers  # noqa: PLC0415  # as said
    from chalicelib.enquiry.customer_routes import api as enquiry_customers  # noqa: PLC0415  # as said
    from chalicelib.enquiry.routes import api as enquiry  # noqa: PLC0415  # as said
    from chalicelib.parameters.routes import api as parameters  # noqa: PLC0415  # as said
    from chalicelib.rechecks.routes import api as rechecks  # noqa: PLC0415  # as said
    from chalicelib.reports.routes import api as reports  # noqa: PLC0415  # as said
    from chalicelib.staff.administration_routes import api as staff_administration  # noqa: PLC0415  # as said
    from chalicelib.staff.routes import api as staff  # noqa: PLC0415  # as said

    return (
        staff,
        staff_administration,
        counter,
        counter_tills,
        counter_vouchers,
        counter_customers,
        counter_factors,
        counter_stock,
        counter_accounts,
        counter_courts,
        approvals,
        appointments,
        parameters,
        reports,
        enquiry_customers,
        enquiry,
        rechecks,
        audit_of_staff,
    )


def context_apis() -> tuple[Api, ...]:
    """Those of all contexts."""
    return (*CUSTOMER_APIS, *staff_apis())
