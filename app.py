"""Registers the Blueprints, nothing else."""

import importlib
from functools import partial

from chalice.app import Chalice

from chalicelib.contract.operations import PATHS, api_of
from chalicelib.platform.problems import as_problems
from chalicelib.platform.routing import EventSources, Routes

WORKERS = (
    "transfers",
    "accounts",
    "ledger",
    "receipts",
    "seals",
    "notifications",
    "statements",
    "clearing",
    "closing",
    "counter",
    "audit",
    "stepup",
    "factors",
    "approvals",
    "reports",
    "recalls",
    "orders",
    "batches",
    "billchecks",
    "maintenance",
    "documents",
    "outages",
)

app = Chalice(app_name="rural-bank")
app.register_middleware(as_problems, "http")


def register_operations(module: str) -> None:
    """Register the operations that one module declares: behind the gate of what is suspended and of apps that are too
    old, before the count of payments that were not made.
    """
    from chalicelib.contract.gate import admit  # noqa: PLC0415  # a start loads no context
    from chalicelib.reports.commands.count_unpaid import count_unpaid  # noqa: PLC0415  # as above

    api = api_of(module)
    api.gate, api.tally = admit, count_unpaid
    app.register_blueprint(api.blueprint)


def register_workers() -> None:
    """Register the workers of every context that has some."""
    for context in WORKERS:
        app.register_blueprint(importlib.import_module(f"chalicelib.{context}.workers").blueprint)


app.routes = routes = Routes()
for module, paths in PATHS.items():
    routes.defer(paths, partial(register_operations, module))
app.event_sources = EventSources(register_workers)
