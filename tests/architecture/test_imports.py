"""Each packaged handler imports in a fresh process with nothing set up, without test tools, and fast enough."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from app import app
from tests.architecture.source import ROOT

# CPU time to import, as a multiple of what boto3 and one client cost by themselves.
BUDGET = 2.5
# Of the application before its first request: it knows where everything is and has loaded nothing.
START_BUDGET = 0.5
# The quickest of so many counts; more than the least are run only while a handler is over its budget.
MIN_ROUNDS, MAX_ROUNDS = 2, 9
TIMEOUT_S = 60

# Nothing that belongs to tests and tools may ride in a function.
TOOLS = {"moto", "chalice.cli", "pytest", "hypothesis", "infra", "tests", "samtranslator", "typer", "ofxtools"}

START = "app.app"
# The start, and then what a phone asks first: each path is looked up as a request does it.
FIRST_REQUESTS = "app.app and first requests"
PATHS_ASKED_FIRST = ("/v1/sessions", "/v1/overview", "/v1/transfers/{transfer_id}/confirmation")
BASELINE = "import boto3; boto3.client('dynamodb')"
ENTER = "import importlib; handler = getattr(importlib.import_module({module!r}), {name!r}); assert callable(handler)"
ASK = "; assert all(handler.routes[path] for path in {paths!r})"
# Children report their own CPU time: the wall clock says more about the machine than about the code.
REPORT = """
import json, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"cpu_s": used.ru_utime, "modules": sorted(sys.modules)}))
"""


def worker_handlers() -> list[str]:
    """Handlers of the workers, as Lambda is told them."""
    declared: Any = app.event_sources
    return sorted(source.handler_string for source in declared)


def code_of(handler: str) -> str:
    """Enter one handler as Lambda does."""
    module, _, name = handler.rpartition(".")
    return ENTER.format(module=module, name=name)


WORKERS = worker_handlers()
# A worker's module is entered once, by the first of its handlers.
CODES = {"": BASELINE, START: code_of(START), FIRST_REQUESTS: code_of(START) + ASK.format(paths=PATHS_ASKED_FIRST)} | {
    handler.rpartition(".")[0]: code_of(handler) for handler in reversed(WORKERS)
}
BUDGETS = {name: START_BUDGET if name == START else BUDGET for name in CODES if name}


@dataclass(frozen=True)
class Import:
    """The quickest of several imports, and which modules came with it."""

    cpu_s: float
    modules: frozenset[str]


def run(code: str) -> Import:
    """Run code in a fresh process that knows no settings but the region."""
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "AWS_DEFAULT_REGION": "cn-north-1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    return Import(report["cpu_s"], frozenset(report["modules"]))


@cache
def imports() -> dict[str, Import]:
    """The quickest of several imports of each.

    Rounds go over all of them in turn, so that a noisy minute on the machine slows no single one.
    """
    best: dict[str, Import] = {}
    with ThreadPoolExecutor(2) as pool:
        for number in range(1, MAX_ROUNDS + 1):
            for name, one in zip(CODES, pool.map(run, CODES.values()), strict=True):
                best[name] = min(one, best.get(name, one), key=lambda found: found.cpu_s)
            if number >= MIN_ROUNDS and all(ratio(best, name) <= budget for name, budget in BUDGETS.items()):
                break
    return best


def ratio(best: dict[str, Import], name: str) -> float:
    """What one costs, as a multiple of the baseline."""
    return best[name].cpu_s / best[""].cpu_s


def import_of(handler: str) -> Import:
    return imports()[handler.rpartition(".")[0]]


@pytest.mark.parametrize("name", BUDGETS)
def test_a_handler_imports_with_nothing_set_up_and_no_tools(name: str) -> None:
    roots = {module for module in imports()[name].modules if module in TOOLS or module.partition(".")[0] in TOOLS}
    assert roots == set()


@pytest.mark.parametrize("handler", WORKERS)
def test_a_handler_can_be_called(handler: str) -> None:
    # One process entered each module by its first handler; the others are attributes of the same module.
    module, _, name = handler.rpartition(".")
    assert callable(getattr(sys.modules[module], name))


@pytest.mark.parametrize("handler", WORKERS)
def test_a_worker_takes_no_routes_and_only_what_it_needs(handler: str) -> None:
    modules = import_of(handler).modules
    assert [name for name in modules if name.startswith("chalicelib.") and name.endswith("routes")] == []
    assert "app" not in modules
    # Who sends codes derives them through identity, which knows tokens too; nobody else needs JWS.
    if "notifications" not in handler:
        assert "jwt" not in modules
    # Files of clearing are XML; nobody else reads or writes any.
    assert ("lxml" in modules) == ("clearing" in handler)
    assert "jinja2" not in modules
    # What draws and signs documents is loaded by who makes one, when it is made.
    assert not modules & {"reportlab", "pyhanko", "segno"}


def test_a_start_loads_no_context_and_a_request_only_those_of_its_path() -> None:
    def routes(name: str) -> set[str]:
        return {module for module in imports()[name].modules if module.endswith("routes")}

    loaded = {name.split(".")[1] for name in imports()[START].modules if name.startswith("chalicelib.")}
    assert loaded == {"contract", "platform"}
    assert routes(START) == set()
    assert routes(FIRST_REQUESTS) == {
        "chalicelib.accounts.routes",
        "chalicelib.identity.routes",
        "chalicelib.transfers.routes",
    }
    assert not imports()[FIRST_REQUESTS].modules & {"lxml", "jinja2", "reportlab", "pyhanko", "segno"}
    assert not any(name.endswith(".workers") for name in imports()[FIRST_REQUESTS].modules)


@pytest.mark.parametrize("name", BUDGETS)
def test_imports_stay_in_budget(name: str, record_property: Any) -> None:
    # given the quickest of several fresh processes, in user CPU time
    found = ratio(imports(), name)
    print(f"{name}: {found:.2f} x boto3")
    record_property("import_ratio", round(found, 2))
    assert found <= BUDGETS[name]
