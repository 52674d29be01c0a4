"""Registers the Blueprints, nothing else."""

from collections.abc import Iterable

from chalice.app import Chalice

from chalicelib.accounts import workers as accounts
from chalicelib.approvals import workers as approvals
from chalicelib.audit import workers as audit
from chalicelib.clearing import workers as clearing
from chalicelib.closing import workers as closing
from chalicelib.contract.operations import CUSTOMER_APIS, STAFF_PREFIX, staff_apis
from chalicelib.contract.routes import api as contract
from chalicelib.counter import workers as counter
from chalicelib.factors import workers as factors
from chalicelib.ledger import workers as ledger
from chalicelib.notifications import workers as notifications
from chalicelib.orders import workers as orders
from chalicelib.platform.http import Api
from chalicelib.platform.problems import as_problems
from chalicelib.platform.routing import Routes
from chalicelib.recalls import workers as recalls
from chalicelib.receipts import workers as receipts
from chalicelib.reports import workers as reports
from chalicelib.statements import workers as statements
from chalicelib.stepup import workers as stepup
from chalicelib.transfers import workers as transfers

app = Chalice(app_name="rural-bank")
app.register_middleware(as_problems, "http")


def register(apis: Iterable[Api]) -> None:
    """Register the operations of contexts."""
    for api in apis:
        app.register_blueprint(api.blueprint)


app.routes = routes = Routes()
register((*CUSTOMER_APIS, contract))
routes.defer(STAFF_PREFIX, lambda: register(staff_apis()))
for workers in (
    transfers,
    accounts,
    ledger,
    receipts,
    notifications,
    statements,
    clearing,
    closing,
    counter,
    audit,
    stepup,
    factors,
    approvals,
    reports,
    recalls,
    orders,
):
    app.register_blueprint(workers.blueprint)
