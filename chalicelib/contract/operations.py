"""All operations of all contexts: app.py registers them, the OpenAPI document lists them, tests walk them."""

from __future__ import annotations

from chalicelib.accounts.routes import api as accounts
from chalicelib.approvals.appointment_routes import api as appointments
from chalicelib.approvals.routes import api as approvals
from chalicelib.audit.routes import api as audit
from chalicelib.counter.account_routes import api as counter_accounts
from chalicelib.counter.court_routes import api as counter_courts
from chalicelib.counter.customer_routes import api as counter_customers
from chalicelib.counter.factor_routes import api as counter_factors
from chalicelib.counter.routes import api as counter
from chalicelib.counter.stock_routes import api as counter_stock
from chalicelib.counter.till_routes import api as counter_tills
from chalicelib.counter.voucher_routes import api as counter_vouchers
from chalicelib.customers.picture_routes import api as pictures
from chalicelib.customers.routes import api as customers
from chalicelib.devices.routes import api as devices
from chalicelib.enquiry.customer_routes import api as enquiry_customers
from chalicelib.enquiry.routes import api as enquiry
from chalicelib.factors.routes import api as factors
from chalicelib.identity.credential_routes import api as credentials
from chalicelib.identity.routes import api as identity
from chalicelib.limits.routes import api as limits
from chalicelib.maintenance.routes import api as maintenance
from chalicelib.notifications.routes import api as notifications
from chalicelib.orders.routes import api as orders
from chalicelib.parameters.routes import api as parameters
from chalicelib.payees.routes import api as payees
from chalicelib.platform.http import Api
from chalicelib.recalls.routes import api as recalls
from chalicelib.receipts.routes import api as receipts
from chalicelib.rechecks.routes import api as rechecks
from chalicelib.reports.routes import api as reports
from chalicelib.staff.administration_routes import api as staff_administration
from chalicelib.staff.routes import api as staff
from chalicelib.statements.routes import api as statements
from chalicelib.stepup.routes import api as stepup
from chalicelib.transfers.routes import api as transfers

CONTEXT_APIS: tuple[Api, ...] = (
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
    orders,
)
