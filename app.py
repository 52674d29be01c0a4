"""Registers the Blueprints, nothing else."""

from chalice.app import Chalice

from chalicelib.accounts import workers as accounts
from chalicelib.approvals import workers as approvals
from chalicelib.audit import workers as audit
from chalicelib.closing import workers as closing
from chalicelib.contract.operations import CONTEXT_APIS
from chalicelib.contract.routes import api as contract
from chalicelib.counter import workers as counter
from chalicelib.factors import workers as factors
from chalicelib.ledger import workers as ledger
from chalicelib.notifications import workers as notifications
from chalicelib.orders import workers as orders
from chalicelib.platform.problems import as_problems
from chalicelib.recalls import workers as recalls
from chalicelib.receipts import workers as receipts
from chalicelib.reports import workers as reports
from chalicelib.statements import workers as statements
from chalicelib.stepup import workers as stepup
from chalicelib.transfers import workers as transfers

app = Chalice(app_name="rural-bank")
app.register_middleware(as_problems, "http")

for api in (*CONTEXT_APIS, contract):
    app.register_blueprint(api.blueprint)
for workers in (
    transfers,
    accounts,
    ledger,
    receipts,
    notifications,
    statements,
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
