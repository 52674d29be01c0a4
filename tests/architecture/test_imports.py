"""Each packaged handler imports in a fresh process with nothing set up, and loads no more than it needs.

What that costs is measured by `make bench` (bench/package.py): nothing that is timed is a test.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest

from app import app
from tests.architecture.source import ROOT

TIMEOUT_S = 60

# Nothing that belongs to tests and tools may ride in a function.
TOOLS = {
    *("moto", "chalice.cli", "pytest", "hypothesis", "infra", "tests", "samtranslator", "typer", "ofxtools"),
    *("httpx", "openapi_python_client", "rural_bank", "rural_bank_api"),
}

START = "app.app"
# The start, and then what a phone asks first: each path is looked up as a request does it.
FIRST_REQUESTS = "app.app and first requests"
PATHS_ASKED_FIRST = ("/v1/sessions", "/v1/overview", "/v1/transfers/{transfer_id}/confirmation")
ENTER = "import importlib; handler = getattr(importlib.import_module({module!r}), {name!r}); assert callable(handler)"
ASK = "; assert all(handler.routes[path] for path in {paths!r})"
REPORT = "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"


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
CODES = {START: code_of(START), FIRST_REQUESTS: code_of(START) + ASK.format(paths=PATHS_ASKED_FIRST)} | {
    handler.rpartition(".")[0]: code_of(handler) for handler in reversed(WORKERS)
}


def run(code: str) -> frozenset[str]:
    """Which modules are loaded once a fresh process, that knows no settings but the region, has run code."""
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
    return frozenset(json.loads(done.stdout))


@cache
def imports() -> dict[str, frozenset[str]]:
    """What each loads."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(CODES, pool.map(run, CODES.values()), strict=True))


def modules_of(handler: str) -> frozenset[str]:
    return imports()[handler.rpartition(".")[0]]


@pytest.mark.parametrize("name", CODES)
def test_a_handler_imports_with_nothing_set_up_and_no_tools(name: str) -> None:
    roots = {module for module in imports()[name] if module in TOOLS or module.partition(".")[0] in TOOLS}
    assert roots == set()


@pytest.mark.parametrize("handler", WORKERS)
def test_a_handler_can_be_called(handler: str) -> None:
    # One process entered each module by its first handler; the others are attributes of the same module.
    module, _, name = handler.rpartition(".")
    assert callable(getattr(sys.modules[module], name))


@pytest.mark.parametrize("handler", WORKERS)
def test_a_worker_takes_no_routes_and_only_what_it_needs(handler: str) -> None:
    modules = modules_of(handler)
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
        return {module for module in imports()[name] if module.endswith("routes")}

    loaded = {name.split(".")[1] for name in imports()[START] if name.startswith("chalicelib.")}
    assert loaded == {"contract", "platform"}
    assert routes(START) == set()
    assert routes(FIRST_REQUESTS) == {
        "chalicelib.accounts.routes",
        "chalicelib.identity.routes",
        "chalicelib.transfers.routes",
    }
    assert not imports()[FIRST_REQUESTS] & {"lxml", "jinja2", "reportlab", "pyhanko", "segno"}
    assert not any(name.endswith(".workers") for name in imports()[FIRST_REQUESTS])
