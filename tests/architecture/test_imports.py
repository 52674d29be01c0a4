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
WORKER_BUDGET, API_BUDGET = 2.5, 3.0
# The quickest of so many counts; more than the least are run only while a handler is over its budget.
MIN_ROUNDS, MAX_ROUNDS = 2, 9
TIMEOUT_S = 60

# Nothing that belongs to tests and tools may ride in a function.
TOOLS = {"moto", "chalice.cli", "pytest", "hypothesis", "infra", "tests", "samtranslator", "typer"}

API_HANDLER = "app.app"
BASELINE = "import boto3; boto3.client('dynamodb')"
ENTER = "import importlib; handler = getattr(importlib.import_module({module!r}), {name!r}); assert callable(handler)"
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


HANDLERS = [API_HANDLER, *worker_handlers()]


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
    """Each distinct module with a handler, and the baseline under the empty name.

    Rounds go over all of them in turn, so that a noisy minute on the machine slows no single one.
    """
    codes = {"": BASELINE}
    for handler in HANDLERS:
        module, _, name = handler.rpartition(".")
        codes.setdefault(module, ENTER.format(module=module, name=name))
    best: dict[str, Import] = {}
    with ThreadPoolExecutor(2) as pool:
        for number in range(1, MAX_ROUNDS + 1):
            for module, one in zip(codes, pool.map(run, codes.values()), strict=True):
                best[module] = min(one, best.get(module, one), key=lambda found: found.cpu_s)
            if number >= MIN_ROUNDS and all(ratio <= budget for ratio, budget in ratios(best)):
                break
    return best


def ratios(best: dict[str, Import]) -> list[tuple[float, float]]:
    """Each handler's cost as a multiple of the baseline, and its budget."""
    return [
        (
            best[handler.rpartition(".")[0]].cpu_s / best[""].cpu_s,
            API_BUDGET if handler == API_HANDLER else WORKER_BUDGET,
        )
        for handler in HANDLERS
    ]


def import_of(handler: str) -> Import:
    return imports()[handler.rpartition(".")[0]]


each = pytest.mark.parametrize("handler", HANDLERS)


@each
def test_a_handler_imports_with_nothing_set_up_and_no_tools(handler: str) -> None:
    roots = {name for name in import_of(handler).modules if name in TOOLS or name.partition(".")[0] in TOOLS}
    assert roots == set()


@each
def test_a_handler_can_be_called(handler: str) -> None:
    # One process entered each module by its first handler; the others are attributes of the same module.
    module, _, name = handler.rpartition(".")
    assert callable(getattr(sys.modules[module], name))


@pytest.mark.parametrize("handler", worker_handlers())
def test_a_worker_takes_no_routes_and_only_what_it_needs(handler: str) -> None:
    modules = import_of(handler).modules
    assert [name for name in modules if name.startswith("chalicelib.") and name.endswith("routes")] == []
    assert "app" not in modules
    # Who sends codes derives them through identity, which knows tokens too; nobody else needs JWS.
    if "notifications" not in handler:
        assert "jwt" not in modules


@each
def test_imports_stay_in_budget(handler: str, record_property: Any) -> None:
    # given the quickest of several fresh processes, in user CPU time
    ratio, budget = ratios(imports())[HANDLERS.index(handler)]
    print(f"{handler}: {ratio:.2f} x boto3")
    record_property("import_ratio", round(ratio, 2))
    assert ratio <= budget
