"""People of the simulation take the routes that there are, and what stops each is what the bank has for it."""

from __future__ import annotations

from chalicelib.contract.operations import all_apis
from chalicelib.maintenance import scopes
from simulation.routes import ROUTES


def test_each_route_is_declared() -> None:
    declared = {(operation.method, operation.path) for api in all_apis() for operation in api.operations}

    assert {(route.method, route.path) for route in ROUTES} <= declared


def test_each_route_is_stopped_by_what_the_bank_holds_back() -> None:
    for route in ROUTES:
        stopping = {scope for scope in scopes.SCOPES if scopes.holds_back(scope, route.method, route.path)}
        assert stopping | ({route.within} if route.within else set()) == route.stopped_by, route
